/**
 * From stored slices, records and lists to results: loads what a KPI's windows need, once for all KPIs that need
 * the same, and leaves the arithmetic to the core.
 */
import type { RecordsMeasure } from '../../core/definition/model.ts';
import { bindFilter } from '../../core/filter/bind.ts';
import { compileFilter } from '../../core/filter/evaluate.ts';
import { emptyTally, talliesOfRows } from '../../core/measure/fold.ts';
import { clockText } from '../../core/measure/record-clock.ts';
import { compileRecordsMeasure, type GroupedValues } from '../../core/measure/records.ts';
import { standardRow } from '../../core/measure/standard.ts';
import { NO_GROUP } from '../../core/measure/tally.ts';
import type { MeasureInput, MeasureValue, Reason } from '../../core/result/model.ts';
import { type DatasetFacts, isStale } from '../../core/result/quality.ts';
import { type Instant, type Interval, subtract } from '../../core/time/interval.ts';
import type { RecordSet, Store } from '../../ports/store.ts';
import type { BoundKpi, BoundMeasure, RecordSetBinding } from '../bind/bind.ts';
import { fieldsNeeded, vanishedIn } from '../checks/absences.ts';
import { neverMatched } from '../checks/literals.ts';
import { neverCounted } from '../checks/record-literals.ts';
import type { SeriesIds } from '../series.ts';
import { controlLoader, idOf, knownToLoader } from './facts.ts';
import { lookupInputs, lookupLoader, withLookups } from './lookups.ts';
import { queryMeasurer } from './measure-queries.ts';
import { exactValue, seriesMeasurer, valuesOf } from './measure-series.ts';
import { loadSets, recordFactsLoader, recordLoader, withOwnValues } from './record-sets.ts';
import { totalsLoader } from './totals.ts';

/** A measure in one window: by group (the total under `NO_GROUP`), and how far its datasets may be trusted. */
export interface Measured {
  readonly values: GroupedValues;
  /** The value of a group that the measure does not have. */
  readonly absent: MeasureValue;
  /** Of its own dataset, and of those that it looks values up in. */
  readonly facts: readonly DatasetFacts[];
  /** Why it can't stand for the window, whatever the quality. */
  readonly withheld: Reason | null;
  /** Up to when the source was asked for what the window rests on: until then nothing of it can change any more. */
  readonly knownTo: Instant;
}

export interface Measurer {
  recordSetId(binding: RecordSetBinding): number;
  queryId(bound: BoundQuery): number;
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

type Snapshot = Extract<BoundMeasure, { kind: 'snapshot' }>;
type BoundQuery = Extract<BoundMeasure, { kind: 'query' }>;

/** Good for one pass: what it has loaded it keeps until then. */
export async function createMeasurer(store: Store, { kpis, ids, asOf }: MeasurerInput): Promise<Measurer> {
  const sets = await loadSets(store, kpis);
  const records = recordLoader(store);
  const controls = controlLoader(store, ids);
  const knownTo = await knownToLoader(store, kpis, ids);
  const isNever = neverMatched(store);
  const vanished = vanishedIn(store);
  const lookUp = lookupLoader({ store, ids, controls, knownTo, vanished });
  const ofSeries = seriesMeasurer({
    store,
    ids,
    controls,
    totals: totalsLoader(store, kpis, ids),
    knownTo,
    lookUp,
    neverMatched: ({ control, total }) => isNever(idOf(control, ids), idOf(total, ids)),
    vanished: (kpi, { control, measure }) => vanished(kpi, control, fieldsNeeded(measure)),
  });
  const queries = await loadQueries(store, kpis);
  const ofQuery = queryMeasurer({
    store,
    controls,
    knownTo,
    idOf: (query) => queries.get(query) ?? -1,
    controlOf: ({ control }) => idOf(control, ids),
  });
  const factsOfRecords = recordFactsLoader(store);

  const ofRecords = async (
    kpi: BoundKpi,
    measure: RecordsMeasure,
    binding: RecordSetBinding,
    windows: readonly Interval[],
  ) => {
    const set = sets.get(binding);
    const { dataset } = binding;
    const { exclusions } = kpi;
    const { groupBy, maxGroups } = kpi.definition;
    const own = withOwnValues(measure, dataset);
    const isNever = await neverCounted(store, binding, measure);
    const measured: Measured[] = [];
    for (const window of windows) {
      const lookups = await lookUp(kpi, window);
      const known = set === undefined ? null : await records(set.id, dataset, window, windows);
      const options = { lookups: lookups.find, exclusions, ...(known !== null && { watch: known.watch }) };
      const compiled = compileRecordsMeasure(own, dataset, groupBy, options);
      const values = compiled(known?.records ?? [], window, asOf);
      const absent = compiled([], window, asOf).get(NO_GROUP);
      if (absent === undefined) continue;
      const facts = await factsOfRecords(dataset, set, window);
      const isAll = measure.cohort === 'opened' && subtract([window], exclusions).length === 0;
      measured.push({
        values,
        absent,
        facts: withLookups(facts, lookups),
        withheld: isAll
          ? 'excluded'
          : (lookups.withheld ??
            tooMany(values.size - 1, maxGroups) ??
            (isNever(values.get(NO_GROUP)) ? 'filter-never-matched' : null)),
        knownTo: Math.min(lookups.knownTo, set?.asOf ?? 0),
      });
    }
    return measured;
  };

  const ofSnapshot = async (kpi: BoundKpi, { list, measure }: Snapshot, windows: readonly Interval[]) => {
    const { dataset, key } = list;
    const { groupBy, maxGroups } = kpi.definition;
    const where = bindFilter(measure.where, {}, dataset.values);
    const { aggregate } = measure;
    const measured: Measured[] = [];
    for (const window of windows) {
      const found = await store.snapshot(key, window.end);
      const lookups = await lookUp(kpi, window);
      const rows = (found?.rows ?? []).filter(compileFilter(where, lookups.find));
      const standard = rows.map((row) => standardRow(row, groupBy, dataset.values));
      const tallies = {
        ...talliesOfRows(aggregate, standard, groupBy),
        ...talliesOfRows(aggregate, rows, []),
      };
      const facts = {
        dataset: dataset.name,
        wanted: 1,
        missing: found === null ? 1 : 0,
        partial: found?.quality === 'partial' ? 1 : 0,
        events: found?.rows.length ?? 0,
        silence: null,
        stale: found !== null && isStale(found.checkedAt, window.end, dataset.settleMs, dataset.everyMs),
      };
      measured.push({
        values: valuesOf(aggregate, tallies),
        absent: exactValue(aggregate, emptyTally(aggregate)),
        facts: withLookups(facts, lookups),
        withheld: lookups.withheld ?? tooMany(Object.keys(tallies).length - 1, maxGroups),
        knownTo: Math.min(lookups.knownTo, asOf),
      });
    }
    return measured;
  };

  const ofMeasure = (kpi: BoundKpi, bound: BoundMeasure, windows: readonly Interval[]) => {
    if (bound.kind === 'series') return ofSeries(kpi, bound, windows);
    if (bound.kind === 'records') return ofRecords(kpi, bound.measure, bound.set, windows);
    if (bound.kind === 'query') return ofQuery(kpi, bound, windows);
    return ofSnapshot(kpi, bound, windows);
  };

  return {
    recordSetId: (binding) => sets.get(binding)?.id ?? -1,
    queryId: (bound) => queries.get(bound) ?? -1,
    inputs: (kpi) =>
      Object.fromEntries(
        Object.entries(kpi.measures).map(([name, bound]): [string, MeasureInput] => {
          if (bound.kind === 'query') return [name, { kind: 'query', query: queries.get(bound) ?? -1 }];
          const lookups = lookupInputs(kpi, bound, ids);
          const own = inputOf(bound, ids, sets);
          return [name, lookups.length === 0 ? own : { ...own, lookups }];
        }),
      ),
    async measure(kpi, windows) {
      const byName: [string, readonly Measured[]][] = [];
      for (const [name, bound] of Object.entries(kpi.measures)) {
        byName.push([name, await ofMeasure(kpi, bound, windows)]);
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

/** The store's ids for the queries of all KPIs. */
async function loadQueries(
  store: Store,
  kpis: readonly BoundKpi[],
): Promise<ReadonlyMap<BoundQuery, number>> {
  const ids = new Map<BoundQuery, number>();
  for (const bound of kpis.flatMap((kpi) => Object.values(kpi.measures))) {
    if (bound.kind === 'query') ids.set(bound, await store.query(bound.dataset.name, bound.fingerprint));
  }
  return ids;
}

const tooMany = (groups: number, maxGroups: number): Reason | null =>
  groups > maxGroups ? 'too-many-groups' : null;

function inputOf(
  bound: Exclude<BoundMeasure, { kind: 'query' }>,
  ids: SeriesIds,
  sets: ReadonlyMap<RecordSetBinding, RecordSet>,
): MeasureInput {
  if (bound.kind === 'records') {
    const clock = clockText(bound.set.dataset);
    return { kind: 'records', recordSet: sets.get(bound.set)?.id ?? -1, ...(clock !== null && { clock }) };
  }
  if (bound.kind === 'snapshot') {
    return { kind: 'snapshot', snapshot: bound.list.key };
  }
  const { total, control, join } = bound;
  const series = idOf(join?.keyed ?? total, ids);
  return { kind: 'series', series, control: idOf(control, ids), grain: total.grain };
}
