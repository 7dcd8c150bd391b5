/** What a measure tests. */
import type { Measure } from '../../core/definition/model.ts';
import type { Filter } from '../../core/filter/model.ts';

/** All filters of a measure. */
export function filtersOf(measure: Measure): Filter[] {
  if (measure.kind === 'query') return [];
  if (measure.kind === 'events') return [measure.where];
  const { where, aggregate, decidedWhen } = measure;
  const of = 'of' in aggregate && aggregate.of !== undefined ? [aggregate.of] : [];
  return [where, ...of, ...(decidedWhen === null ? [] : [decidedWhen])];
}
