/** What a pass needs of records: the sets, the versions that may matter to a window, and how far a set may be trusted. */
import type { RecordsDataset } from '../config/model.ts';
import type { RecordsMeasure } from '../core/definition/model.ts';
import { bindFilter } from '../core/filter/bind.ts';
import type { RecordVersion } from '../core/measure/record.ts';
import type { DatasetFacts } from '../core/result/quality.ts';
import { compileExpectation } from '../core/result/silence.ts';
import { type Instant, type Interval, subtract, union } from '../core/time/interval.ts';
import type { RecordSet, Store } from '../ports/store.ts';
import type { BoundKpi, RecordSetBinding } from './bind.ts';

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
export function recordLoader(store: Pick<Store, 'records'>) {
  interface Loaded {
    covered: readonly Interval[];
    readonly versions: Map<string, RecordVersion>;
    /** The versions that may matter to a window, worked out once for all KPIs. */
    readonly byWindow: Map<string, readonly RecordVersion[]>;
  }
  const sets = new Map<number, Loaded>();
  return async (
    setId: number,
    window: Interval,
    windows: readonly Interval[],
  ): Promise<readonly RecordVersion[]> => {
    const loaded = sets.get(setId) ?? { covered: [], versions: new Map(), byWindow: new Map() };
    sets.set(setId, loaded);
    if (subtract([window], loaded.covered).length > 0) {
      const wanted = [{ start: window.start, end: windows.at(-1)?.end ?? window.end }];
      for (const part of subtract(wanted, loaded.covered)) {
        for (const version of await store.records(setId, part)) loaded.versions.set(version.key, version);
      }
      loaded.covered = union(loaded.covered, wanted);
    }
    const key = `${window.start} ${window.end}`;
    const known = loaded.byWindow.get(key);
    if (known !== undefined) return known;
    const found: RecordVersion[] = [];
    for (const version of loaded.versions.values()) if (mayMatter(version, window)) found.push(version);
    loaded.byWindow.set(key, found);
    return found;
  };
}

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
    const key = `${dataset.name} ${window.start} ${window.end}`;
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
