/** What a person asks of the source in memory: rows, a field's top values, and how the data is doing. */
import type { Dataset, EventsDataset, RecordsDataset } from '../../src/config/model.ts';
import { compileFilter } from '../../src/core/filter/evaluate.ts';
import type { FieldValue, Filter, Row } from '../../src/core/filter/model.ts';
import { canonicalText } from '../../src/core/filter/value.ts';
import type { Instant, Interval } from '../../src/core/time/interval.ts';
import { DAY } from '../../src/core/time/interval.ts';
import { sliceStart } from '../../src/core/time/slice.ts';
import type { Inspection, TopValues } from '../../src/ports/connector.ts';

type Looked = EventsDataset | RecordsDataset;

export const timeAt = (row: Row, field: string): Instant | null => {
  const value = row[field];
  return typeof value === 'number' ? value : null;
};

/** The fields that hold times. */
export function timesOf(dataset: Dataset): string[] {
  if (dataset.kind === 'snapshot') return [];
  const times = dataset.kind === 'events' ? [dataset.time] : [dataset.opened, ...dataset.closed, dataset.due];
  return [...times, dataset.ingested].filter((field) => field !== null);
}

const mainTime = (dataset: Looked): string => (dataset.kind === 'events' ? dataset.time : dataset.opened);

const isKnownBefore = (row: Row, { ingested }: Looked, asOf: Instant): boolean =>
  ingested === null || (timeAt(row, ingested) ?? asOf) < asOf;

/** The rows that pass, newest first. */
export function matching(
  rows: readonly Row[],
  request: { readonly dataset: Looked; readonly where: Filter; readonly range: Interval },
  asOf: Instant = Number.POSITIVE_INFINITY,
): Row[] {
  const { dataset, where, range } = request;
  const time = (row: Row): number => timeAt(row, mainTime(dataset)) ?? Number.NEGATIVE_INFINITY;
  return rows
    .filter((row) => time(row) >= range.start && time(row) < range.end && isKnownBefore(row, dataset, asOf))
    .filter(compileFilter(where))
    .sort((a, b) => time(b) - time(a));
}

/** By standard names; times as a person reads them. */
export function shown(row: Row, dataset: Looked): Row {
  const times = new Set(timesOf(dataset));
  const standard = new Map(Object.entries(dataset.fields).map(([name, own]) => [own, name]));
  const read = (field: string, value: FieldValue): FieldValue =>
    times.has(field) && typeof value === 'number' ? new Date(value).toISOString() : value;
  return Object.fromEntries(
    Object.entries(row).map(([field, value]) => [standard.get(field) ?? field, read(field, value)]),
  );
}

export function topOf(rows: readonly Row[], field: string, limit: number): TopValues {
  const counts = new Map<string, number>();
  let present = 0;
  for (const row of rows) {
    const value = row[field] ?? null;
    const list = typeof value === 'object' && value !== null ? value : [value];
    const texts = new Set(list.flatMap((item) => (item === null ? [] : [canonicalText(item)])));
    if (texts.size > 0) present += 1;
    for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const values = [...counts]
    .map(([text, events]) => ({ text, events }))
    .sort((a, b) => b.events - a.events || (a.text < b.text ? -1 : 1));
  return { values: values.slice(0, limit), present, events: rows.length };
}

export function inspectionOf(rows: readonly Row[], dataset: Dataset, now: Instant): Inspection {
  const times = dataset.kind === 'snapshot' ? [] : presentTimes(rows, mainTime(dataset));
  return {
    server: 'memory',
    events: rows.length,
    oldest: times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b)),
    newest: newestOf(times),
    lag: dataset.kind === 'events' ? lagOf(rows, dataset) : null,
    ahead: times.filter((time) => time > now).length,
    findings: [],
  };
}

const presentTimes = (rows: readonly Row[], field: string): Instant[] =>
  rows.map((row) => timeAt(row, field)).filter((time) => time !== null);

const newestOf = (times: readonly Instant[]): Instant | null =>
  times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b));

/** Over the UTC day of the newest event. */
function lagOf(rows: readonly Row[], { time, ingested }: EventsDataset): Inspection['lag'] {
  const newest = newestOf(presentTimes(rows, time));
  if (ingested === null || newest === null) return null;
  const lags = rows
    .flatMap((row) => {
      const [at, arrived] = [timeAt(row, time), timeAt(row, ingested)];
      return at === null || arrived === null || at < sliceStart(newest, DAY) ? [] : [arrived - at];
    })
    .sort((a, b) => a - b);
  const quantile = (share: number): number => lags[Math.ceil(share * lags.length) - 1] ?? 0;
  return lags.length === 0 ? null : { median: quantile(0.5), p99: quantile(0.99), max: quantile(1) };
}
