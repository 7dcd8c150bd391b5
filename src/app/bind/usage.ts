/** What the definitions ask of a dataset: which measures, which fields, how long the windows are. */
import type { Dataset } from '../../config/model.ts';
import type { KpiDefinition, Measure, WindowSpec } from '../../core/definition/model.ts';
import { bindFilter, filterFields, filterLookups } from '../../core/filter/bind.ts';
import { splitLookups } from '../../core/filter/join.ts';
import type { Filter } from '../../core/filter/model.ts';
import { DAY } from '../../core/time/interval.ts';
import { filtersOf } from './bind.ts';

/** A measure over the dataset. */
export interface Use {
  readonly kpi: KpiDefinition;
  readonly name: string;
  readonly measure: Measure;
}

export const useName = ({ kpi, name }: Use): string => `${name} of ${kpi.id}`;

export function usesOf(dataset: string, definitions: readonly KpiDefinition[]): Use[] {
  return definitions.flatMap((kpi) =>
    Object.entries(kpi.measures)
      .filter(([, measure]) => measure.dataset === dataset)
      .map(([name, measure]) => ({ kpi, name, measure })),
  );
}

/** The fields that a measure's filters and aggregate read, by their standard names. */
export const measureFields = (measure: Measure): string[] => [
  ...filtersOf(measure).flatMap(filterFields),
  ...(measure.kind !== 'query' && 'field' in measure.aggregate ? [measure.aggregate.field] : []),
];

/** Standard field → who needs it, lookups from other datasets included. */
export function fieldsUsed(
  dataset: string,
  definitions: readonly KpiDefinition[],
): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  const add = (field: string, user: string) => fields.set(field, [...(fields.get(field) ?? []), user]);
  for (const kpi of definitions) {
    for (const [name, measure] of Object.entries(kpi.measures)) {
      const user = useName({ kpi, name, measure });
      const filters = filtersOf(measure);
      for (const lookup of filters.flatMap(filterLookups))
        if (lookup.dataset === dataset) add(lookup.field, user);
      if (measure.dataset !== dataset || measure.kind === 'query') continue;
      for (const field of new Set([...measureFields(measure), ...kpi.groupBy])) add(field, user);
    }
  }
  return fields;
}

/** All filters of a measure in the source's own words, as far as the source itself can test them. */
export const ownFilters = (measure: Measure, dataset: Dataset): Filter[] =>
  filtersOf(measure).map((filter) => ownFilter(filter, dataset));

/** Without what is looked up elsewhere. */
export const ownFilter = (filter: Filter, { fields, values }: Dataset): Filter =>
  bindFilter(splitLookups(filter).own, fields, values);

const DAYS = { day: 1, week: 7, month: 31, quarter: 92, year: 366 } as const;

/** The longest that a window may be. */
export const windowLength = (spec: WindowSpec): number =>
  spec.kind === 'rolling' ? spec.lengthMs : DAYS[spec.unit] * DAY;
