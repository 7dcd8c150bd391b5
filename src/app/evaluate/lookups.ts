/** What `in` looks values up in: lists as they were at a window's end, and the values that occur among its events. */
import { filterLookups } from '../../core/filter/bind.ts';
import { canonicalText, type Lookups } from '../../core/filter/evaluate.ts';
import { OVERFLOW } from '../../core/measure/tally.ts';
import type { LookupInput, Reason } from '../../core/result/model.ts';
import type { DatasetFacts } from '../../core/result/quality.ts';
import type { Instant, Interval } from '../../core/time/interval.ts';
import type { Store } from '../../ports/store.ts';
import { type BoundKpi, type BoundMeasure, MAX_KEYS, type Occurrences } from '../bind/bind.ts';
import { filtersOf } from '../bind/filters-of.ts';
import { needsOf, type vanishedIn } from '../checks/absences.ts';
import type { SeriesIds } from '../series.ts';
import { type ControlFacts, factsWith, idOf, type KnownTo } from './facts.ts';
import { foldWithout } from './fold.ts';

export interface WindowLookups {
  readonly find: Lookups;
  /** A list that was not there yet. */
  readonly isMissing: boolean;
  /** Of the events that values are looked up in. */
  readonly facts: readonly DatasetFacts[];
  /** Up to when late data of those events was looked for. */
  readonly knownTo: Instant;
  readonly withheld: Reason | null;
}

interface LookupContext {
  readonly store: Store;
  readonly ids: SeriesIds;
  readonly controls: ControlFacts;
  readonly knownTo: KnownTo;
  readonly vanished: ReturnType<typeof vanishedIn>;
}

interface Column extends Omit<WindowLookups, 'find' | 'isMissing'> {
  readonly name: string;
  readonly values: ReadonlySet<string>;
}

export type LookUp = (kpi: BoundKpi, window: Interval) => Promise<WindowLookups>;

/** The columns that a KPI's filters look values up in, for one of its windows. */
export function lookupLoader(context: LookupContext): LookUp {
  return async (kpi, window) => {
    const lists = await listColumns(context, kpi, window.end);
    const columns = new Map(lists.columns);
    const facts: DatasetFacts[] = [];
    let knownTo = Number.POSITIVE_INFINITY;
    let withheld: Reason | null = null;
    for (const occurrences of kpi.occurrences) {
      const column = await occurringValues(context, kpi, occurrences, window);
      columns.set(column.name, column.values);
      facts.push(...column.facts);
      knownTo = Math.min(knownTo, column.knownTo);
      if (withheld === null || column.withheld === 'rolled-up') withheld = column.withheld;
    }
    const find: Lookups = (dataset, field) => columns.get(columnName(dataset, field)) ?? new Set();
    return { find, isMissing: lists.isMissing, facts, knownTo, withheld };
  };
}

const columnName = (dataset: string, field: string): string => `${dataset} ${field}`;

async function listColumns({ store }: LookupContext, { lookups }: BoundKpi, at: Instant) {
  const columns: (readonly [string, ReadonlySet<string>])[] = [];
  let isMissing = false;
  for (const { list, field } of lookups) {
    const found = await store.snapshot(list.key, at);
    isMissing ||= found === null;
    const values = (found?.rows ?? []).flatMap((row) => row[field] ?? []).filter((value) => value !== null);
    columns.push([columnName(list.dataset.name, field), new Set(values.map(canonicalText))]);
  }
  return { columns, isMissing };
}

/** The values of a field among the events of a window, without what is excluded from it. */
async function occurringValues(
  { store, ids, controls, knownTo, vanished }: LookupContext,
  kpi: BoundKpi,
  { dataset, field, keys, control }: Occurrences,
  window: Interval,
): Promise<Column> {
  const { exclusions } = kpi;
  const seriesId = idOf(keys, ids);
  const request = { seriesIds: [seriesId], grain: keys.grain, control: false };
  const folds = (await foldWithout(store, request, [window], exclusions)).get(seriesId) ?? [];
  const [known] = await controls(control, [window], exclusions);
  const facts = factsWith(known, folds);
  const found = Object.keys(folds[0]?.tallies ?? {});
  const isWide = found.length > MAX_KEYS || found.includes(OVERFLOW);
  const needed = needsOf(kpi).some(({ series }) => series === keys) ? [field] : [];
  const isVanished = (await vanished(kpi, control, needed))(window);
  return {
    name: columnName(dataset.name, field),
    values: new Set(isWide ? [] : found.flatMap(textsOf)),
    facts: [facts],
    knownTo: knownTo({ control, series: [keys] }, window, exclusions, facts),
    withheld: facts.isCut ? 'rolled-up' : isWide ? 'too-many-keys' : isVanished ? 'field-vanished' : null,
  };
}

/** The values in a group's key. */
export function textsOf(key: string): readonly string[] {
  const texts: unknown = JSON.parse(key);
  return Array.isArray(texts) ? texts.map(String) : [];
}

/** What is known of a dataset in a window, a list that its filter needs included. */
export const withLookups = (facts: DatasetFacts, lookups: WindowLookups): readonly DatasetFacts[] => [
  lookups.isMissing ? { ...facts, missing: Math.max(1, facts.wanted) } : facts,
  ...lookups.facts,
];

/** What one measure's filters look values up in, for the evidence. */
export function lookupInputs(
  { lookups, occurrences }: BoundKpi,
  { measure }: BoundMeasure,
  ids: SeriesIds,
): readonly LookupInput[] {
  const own = filtersOf(measure).flatMap(filterLookups);
  const isUsed = (dataset: string, field: string) =>
    own.some((one) => one.dataset === dataset && one.field === field);
  return [
    ...lookups
      .filter(({ list, field }) => isUsed(list.dataset.name, field))
      .map(({ list }) => ({ kind: 'snapshot' as const, dataset: list.dataset.name, snapshot: list.key })),
    ...occurrences
      .filter(({ dataset, field }) => isUsed(dataset.name, field))
      .map(({ dataset, keys }) => {
        return { kind: 'series' as const, dataset: dataset.name, series: idOf(keys, ids), grain: keys.grain };
      }),
  ];
}
