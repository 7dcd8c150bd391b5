/** Facts for the store contract, plain unless told otherwise. */
import type { RecordVersion } from '../../src/core/measure/record.ts';
import type { Tallies } from '../../src/core/measure/tally.ts';
import { HOUR, type Instant, type Interval } from '../../src/core/time/interval.ts';
import type { KpiState, NewResult, NewSlice, Store, StoredRead } from '../../src/ports/store.ts';

export const T0 = Date.UTC(2026, 2, 2);
/** The instant so many hours after T0. */
export const at = (hours: number): Instant => T0 + hours * HOUR;
export const between = (from: number, to: number): Interval => ({ start: at(from), end: at(to) });

export const readAt = (asOf: Instant, query = 'all of it'): Omit<StoredRead, 'id'> => ({
  dataset: 'logons',
  asOf,
  range: null,
  evidence: { query, parameters: [1, 'x'], warnings: [], tookMs: 3, job: null },
});

export const countOf = (n: number): Tallies => ({ '[]': { n } });

export function slice(
  seriesId: number,
  hour: number,
  n: number,
  more: Partial<NewSlice> & { readonly maxIngested?: number } = {},
): NewSlice {
  const { maxIngested, ...rest } = more;
  const known = maxIngested === undefined ? null : { events: n, maxIngested, digest: null };
  return {
    seriesId,
    start: at(hour),
    quality: 'complete',
    notes: [],
    tallies: countOf(n),
    known,
    ...rest,
  };
}

/** Two series of one dataset at the grain of an hour: what is counted, and the control. */
export async function twoSeries(store: Store): Promise<readonly [number, number]> {
  const [a, b] = await store.series([
    { dataset: 'logons', grain: HOUR, fingerprint: 'counted' },
    { dataset: 'logons', grain: HOUR, fingerprint: 'control' },
  ]);
  if (a === undefined || b === undefined) throw new Error('the store gave no ids');
  return [a.id, b.id];
}

export async function save(
  store: Store,
  asOf: Instant,
  slices: readonly NewSlice[],
  query?: string,
): Promise<void> {
  const starts = slices.map((one) => one.start);
  await store.saveSlices({
    read: readAt(asOf, query),
    grain: HOUR,
    slices,
    covered: {
      seriesIds: [...new Set(slices.map((one) => one.seriesId))],
      intervals: [...new Set(starts)].map((start) => ({ start, end: start + HOUR })),
    },
  });
}

export function version(key: string, v: number, more: Partial<RecordVersion> = {}): RecordVersion {
  return {
    key,
    version: [v],
    ingested: at(v),
    order: 0,
    opened: at(0),
    closed: [null],
    due: null,
    fields: { state: 'New' },
    ...more,
  };
}

export async function saveVersions(
  store: Store,
  setId: number,
  asOf: Instant,
  records: readonly RecordVersion[],
  done = true,
): Promise<void> {
  await store.saveRecords({
    setId,
    read: readAt(asOf),
    records,
    quality: 'complete',
    done: done ? { cursor: String(asOf), asOf } : null,
  });
}

export const state = (kpi: string, more: Partial<KpiState> = {}): KpiState => ({
  kpi,
  measurementHash: `m-${kpi}`,
  evaluationHash: `e-${kpi}`,
  firstLoaded: T0,
  wantedFrom: T0,
  evaluated: null,
  ...more,
});

/** A final result over the hour that ends at `end`. */
export function result(kpi: string, end: number, value: number, more: Partial<NewResult> = {}): NewResult {
  return {
    kpi,
    group: null,
    ...between(end - 1, end),
    value,
    lower: value,
    upper: value,
    sample: 10,
    undecided: 0,
    quality: 'complete',
    verdict: 'on-target',
    reason: null,
    final: true,
    asOf: at(end),
    measurementHash: `m-${kpi}`,
    evaluationHash: `e-${kpi}`,
    retroactive: false,
    measures: { all: { value, lower: value, upper: value, n: 10, undecided: 0 } },
    inputs: { all: { kind: 'series', series: 1, control: 2, grain: HOUR } },
    dueAt: null,
    ...more,
  };
}

/** Stores results of one KPI; returns how many were new. */
export const saveResultsOf = (
  store: Store,
  kpi: string,
  results: readonly NewResult[],
  more: Partial<KpiState> = {},
): Promise<number> => store.saveResults([{ results, state: state(kpi, more), deferred: null }]);

export const COHORTS = ['opened', 'closed', 'due', 'open-at-end'] as const;

/** A set that was read once, at T0, with nothing touched. */
export async function newSet(
  store: Store,
  records: readonly RecordVersion[] = [],
  asOf: Instant = T0,
): Promise<number> {
  const { id } = await store.recordSet('incidents', `set ${Math.random()}`);
  await saveVersions(store, id, asOf, records);
  await settle(store);
  return id;
}

export const settle = async (store: Store): Promise<void> => store.clearTouched((await store.touched()).upTo);
