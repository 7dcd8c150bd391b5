/**
 * From definitions and configuration to what is read: each measure bound to its dataset, in the source's own
 * field names, with the fingerprint that its slices belong to. No I/O: what the source said of itself comes in.
 */
import type { Config, Dataset, EventsDataset, RecordsDataset } from '../../config/model.ts';
import type {
  EventsMeasure,
  KpiDefinition,
  Measure,
  QueryMeasure,
  RecordsMeasure,
} from '../../core/definition/model.ts';
import { filterFields, filterLookups } from '../../core/filter/bind.ts';
import { splitLookups } from '../../core/filter/join.ts';
import { EVERYTHING, type Filter } from '../../core/filter/model.ts';
import { hashOf } from '../../core/hash.ts';
import { type Grain, type Interval, union } from '../../core/time/interval.ts';
import type { MeasureRequest, Probe } from '../../ports/connector.ts';
import { HISTORY } from '../../ports/store.ts';
import { filtersOf } from './filters-of.ts';
import { type ListBinding, type ListOf, listsOf, measuredFields } from './lists.ts';
import { fieldsOfRecords, reckoningOf, recordSets, type SetOf } from './records.ts';
import { controlSeries, finestGrains, grainOf, seriesBinding } from './series.ts';

export { filtersOf };

/** A series before the store has given it an id. */
export interface SeriesBinding {
  readonly dataset: EventsDataset;
  readonly grain: Grain;
  readonly fingerprint: string;
  readonly request: Omit<MeasureRequest, 'id'>;
  /** Standard names of the grouping fields, in the request's order. */
  readonly groupBy: readonly string[];
  readonly maxGroups: number;
}

export type BoundMeasure =
  | {
      readonly kind: 'series';
      readonly measure: EventsMeasure;
      readonly total: SeriesBinding;
      /** With a join: by its fields, then by the KPI's groups. */
      readonly grouped: SeriesBinding | null;
      readonly control: SeriesBinding;
      readonly join: JoinBinding | null;
    }
  | {
      readonly kind: 'records';
      readonly measure: RecordsMeasure;
      readonly set: RecordSetBinding;
      /** Standard names of all fields that its value depends on; with `HISTORY`, on all versions. */
      readonly fields: readonly string[];
    }
  | { readonly kind: 'snapshot'; readonly measure: EventsMeasure; readonly list: ListBinding }
  | {
      readonly kind: 'query';
      readonly measure: QueryMeasure;
      readonly dataset: EventsDataset;
      /** What the answers depend on: measures that ask the same share them. */
      readonly fingerprint: string;
      /** Tells how many events there are, and when the answer may be another. */
      readonly total: SeriesBinding;
      readonly control: SeriesBinding;
    };

/** The part of a filter over events that looks values up elsewhere: joined over what was read by its fields' values. */
export interface JoinBinding {
  readonly filter: Filter;
  /** Standard names. */
  readonly fields: readonly string[];
  readonly keyed: SeriesBinding;
}

/** The values of a field that occur among the events of a window, for `in`. */
export interface Occurrences {
  readonly dataset: EventsDataset;
  readonly field: string;
  readonly keys: SeriesBinding;
  readonly control: SeriesBinding;
}

/** Values of one field in one slice or window that are kept one by one for a join. */
export const MAX_KEYS = 20_000;

/** The records of a dataset with the fields that any measure needs. */
export interface RecordSetBinding {
  readonly dataset: RecordsDataset;
  readonly fields: readonly string[];
  readonly fingerprint: string;
}

export interface Lookup {
  readonly list: ListBinding;
  readonly field: string;
}

export interface BoundKpi {
  readonly definition: KpiDefinition;
  readonly grain: Grain;
  readonly measures: Readonly<Record<string, BoundMeasure>>;
  readonly datasets: readonly Dataset[];
  /** Columns of snapshots that its filters look values up in. */
  readonly lookups: readonly Lookup[];
  /** Values of events that its filters look up. */
  readonly occurrences: readonly Occurrences[];
  /** What its windows leave out: sorted, disjoint. */
  readonly exclusions: readonly Interval[];
  /** The longest of its datasets' `settle` and `reviseFor`, in ms. */
  readonly settleMs: number;
  readonly reviseForMs: number;
  /** How its datasets reckon what was read (their clocks): another one gives other numbers from the same data. */
  readonly reckoning: string;
  /** What it is read from: the same until its measures are bound to other data. */
  readonly binding: string;
}

/** The names of the datasets that a definition reads, its lookups included. */
export const datasetNames = (definition: KpiDefinition): string[] => [
  ...new Set(
    Object.values(definition.measures).flatMap((measure) => [
      measure.dataset,
      ...filtersOf(measure)
        .flatMap(filterLookups)
        .map((lookup) => lookup.dataset),
    ]),
  ),
];

/** The datasets that the KPI names and the configuration lacks. */
export const missingDatasets = (definition: KpiDefinition, config: Config): string[] =>
  datasetNames(definition).filter((name) => config.datasets[name] === undefined);

/** Binds all KPIs whose datasets are configured and have been probed. */
export function bindKpis(
  definitions: readonly KpiDefinition[],
  config: Config,
  probes: ReadonlyMap<string, Probe>,
): BoundKpi[] {
  const usable = definitions.filter(
    (definition) =>
      definition.status !== 'retired' && datasetNames(definition).every((name) => probes.has(name)),
  );
  const grains = finestGrains(usable, config, probes);
  const setOf = recordSets(usable, probes);
  const listOf = listsOf(usable, config, probes);
  return usable.flatMap((definition) => {
    const grain = grainOf(definition);
    if (grain === null) return [];
    const context = { config, probes, grains, setOf, listOf, grain };
    const measures: Record<string, BoundMeasure> = {};
    for (const [name, measure] of Object.entries(definition.measures)) {
      const bound = bindMeasure(definition, measure, context);
      if (bound === null) return [];
      measures[name] = bound;
    }
    const lookups = lookupsOf(definition, context);
    const occurrences = occurrencesOf(definition, context);
    const datasets = [
      ...new Set([
        ...Object.values(measures).map(datasetOf),
        ...occurrences.map((occurring) => occurring.dataset),
      ]),
    ];
    return [
      {
        definition,
        grain,
        measures,
        datasets,
        lookups,
        occurrences,
        exclusions: union(
          definition.exclusions.map(({ start, end }) => ({ start, end })),
          [],
        ),
        settleMs: Math.max(...datasets.map((dataset) => dataset.settleMs)),
        reviseForMs: Math.max(...datasets.map((dataset) => dataset.reviseForMs)),
        reckoning: reckoningOf(datasets),
        binding: hashOf([
          ...Object.values(measures).map(fingerprintOf),
          ...lookups.map(({ list }) => list.key),
          ...occurrences.map(({ keys }) => keys.fingerprint),
        ]),
      },
    ];
  });
}

function fingerprintOf(bound: BoundMeasure): string {
  if (bound.kind === 'series') return bound.total.fingerprint;
  if (bound.kind === 'records') return bound.set.fingerprint;
  return bound.kind === 'snapshot' ? bound.list.key : bound.fingerprint;
}

export const datasetOf = (bound: BoundMeasure): Dataset =>
  bound.kind === 'series'
    ? bound.total.dataset
    : bound.kind === 'records'
      ? bound.set.dataset
      : bound.kind === 'snapshot'
        ? bound.list.dataset
        : bound.dataset;

interface BindContext {
  readonly config: Config;
  readonly probes: ReadonlyMap<string, Probe>;
  readonly grains: ReadonlyMap<string, Grain>;
  readonly setOf: SetOf;
  readonly listOf: ListOf;
  readonly grain: Grain;
}

function bindMeasure(definition: KpiDefinition, measure: Measure, context: BindContext): BoundMeasure | null {
  const dataset = context.config.datasets[measure.dataset];
  const probe = context.probes.get(measure.dataset);
  if (dataset === undefined || probe === undefined) return null;
  if (measure.kind === 'records') {
    if (dataset.kind !== 'records') return null;
    const fields = fieldsOfRecords(measure, definition.groupBy, dataset);
    const set = context.setOf(dataset, definition);
    const pauses = (dataset.clock?.pausedWhile ?? null) !== null;
    return { kind: 'records', measure, set, fields: pauses ? [...fields, HISTORY] : fields };
  }
  if (dataset.kind === 'snapshot') {
    if (measure.kind !== 'events') return null;
    const list = context.listOf(dataset, measuredFields(measure, definition.groupBy));
    return { kind: 'snapshot', measure, list };
  }
  if (dataset.kind === 'records') return null;
  if (measure.kind === 'query') return bindQuery(measure, dataset, probe, context.grain);
  const { groupBy, maxGroups } = definition;
  const { own, joined } = splitLookups(measure.where);
  const total = seriesBinding(dataset, probe, own, measure.aggregate, [], 1);
  const grain = context.grains.get(total.fingerprint) ?? context.grain;
  const by = (fields: readonly string[], max: number): SeriesBinding => ({
    ...seriesBinding(dataset, probe, own, measure.aggregate, fields, max),
    grain,
  });
  const fields = joined === null ? [] : filterFields(joined);
  const groups = [...new Set([...fields, ...groupBy])];
  return {
    kind: 'series',
    measure,
    total: { ...total, grain },
    grouped: groupBy.length === 0 ? null : by(groups, joined === null ? maxGroups : MAX_KEYS),
    control: { ...controlSeries(dataset, probe), grain },
    join: joined === null ? null : { filter: joined, fields, keyed: by(fields, MAX_KEYS) },
  };
}

function bindQuery(measure: QueryMeasure, dataset: EventsDataset, probe: Probe, grain: Grain): BoundMeasure {
  const { language, text } = measure;
  const total = { ...seriesBinding(dataset, probe, EVERYTHING, { type: 'count' }, [], 1), grain };
  const control = { ...controlSeries(dataset, probe), grain };
  return {
    kind: 'query',
    measure,
    dataset,
    fingerprint: hashOf([total.fingerprint, language, text]),
    total,
    control,
  };
}

/** What `in` looks up among events: which values of a field occur in a window. */
function occurrencesOf(definition: KpiDefinition, { config, probes, grain }: BindContext): Occurrences[] {
  const named = new Map(
    Object.values(definition.measures)
      .flatMap(filtersOf)
      .flatMap(filterLookups)
      .map((lookup) => [`${lookup.dataset} ${lookup.field}`, lookup]),
  );
  return [...named.values()].flatMap(({ dataset: name, field }) => {
    const dataset = config.datasets[name];
    const probe = probes.get(name);
    if (dataset?.kind !== 'events' || probe === undefined) return [];
    const exists: Filter = { op: 'test', field, predicate: { kind: 'exists' } };
    const keys = seriesBinding(dataset, probe, exists, { type: 'count' }, [field], MAX_KEYS);
    const control = { ...controlSeries(dataset, probe), grain };
    return [{ dataset, field, keys: { ...keys, grain }, control }];
  });
}

/** A dataset's series that one KPI wants, with the control series that says whether they are there. */
export interface SeriesBundle {
  readonly control: SeriesBinding;
  readonly series: readonly SeriesBinding[];
}

/** By measure, then by what is looked up. */
export const bundlesOf = ({ measures, occurrences }: BoundKpi): SeriesBundle[] => [
  ...Object.values(measures).flatMap((bound) => {
    if (bound.kind === 'query') return [{ control: bound.control, series: [bound.total] }];
    if (bound.kind !== 'series') return [];
    const { total, grouped, control, join } = bound;
    const series = [total, ...(grouped === null ? [] : [grouped]), ...(join === null ? [] : [join.keyed])];
    return [{ control, series }];
  }),
  ...occurrences.map(({ control, keys }) => ({ control, series: [keys] })),
];

function lookupsOf(definition: KpiDefinition, { config, listOf }: BindContext): Lookup[] {
  const named = Object.values(definition.measures).flatMap(filtersOf).flatMap(filterLookups);
  return named.flatMap(({ dataset: name, field }) => {
    const dataset = config.datasets[name];
    return dataset?.kind === 'snapshot' ? [{ list: listOf(dataset, [field]), field }] : [];
  });
}
