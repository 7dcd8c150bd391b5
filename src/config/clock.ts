/** Reads which time counts: business hours with their holidays, what pauses a record's clock, and due times by a table. */
import { resolve } from 'node:path';
import type { z } from 'zod';
import { readFilterWith } from '../core/definition/filters.ts';
import { error, type Path } from '../core/definition/problem.ts';
import { zoneHelp } from '../core/definition/window.ts';
import { type Report, readDay, readDuration } from '../core/definition/words.ts';
import { filterLookups } from '../core/filter/bind.ts';
import type { Filter } from '../core/filter/model.ts';
import type { DueTable, RecordClock } from '../core/measure/record-clock.ts';
import type { BusinessHours } from '../core/time/business-hours.ts';
import { isZone, WEEKDAYS } from '../core/time/zone.ts';
import { readHolidays } from './holidays.ts';
import type { businessHoursSchema, recordClockSchema } from './schema.ts';

/** How a configuration's own files are found; each one used is told. */
export interface FileContext {
  readonly folder: string;
  readonly onFile: (path: string) => void;
}

/** Null where they can't be read, which is reported. */
export function readBusinessHours(
  written: z.infer<typeof businessHoursSchema>,
  path: Path,
  files: FileContext,
  report: Report,
): BusinessHours | null {
  const { timeZone, days = [...WEEKDAYS], from = '00:00', to = '24:00' } = written;
  if (!isZone(timeZone)) {
    report(error('zone', [...path, 'timeZone'], `there is no time zone "${timeZone}"`, zoneHelp(timeZone)));
    return null;
  }
  if (from >= to) {
    const message = `the hours end (${to}) before they begin (${from})`;
    report(error('value', [...path, 'to'], message, 'Hours may not run over midnight; else exchange them.'));
  }
  const holidays = holidaysOf(written.holidays ?? [], [...path, 'holidays'], files, report);
  return { timeZone, days, from, to, holidays };
}

function holidaysOf(
  written: NonNullable<z.infer<typeof businessHoursSchema>['holidays']>,
  path: Path,
  { folder, onFile }: FileContext,
  report: Report,
): readonly string[] {
  if (Array.isArray(written)) {
    for (const [index, day] of written.entries()) readDay(day, [...path, index], report);
    return written;
  }
  const file = resolve(folder, written.ics);
  onFile(file);
  const { days, problems } = readHolidays(file);
  for (const { line, message, help } of problems) {
    const place = line === null ? written.ics : `${written.ics}:${line}`;
    report(error('holidays', [...path, 'ics'], `${place}: ${message}`, help));
  }
  return days;
}

export function readClock(
  written: z.infer<typeof recordClockSchema>,
  ingested: string | null,
  files: FileContext,
  report: Report,
): RecordClock {
  const { businessHours, pausedWhile } = written;
  return {
    businessHours:
      businessHours === undefined
        ? null
        : readBusinessHours(businessHours, ['clock', 'businessHours'], files, report),
    pausedWhile: pausedWhile === undefined ? null : readPause(pausedWhile, ingested, report),
  };
}

function readPause(written: unknown, ingested: string | null, report: Report): Filter | null {
  const path = ['clock', 'pausedWhile'];
  const filter = readFilterWith({}, report)(written, path);
  if (ingested === null) {
    const message = '`pausedWhile` needs to know when each version came, and the dataset names no `ingested`';
    report(error('clock', path, message, 'Name the field with the time of the update: `ingested: updated`.'));
  }
  if (filter === null || filterLookups(filter).length === 0) return filter;
  report(error('clock', path, '`pausedWhile` can’t use `in`', 'Write the values as a list.'));
  return null;
}

export function readDueTable(
  { by, table }: { readonly by: string; readonly table: Readonly<Record<string, string>> },
  report: Report,
): DueTable {
  const limits = Object.entries(table).flatMap(([value, limit]) => {
    const ms = readDuration(limit, ['due', 'table', value], report);
    return ms === null ? [] : [[value, ms] as const];
  });
  if (Object.keys(table).length === 0) {
    report(error('value', ['due', 'table'], 'the table is empty', 'Write `table: {"1 - Critical": 4h}`.'));
  }
  return { by, limits: Object.fromEntries(limits) };
}
