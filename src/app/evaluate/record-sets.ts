/** What a pass needs of records: the sets, the versions that may matter to a window, and how far a set may be trusted. */
import type { RecordsDataset } from '../../config/model.ts';
import type { RecordsMeasure } from '../../core/definition/model.ts';
import { bindFilter } from '../../core/filter/bind.ts';
import type { RecordVersion, TimedRecord } from '../../core/measure/record.ts';
import { compileClock, stopwatchOf } from '../../core/measure/record-clock.ts';
import type { DatasetFacts } from '../../core/result/quality.ts';
import { compileExpectation } from '../../core/result/silence.ts';
import type { Stopwatch } from '../../core/time/business-hours.ts';
import { type Instant, type Interval, subtract, union } from '../../core/time/interval.ts';
import type { RecordSet, Store, Touched } from '../../ports/store.ts';
import type { BoundKpi, BoundMeasure, RecordSetBinding } from '../bind/bind.ts';

/** The store's record sets of all records measures. */
export async function loadSets(
  store: Store,
  kpis: readonly BoundKpi[],
): Promise<ReadonlyMap<RecordSetBinding, RecordSet>> {
  const sets = new Map<RecordSetBinding, RecordSet>();
  for (const kpi of kpis) {
    for (const bound of Object.values(kpi.measures)) {
      if (bound.kind !== 'records' || sets.has(bound.set)) continue;
      sets.set(bound.set, await store.recordSet(bound.set.dataset.name, bound.set.fingerprint));
    }
  }
  return sets;
}

/** Loads each set's records once for the time that KPIs of one pass look at, which is mostly the same. */
export function recordLoader(store: Pick<Store, 'records' | 'histories'>) {
  interface Loaded {
    readonly watch: Stopwatch;
    readonly timed: ReturnType<typeof compileClock>;
    covered: readonly Interval[];
    readonly records: Map<string, TimedRecord>;
    /** The records that may matter to a window, worked out once for all KPIs. */
    readonly byWindow: Map<string, readonly TimedRecord[]>;
  }
  const sets = new Map<number, Loaded>();
  const begin = (dataset: RecordsDataset): Loaded => {
    const watch = stopwatchOf(dataset);
    const timed = compileClock(dataset, watch);
    return { watch, timed, covered: [], records: new Map(), byWindow: new Map() };
  };
  const load = async (setId: number, dataset: RecordsDataset, loaded: Loaded, part: Interval) => {
    const range = { start: reachingInto(dataset, loaded.watch, part.start), end: part.end };
    const isPaused = (dataset.clock?.pausedWhile ?? null) !== null;
    const histories = isPaused ? await store.histories(setId, range) : null;
    for (const record of await store.records(setId, range)) {
      loaded.records.set(record.key, loaded.timed(record, histories?.get(record.key) ?? []));
    }
  };
  return async (
    setId: number,
    dataset: RecordsDataset,
    window: Interval,
    windows: readonly Interval[],
  ): Promise<{ readonly records: readonly TimedRecord[]; readonly watch: Stopwatch }> => {
    const loaded = sets.get(setId) ?? begin(dataset);
    sets.set(setId, loaded);
    if (subtract([window], loaded.covered).length > 0) {
      const wanted = [{ start: window.start, end: windows.at(-1)?.end ?? window.end }];
      for (const part of subtract(wanted, loaded.covered)) await load(setId, dataset, loaded, part);
      loaded.covered = union(loaded.covered, wanted);
    }
    const { watch } = loaded;
    const key = `${window.start} ${window.end}`;
    const known = loaded.byWindow.get(key);
    if (known !== undefined) return { records: known, watch };
    const found: TimedRecord[] = [];
    for (const record of loaded.records.values()) if (mayMatter(record, window)) found.push(record);
    loaded.byWindow.set(key, found);
    return { records: found, watch };
  };
}

const longestLimit = ({ dueBy }: RecordsDataset): number =>
  Math.max(0, ...Object.values(dueBy?.limits ?? {}));

/** How far back a record may have been closed that is due at an instant: its clock ran on. */
function reachingInto(dataset: RecordsDataset, watch: Stopwatch, at: Instant): Instant {
  const limitMs = longestLimit(dataset);
  return limitMs === 0 ? at : Math.max(0, watch.before(at, limitMs));
}

/** What changed for a measure: the times that are touched, where they concern its cohort and fields. */
export function touchedWindows(
  { measure, set: { dataset }, fields }: Extract<BoundMeasure, { kind: 'records' }>,
  rows: readonly Touched[],
): Interval[] {
  const isDueByTable = measure.cohort === 'due' && dataset.dueBy !== undefined;
  const touched = rows.filter(
    (one) => one.fields === null || one.fields.some((field) => fields.includes(field)),
  );
  if (!isDueByTable) return touched.filter(({ kind }) => kind === measure.cohort);
  // No field tells when it is due: it may be any time from opening on, until the limit is used up after closing.
  const watch = stopwatchOf(dataset);
  const dueUntil = (end: Instant) => (end > LAST_DAY ? end : watch.after(end, longestLimit(dataset)));
  return touched
    .filter(({ kind }) => kind === 'open-at-end')
    .map(({ start, end }) => ({ start, end: dueUntil(end) }));
}

/** A record that is open is touched for ever: no calendar reaches that far. */
const LAST_DAY = Date.UTC(2200, 0);

/** Whether a record had a time in the window or may have been open at its end. */
function mayMatter({ opened, closed, due }: RecordVersion, { start, end }: Interval): boolean {
  const isIn = (time: Instant | null) => time !== null && time >= start && time < end;
  if (isIn(opened) || isIn(due)) return true;
  let isOver = false;
  for (const time of closed) {
    if (isIn(time)) return true;
    if (time !== null && time < start) isOver = true;
  }
  return opened !== null && opened < end && (!isOver || closed.some((time) => time !== null && time >= end));
}

/** Records keep the source's own values: standard ones in the filters are put into its words. */
export function withOwnValues(measure: RecordsMeasure, { values }: RecordsDataset): RecordsMeasure {
  const { where, decidedWhen, aggregate } = measure;
  const own = (filter: RecordsMeasure['where']) => bindFilter(filter, {}, values);
  return {
    ...measure,
    where: own(where),
    decidedWhen: decidedWhen === null ? null : own(decidedWhen),
    aggregate:
      'of' in aggregate && aggregate.of !== undefined ? { ...aggregate, of: own(aggregate.of) } : aggregate,
  };
}

/** A set of records counts as one slice: read beyond the window's end or not, and spoken in the window or not. */
export function recordFactsLoader(store: Store) {
  const known = new Map<string, DatasetFacts>();
  return async (
    dataset: RecordsDataset,
    set: RecordSet | undefined,
    window: Interval,
  ): Promise<DatasetFacts> => {
    const key = `${dataset.name} ${set?.id} ${window.start} ${window.end}`;
    const facts = known.get(key) ?? (await recordFacts(store, dataset, set, window));
    known.set(key, facts);
    return facts;
  };
}

async function recordFacts(
  store: Store,
  dataset: RecordsDataset,
  set: RecordSet | undefined,
  window: Interval,
): Promise<DatasetFacts> {
  const isRead = set?.asOf !== undefined && set.asOf !== null && set.asOf >= window.end;
  return {
    dataset: dataset.name,
    wanted: 1,
    missing: isRead ? 0 : 1,
    partial: set?.quality === 'partial' ? 1 : 0,
    ...(await spoken(store, dataset, set, window)),
    stale: false,
  };
}

async function spoken(
  store: Store,
  { expectEvents, ingested }: RecordsDataset,
  set: RecordSet | undefined,
  window: Interval,
): Promise<Pick<DatasetFacts, 'events' | 'silence'>> {
  if (set === undefined) return { events: 0, silence: null };
  if (expectEvents === null) {
    // Where nobody tells when a row came in, the set as a whole has spoken or not.
    const range = ingested === null ? { start: 0, end: Number.MAX_SAFE_INTEGER } : window;
    return { events: (await store.hasIngested(set.id, range)) ? 1 : 0, silence: null };
  }
  // Periods are aligned to the UTC epoch, as silence is counted.
  const { everyMs } = expectEvents;
  const first = Math.floor(window.start / everyMs) * everyMs;
  const counts = await store.ingestedCounts(set.id, { start: first, end: window.end }, everyMs);
  const events = counts.reduce((sum, count) => sum + count, 0);
  return { events, silence: compileExpectation(expectEvents)(window, counts, first, everyMs) };
}
