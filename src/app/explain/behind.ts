/** Which events or cases stand behind a number, as a source is asked for them by a person who wants to see them. */
import type { Dataset } from '../../config/model.ts';
import type { Measure } from '../../core/definition/model.ts';
import { bindFilter } from '../../core/filter/bind.ts';
import { splitLookups } from '../../core/filter/join.ts';
import { EVERYTHING, type Filter } from '../../core/filter/model.ts';
import { literalPattern } from '../../core/filter/pattern.ts';
import { join } from '../../core/filter/selection.ts';
import { NO_VALUE } from '../../core/measure/fold.ts';
import type { FieldType, FieldTypes } from '../../ports/connector.ts';

export type Group = Readonly<Record<string, string>>;

export interface Behind {
  /** In the source's own words, as far as the source can test it. */
  readonly where: Filter;
  /** What only clause9 can test: what is looked up elsewhere, in standard names; null: nothing. */
  readonly joined: Filter | null;
  /** The part of the group that stands under pseudonyms, which the source doesn't know. */
  readonly hidden: Group;
}

/** Of a query measure: all events of its dataset, since only the query knows which of them it took. */
export function behindMeasure(
  measure: Measure,
  group: Group | null,
  dataset: Dataset,
  types: FieldTypes,
): Behind {
  const { own, joined } =
    measure.kind === 'query' ? { own: EVERYTHING, joined: null } : splitLookups(measure.where);
  const { fields, values, pseudonymise = [] } = dataset;
  const entries = Object.entries(group ?? {});
  const tests = entries
    .filter(([field]) => !pseudonymise.includes(field))
    .map(([field, value]) => groupTest(field, value, types[fields[field] ?? field]));
  const parts = [own, ...tests].filter(({ op }) => op !== 'everything');
  const where = parts.length === 0 ? EVERYTHING : join('and', parts);
  const hidden = Object.fromEntries(entries.filter(([field]) => pseudonymise.includes(field)));
  return { where: bindFilter(where, fields, values), joined, hidden };
}

/** A group's value is the canonical text of what the field holds. */
function groupTest(field: string, value: string, type: FieldType | undefined): Filter {
  if (value === NO_VALUE) return { op: 'not', of: { op: 'test', field, predicate: { kind: 'exists' } } };
  if (type === 'number' && Number.isFinite(Number(value)))
    return { op: 'test', field, predicate: { kind: 'number', value: Number(value) } };
  if (type === 'boolean')
    return { op: 'test', field, predicate: { kind: 'boolean', value: value === 'true' } };
  return { op: 'test', field, predicate: { kind: 'text', pattern: literalPattern(value), cased: true } };
}
