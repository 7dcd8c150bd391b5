/**
 * The clock of a records dataset: which time counts between opening and closing. It may count business hours only,
 * and stand still while the latest version known of a record says so; a due time may follow from a table.
 */
import type { ValueNames } from '../filter/bind.ts';
import { bindFilter } from '../filter/bind.ts';
import { compileFilter } from '../filter/evaluate.ts';
import { formatFilter } from '../filter/format.ts';
import type { FieldValue, Filter } from '../filter/model.ts';
import { canonicalText, foldCase } from '../filter/value.ts';
import {
  afterWithout,
  type BusinessHours,
  businessTime,
  type Stopwatch,
  WALL_TIME,
} from '../time/business-hours.ts';
import { formatDuration, type Interval } from '../time/interval.ts';
import type { RecordVersion, TimedRecord } from './record.ts';
import { asKnown, compareVersions, type RecordShape } from './records.ts';

export interface RecordClock {
  /** Null: all hours count. */
  readonly businessHours: BusinessHours | null;
  /** In standard names: from a version that makes it true to one that doesn't, no time counts. */
  readonly pausedWhile: Filter | null;
}

/** Due so long after opening, by the value of a field (standard names and values). */
export interface DueTable {
  readonly by: string;
  readonly limits: Readonly<Record<string, number>>;
}

/** What a dataset says of its records' clock. */
export interface ClockSettings extends RecordShape {
  readonly clock?: RecordClock;
  readonly dueBy?: DueTable;
  readonly values: ValueNames;
}

export const stopwatchOf = ({ clock }: Pick<ClockSettings, 'clock'>): Stopwatch => {
  const hours = clock?.businessHours ?? null;
  return hours === null ? WALL_TIME : businessTime(hours);
};

/** The clock of a dataset as a function of a record's latest version and all versions known of it. */
export function compileClock(
  settings: ClockSettings,
  watch: Stopwatch,
): (record: RecordVersion, history: readonly RecordVersion[]) => TimedRecord {
  const pausesOf = compilePauses(settings);
  const limitOf = compileTable(settings);
  return (record, history) => {
    const pauses = pausesOf(history);
    if (limitOf === null) return pauses.length === 0 ? record : { ...record, pauses };
    const limitMs = limitOf(record.fields);
    const due =
      record.opened === null || limitMs === null
        ? Number.POSITIVE_INFINITY
        : afterWithout(watch, record.opened, limitMs, pauses);
    return { ...record, pauses, limitMs, due: Number.isFinite(due) ? due : null };
  };
}

/** Pauses go from version to version, in the order in which they came in; the latest one known at a time counts. */
function compilePauses(settings: ClockSettings): (history: readonly RecordVersion[]) => readonly Interval[] {
  const filter = settings.clock?.pausedWhile ?? null;
  if (filter === null) return () => [];
  const isPaused = compileFilter(bindFilter(filter, {}, settings.values));
  return (history) => {
    const pauses: Interval[] = [];
    let latest: RecordVersion | null = null;
    let since: number | null = null;
    for (const version of [...history].sort((a, b) => a.ingested - b.ingested || compareVersions(a, b))) {
      if (latest === null || compareVersions(latest, version) <= 0) latest = version;
      const paused = isPaused(asKnown(latest, version.ingested, settings));
      if (paused) since ??= version.ingested;
      else if (since !== null) {
        if (version.ingested > since) pauses.push({ start: since, end: version.ingested });
        since = null;
      }
    }
    return since === null ? pauses : [...pauses, { start: since, end: Number.POSITIVE_INFINITY }];
  };
}

/** The limit of a record by its latest version; null where the table has no line for it, or the field several values. */
function compileTable({
  dueBy,
  values,
}: ClockSettings): ((fields: RecordVersion['fields']) => number | null) | null {
  if (dueBy === undefined) return null;
  const own = values[dueBy.by] ?? {};
  const limits = new Map(
    Object.entries(dueBy.limits).flatMap(([standard, ms]) =>
      (own[standard] ?? [standard]).map((text) => [foldCase(text), ms] as const),
    ),
  );
  return (fields) => {
    const value = onlyValue(fields[dueBy.by]);
    return value === null ? null : (limits.get(foldCase(canonicalText(value))) ?? null);
  };
}

function onlyValue(value: FieldValue) {
  if (typeof value !== 'object' || value === null) return value ?? null;
  return value.length === 1 ? (value[0] ?? null) : null;
}

/** The clock in words, for the evidence; null where all time counts and no table says when a record is due. */
export function clockText({ clock, dueBy }: Pick<ClockSettings, 'clock' | 'dueBy'>): string | null {
  const parts = [
    ...(clock?.businessHours == null ? [] : [hoursText(clock.businessHours)]),
    ...(clock?.pausedWhile == null ? [] : [`paused while ${formatFilter(clock.pausedWhile)}`]),
    ...(dueBy === undefined ? [] : [`due by ${dueBy.by}: ${tableText(dueBy)}`]),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}

function hoursText({ timeZone, days, from, to, holidays }: BusinessHours): string {
  const off =
    holidays.length === 0 ? '' : ` without ${holidays.length} holiday${holidays.length === 1 ? '' : 's'}`;
  return `${from} to ${to} on ${days.join(', ')} in ${timeZone}${off}`;
}

const tableText = ({ limits }: DueTable): string =>
  Object.entries(limits)
    .map(([value, ms]) => `${value} ${formatDuration(ms)}`)
    .join(', ');
