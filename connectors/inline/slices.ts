/** Slices of rows in memory, by the core's own functions: what every other source is held to. */
import type { EventsDataset } from '../../src/config/model.ts';
import { nearest } from '../../src/core/definition/suggest.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { filterFields } from '../../src/core/filter/bind.ts';
import { compileFilter } from '../../src/core/filter/evaluate.ts';
import type { Row } from '../../src/core/filter/model.ts';
import { hashOf } from '../../src/core/hash.ts';
import { talliesOfRows } from '../../src/core/measure/fold.ts';
import type { Tallies } from '../../src/core/measure/tally.ts';
import type { Grain, Instant, Interval } from '../../src/core/time/interval.ts';
import { sliceStart } from '../../src/core/time/slice.ts';
import type { SliceReading, SliceRequest } from '../../src/ports/connector.ts';
import { timeAt } from './look.ts';

/** A source that knows its fields says so where one is misspelt, rather than counting nothing. */
export function refuseUnknownFields({ measures, types }: SliceRequest): void {
  const known = Object.keys(types);
  if (known.length === 0) return;
  const used = measures.flatMap(({ where, aggregate, groupBy }) => [
    ...filterFields(where),
    ...('field' in aggregate ? [aggregate.field] : []),
    ...groupBy,
  ]);
  const unknown = used.find((field) => !Object.hasOwn(types, field));
  if (unknown === undefined) return;
  throw new ConnectorError(`no event has a field "${unknown}"`, {
    retryable: false,
    help: `Did you mean \`${nearest(unknown, known) ?? known.join(', ')}\`?`,
  });
}

/** The rows of a range by slice, as far as they had come in before asOf. */
export function visibleBySlice(
  rows: readonly Row[],
  dataset: EventsDataset,
  range: Interval,
  grain: Grain,
  asOf: Instant,
): ReadonlyMap<Instant, readonly Row[]> {
  const bySlice = new Map<Instant, Row[]>();
  for (const row of rows) {
    const time = timeAt(row, dataset.time);
    if (time === null || time < range.start || time >= range.end) continue;
    if (dataset.ingested !== null && (timeAt(row, dataset.ingested) ?? asOf) >= asOf) continue;
    const start = sliceStart(time, grain);
    const list = bySlice.get(start);
    if (list === undefined) bySlice.set(start, [row]);
    else list.push(row);
  }
  return bySlice;
}

export function newest(rows: readonly Row[], { ingested }: EventsDataset): Instant | null {
  if (ingested === null) return null;
  const times = rows.map((row) => timeAt(row, ingested)).filter((time) => time !== null);
  return times.length === 0 ? null : Math.max(...times);
}

export const digestOf = (rows: readonly Row[], { ingested }: EventsDataset): string | null =>
  ingested === null ? hashOf(rows) : null;

export function readingOf(
  { dataset, measures, maxGroups, maxDistinct }: SliceRequest,
  start: Instant,
  rows: readonly Row[],
): SliceReading {
  const tallies: Record<string, Tallies> = {};
  const overflow: string[] = [];
  for (const { id, where, aggregate, groupBy } of measures) {
    const matched = rows.filter(compileFilter(where));
    const all = talliesOfRows(aggregate, matched, groupBy, { maxDistinct });
    const isWide = groupBy.length > 0 && Object.keys(all).length > maxGroups;
    if (isWide) overflow.push(id);
    tallies[id] = isWide ? {} : all;
  }
  return {
    start,
    events: rows.length,
    maxIngested: newest(rows, dataset),
    digest: digestOf(rows, dataset),
    quality: 'complete',
    notes: [],
    tallies,
    overflow,
  };
}
