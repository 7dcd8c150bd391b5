/**
 * From stored slices, records and lists to results: loads what a KPI's windows need, once for all KPIs that need
 * the same, and leaves the arithmetic to the core.
 */
import type { SnapshotDataset } from '../config/model.ts';
import type { RecordsMeasure } from '../core/definition/model.ts';
import { bindFilter } from '../core/filter/bind.ts';
import { canonicalText, compileFilter, type Lookups } from '../core/filter/evaluate.ts';
import { emptyTally, talliesOfRows, tallyValue } from '../core/measure/fold.ts';
import { clockText } from '../core/measure/record-clock.ts';
import { compileRecordsMeasure, type GroupedValues } from '../core/measure/records.ts';
import { standardRow } from '../core/measure/standard.ts';
import { type Aggregate, NO_GROUP, OVERFLOW, type Tallies, type Tally } from '../core/measure/tally.ts';
import type { MeasureInput, MeasureValue } from '../core/result/model.ts';
import { type DatasetFacts, isStale } from '../core/result/quality.ts';
import { compileExpectation } from '../core/result/silence.ts';
import { type Instant, type Interval, subtract } from '../core/time/interval.ts';
import type { RecordSet, Store } from '../ports/store.ts';
import type { BoundKpi, BoundMeasure, RecordSetBinding, SeriesBinding } from './bind.ts';
import { snapshotFields, snapshotKey } from './collect-records.ts';
import { type Fold, foldWindows } from './fold.ts';
import { loadSets, recordFactsLoader, recordLoader, withOwnValues } from './record-sets.ts';
import { lastLook } from './revise.ts';
import { type SeriesIds, seriesKey, seriesOf } from './series.ts';

/** A measure in one window: by group (the total under `NO_GROUP`), and how far its dataset may be trusted. */
export interface Measured {
  readonly values: GroupedValues;
  /** The value of a group that the measure does not have. */
  readonly absent: MeasureValue;
  readonly facts: DatasetFacts;
  readonly tooManyGroups: boolean;
  /** Up to when the source was asked for what the window rests on: until then nothing of it can change any more. */
  readonly knownTo: Instant;
}

export interface Measurer {
  recordSetId(binding: RecordSetBinding): number;
  /** Which stored data the KPI's measures are made from. */
  inputs(kpi: BoundKpi): Readonly<Record<string, MeasureInput>>;
  /** For each window, by measure name. */
  measure(
    kpi: BoundKpi,
    windows: readonly Interval[],
  ): Promise<readonly Readonly<Record<string, Measured>>[]>;
}

interface MeasurerInput {
  readonly kpis: readonly BoundKpi[];
  readonly ids: SeriesIds;
  readonly asOf: Instant;
}

type Series = Extract<BoundMeasure, { kind: 'series' }>;
type Snapshot = Extract<BoundMeasure, { kind: 'snapshot' }>;

/** Good for one pass: what it has loaded it keeps until then. */
export async function createMeasurer(store: Store, { kpis, ids, asOf }: MeasurerInput): Promise<Measurer> {
  const sets = await loadSets(store, kpis);
  const records = recordLoader(store);
  const controls = controlLoader(store, ids);
  const knownTo = await knownToLoader(store, kpis, ids);
  const lists = snapshotFields(kpis);
  const lookUp = lookupLoader(store, lists);
  const factsOfRecords = recordFactsLoader(store);

  const series = async (kpi: BoundKpi, bound: Series, windows: readonly Interval[]): Promise<Measured[]> => {
    const { aggregate } = bound.measure;
    const facts = await controls(bound.control, windows);
    const folds = (binding: SeriesBinding) => foldWindows(store, foldRequest(binding, ids, false), windows);
    const totals = await folds(bound.total);
    const grouped = bound.grouped === null ? null : await folds(bound.grouped);
    const absent = exactValue(aggregate, emptyTally(aggregate));
    return windows.map((window, index) => {
      const all = [totals[index], grouped?.[index]].filter((fold) => fold !== undefined);
      const groups = grouped?.[index]?.tallies ?? {};
      const values = valuesOf(aggregate, {
        ...groups,
        [NO_GROUP]: totals[index]?.tallies[NO_GROUP] ?? emptyTally(aggregate),
      });
      const tooManyGroups =
        Object.hasOwn(groups, OVERFLOW) || Object.keys(groups).length > kpi.definition.maxGroups;
      const known = factsOf(facts[index], all);
      return { values, absent, facts: known, tooManyGroups, knownTo: knownTo(bound, window, known) };
    });
  };

  const ofRecords = async (
    kpi: BoundKpi,
    measure: RecordsMeasure,
    binding: RecordSetBinding,
    windows: readonly Interval[],
  ) => {
    const set = sets.get(binding);
    const { dataset } = binding;
    const { groupBy, maxGroups } = kpi.definition;
    const own = withOwnValues(measure, dataset);
    const measured: Measured[] = [];
    for (const window of windows) {
      const lookups = await lookUp(kpi, window.end);
      const known = set === undefined ? null : await records(set.id, dataset, window, windows);
      const options = { lookups: lookups.find, ...(known !== null && { watch: known.watch }) };
      const compiled = compileRecordsMeasure(own, dataset, groupBy, options);
      const values = compiled(known?.records ?? [], window, asOf);
      const absent = compiled([], window, asOf).get(NO_GROUP);
      if (absent === undefined) continue;
      const facts = await factsOfRecords(dataset, set, window);
      measured.push({
        values,
        absent,
        facts: withLookups(facts, lookups),
        tooManyGroups: values.size - 1 > maxGroups,
        knownTo: set?.asOf ?? 0,
      });
    }
    return measured;
  };

  const ofSnapshot = async (kpi: BoundKpi, { dataset, measure }: Snapshot, windows: readonly Interval[]) => {
    const key = snapshotKey(dataset, lists.get(dataset) ?? []);
    const { groupBy, maxGroups } = kpi.definition;
    const where = bindFilter(measure.where, {}, dataset.values);
    const { aggregate } = measure;
    const measured: Measured[] = [];
    for (const window of windows) {
      const list = await store.snapshot(key, window.end);
      const lookups = await lookUp(kpi, window.end);
      const rows = (list?.rows ?? []).filter(compileFilter(where, lookups.find));
      const standard = rows.map((row) => standardRow(row, groupBy, dataset.values));
      const tallies = {
        ...talliesOfRows(aggregate, standard, groupBy),
        ...talliesOfRows(aggregate, rows, []),
      };
      const facts = {
        dataset: dataset.name,
        wanted: 1,
        missing: list === null ? 1 : 0,
        partial: list?.quality === 'partial' ? 1 : 0,
        events: list?.rows.length ?? 0,
        silence: null,
        stale: list !== null && isStale(list.checkedAt, window.end, dataset.settleMs, dataset.everyMs),
      };
      const tooManyGroups = Object.keys(tallies).length - 1 > maxGroups;
      measured.push({
        values: valuesOf(aggregate, tallies),
        absent: exactValue(aggregate, emptyTally(aggregate)),
        facts: withLookups(facts, lookups),
        tooManyGroups,
        knownTo: asOf,
      });
    }
    return measured;
  };

  return {
    recordSetId: (binding) => sets.get(binding)?.id ?? -1,
    inputs: (kpi) =>
      Object.fromEntries(
        Object.entries(kpi.measures).map(([name, bound]) => [name, inputOf(bound, ids, sets, lists)]),
      ),
    async measure(kpi, windows) {
      const byName: [string, readonly Measured[]][] = [];
      for (const [name, bound] of Object.entries(kpi.measures)) {
        const measured =
          bound.kind === 'series'
            ? await series(kpi, bound, windows)
            : bound.kind === 'records'
              ? await ofRecords(kpi, bound.measure, bound.set, windows)
              : await ofSnapshot(kpi, bound, windows);
        byName.push([name, measured]);
      }
      return windows.map((_, index) =>
        Object.fromEntries(
          byName.flatMap(([name, measured]) => {
            const one = measured[index];
            return one === undefined ? [] : [[name, one]];
          }),
        ),
      );
    },
  };
}

function inputOf(
  bound: BoundMeasure,
  ids: SeriesIds,
  sets: ReadonlyMap<RecordSetBinding, RecordSet>,
  lists: ReadonlyMap<SnapshotDataset, readonly string[]>,
): MeasureInput {
  if (bound.kind === 'records') {
    const clock = clockText(bound.set.dataset);
    return { kind: 'records', recordSet: sets.get(bound.set)?.id ?? -1, ...(clock !== null && { clock }) };
  }
  if (bound.kind === 'snapshot') {
    return { kind: 'snapshot', snapshot: snapshotKey(bound.dataset, lists.get(bound.dataset) ?? []) };
  }
  const id = (binding: SeriesBinding) => ids.get(seriesKey(binding)) ?? -1;
  return { kind: 'series', series: id(bound.total), control: id(bound.control), grain: bound.total.grain };
}

interface WindowLookups {
  readonly find: Lookups;
  /** A list that was not there yet. */
  readonly isMissing: boolean;
}

/** The lists that a KPI's filters look values up in, as they were at an instant. */
function lookupLoader(store: Store, lists: ReadonlyMap<SnapshotDataset, readonly string[]>) {
  return async ({ lookups }: BoundKpi, at: Instant): Promise<WindowLookups> => {
    const columns = new Map<string, ReadonlySet<string>>();
    let isMissing = false;
    for (const { dataset, field } of lookups) {
      const list = await store.snapshot(snapshotKey(dataset, lists.get(dataset) ?? []), at);
      isMissing ||= list === null;
      const values = (list?.rows ?? []).flatMap((row) => row[field] ?? []).filter((value) => value !== null);
      columns.set(`${dataset.name} ${field}`, new Set(values.map(canonicalText)));
    }
    return { find: (dataset, field) => columns.get(`${dataset} ${field}`) ?? new Set(), isMissing };
  };
}

const withLookups = (facts: DatasetFacts, { isMissing }: WindowLookups): DatasetFacts =>
  isMissing ? { ...facts, missing: facts.wanted } : facts;

const foldRequest = (binding: SeriesBinding, ids: SeriesIds, control: boolean) => ({
  seriesId: ids.get(seriesKey(binding)) ?? -1,
  grain: binding.grain,
  control,
});

/**
 * Up to when late data of a window was looked for, which is: until the last look, unless that found something that
 * could not be read again yet.
 */
async function knownToLoader(store: Store, kpis: readonly BoundKpi[], ids: SeriesIds) {
  const idOf = (binding: SeriesBinding) => ids.get(seriesKey(binding)) ?? -1;
  const coverage = await store.coverage([...new Set(kpis.flatMap(seriesOf).map(idOf))]);
  const looks = new Map<number, Instant>();
  for (const control of new Set(kpis.flatMap(controlsOf).map(idOf))) {
    looks.set(control, (await lastLook(store, control))?.asOf ?? 0);
  }
  return ({ total, grouped, control }: Series, window: Interval, facts: DatasetFacts): Instant => {
    const series = [total, control, ...(grouped === null ? [] : [grouped])];
    const isRead = series.every(
      (binding) => subtract([window], coverage.get(idOf(binding)) ?? []).length === 0,
    );
    return isRead || facts.missing > 0 ? (looks.get(idOf(control)) ?? 0) : 0;
  };
}

const controlsOf = (kpi: BoundKpi): SeriesBinding[] =>
  Object.values(kpi.measures).flatMap((bound) => (bound.kind === 'series' ? [bound.control] : []));

/** What a dataset's control series says of a window: the same for all its KPIs, so it is worked out once. */
function controlLoader(store: Store, ids: SeriesIds) {
  const known = new Map<string, DatasetFacts>();
  return async (
    control: SeriesBinding,
    windows: readonly Interval[],
  ): Promise<readonly (DatasetFacts | undefined)[]> => {
    const keyOf = (window: Interval) =>
      `${control.dataset.name} ${seriesKey(control)} ${window.start} ${window.end}`;
    const wanted = windows.filter((window) => !known.has(keyOf(window)));
    const folds =
      wanted.length === 0 ? [] : await foldWindows(store, foldRequest(control, ids, true), wanted);
    const { expectEvents, name } = control.dataset;
    const silence = expectEvents === null ? null : compileExpectation(expectEvents);
    wanted.forEach((window, index) => {
      const fold = folds[index];
      if (fold === undefined) return;
      known.set(keyOf(window), {
        dataset: name,
        wanted: fold.wanted,
        missing: fold.wanted - fold.read,
        partial: fold.partial,
        events: fold.tallies[NO_GROUP]?.n ?? 0,
        silence: silence?.(window, fold.events, window.start, control.grain) ?? null,
        stale: false,
      });
    });
    return windows.map((window) => known.get(keyOf(window)));
  };
}

/** The dataset's facts, with the measure's own slices where they are worse. */
function factsOf(facts: DatasetFacts | undefined, folds: readonly Fold[]): DatasetFacts {
  const missing = Math.max(...folds.map((fold) => fold.wanted - fold.read));
  const partial = Math.max(...folds.map((fold) => fold.partial));
  const known = facts ?? {
    dataset: '',
    wanted: 1,
    missing: 1,
    partial: 0,
    events: 0,
    silence: null,
    stale: false,
  };
  return { ...known, missing: Math.max(known.missing, missing), partial: Math.max(known.partial, partial) };
}

const valuesOf = (aggregate: Aggregate, tallies: Tallies): GroupedValues =>
  new Map(Object.entries(tallies).map(([key, tally]) => [key, exactValue(aggregate, tally)]));

/** An events or snapshot measure has no undecided part: its bounds are its value. */
function exactValue(aggregate: Aggregate, tally: Tally): MeasureValue {
  const { value, relativeError } = tallyValue(aggregate, tally);
  const exact = { value, lower: value, upper: value, n: tally.n, undecided: 0 };
  return relativeError === undefined ? exact : { ...exact, relativeError };
}
