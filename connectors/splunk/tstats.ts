/**
 * What the index alone can answer: counts and distinct values over indexed fields or those of a data model. `tstats`
 * knows no filter of ours, so it groups by every field that they need; the reference evaluator goes through the groups.
 */
import { filterFields } from '../../src/core/filter/bind.ts';
import { compileFilter } from '../../src/core/filter/evaluate.ts';
import type { Row } from '../../src/core/filter/model.ts';
import { hashOf } from '../../src/core/hash.ts';
import { groupKey } from '../../src/core/measure/fold.ts';
import type { MeasureRequest } from '../../src/ports/connector.ts';
import { addText, type GroupFold } from '../shared/fold.ts';
import type { Base } from './base.ts';
import { FIELD_NAME } from './options.ts';
import { countIn, numberIn, type ResultRow } from './row.ts';
import { Uncounted } from './slice-folds.ts';
import type { GroupOf, Scope, SliceSearch } from './slice-searches.ts';
import { join, number, type Spl, spl, text, written } from './spl.ts';
import { spanOf } from './time.ts';

/** What every data model has, whatever its own fields. */
const COMMON = ['host', 'source', 'sourcetype'];

export function isIndexed({ options: { indexed, datamodel } }: Base, measure: MeasureRequest): boolean {
  if (indexed === undefined && datamodel === undefined) return false;
  if (measure.aggregate.type !== 'count' && measure.aggregate.type !== 'distinct') return false;
  const root = datamodel?.split('.')[1];
  return fieldsOf(measure).every((field) =>
    root === undefined
      ? indexed?.includes(field) === true
      : COMMON.includes(field) || (field.startsWith(`${root}.`) && FIELD_NAME.test(field)),
  );
}

/** All that a measure looks at, by the source's own names. */
export function fieldsOf({ where, groupBy, aggregate }: MeasureRequest): string[] {
  const own = aggregate.type === 'count' ? [] : [aggregate.field];
  return [...new Set([...groupBy, ...filterFields(where), ...own])].sort();
}

/** The census, then one search for each grouping and each field whose distinct values are wanted. */
export function indexedSearches(
  scope: Scope,
  measures: readonly MeasureRequest[],
  maxDistinct: number,
): SliceSearch[] {
  const groups = Map.groupBy(measures, ({ groupBy, aggregate }) =>
    JSON.stringify([groupBy, aggregate.type === 'distinct' ? aggregate.field : null]),
  );
  return [
    { ...search(scope, [], [], maxDistinct), census: true },
    ...[...groups.values()].flatMap(packed).map((some) => {
      const fields = [...new Set(some.flatMap(fieldsOf))].sort();
      return search(scope, fields, some, maxDistinct);
    }),
  ];
}

/** Beyond it the combinations of values could be as many as the events. */
const MOST_FIELDS = 4;

/** Measures that are read together: their fields are few. */
function packed(measures: readonly MeasureRequest[]): MeasureRequest[][] {
  const packs: { readonly fields: Set<string>; readonly measures: MeasureRequest[] }[] = [];
  for (const measure of measures) {
    const fields = fieldsOf(measure);
    const pack = packs.find((one) => {
      const together = new Set([...one.fields, ...fields]).size;
      return together === one.fields.size || together <= MOST_FIELDS;
    });
    if (pack === undefined) packs.push({ fields: new Set(fields), measures: [measure] });
    else {
      for (const field of fields) pack.fields.add(field);
      pack.measures.push(measure);
    }
  }
  return packs.map((pack) => pack.measures);
}

/** A field that no event has: whether `fillnull_value` is at work shows in it. */
const NOWHERE = spl`c9_nowhere`;

function search(
  scope: Scope,
  fields: readonly string[],
  measures: readonly MeasureRequest[],
  maxDistinct: number,
): SliceSearch {
  // Nothing that an event could hold.
  const none = `c9_none_${hashOf({ fields, asOf: scope.asOf, grain: scope.grain }).slice(0, 16)}`;
  const takes = measures.map((measure) => takerOf(measure, maxDistinct));
  const isCensus = measures.length === 0;
  return {
    census: false,
    whole: true,
    spl: searchFor(scope, isCensus ? null : { fields, none }),
    take: (row, groupOf) => {
      requireSound(row, scope, isCensus ? null : none);
      const values = valuesOf(row, fields, none);
      for (const take of takes) take(values, countIn(row, 'c9_n'), groupOf);
    },
  };
}

function searchFor(
  { base: { tstats }, grain, asOf }: Scope,
  by: { readonly fields: readonly string[]; readonly none: string } | null,
): Spl {
  const [seconds, span] = [number(grain / 1000), number(spanOf(grain))];
  const keys = by === null ? [] : [NOWHERE, ...by.fields.map(written)];
  const fill = by === null ? spl`` : spl`fillnull_value=${text(by.none)} `;
  const counted = spl`count AS c9_n, min(_indextime) AS c9_i0, max(_indextime) AS c9_i1`;
  const read = tstats === null ? spl`` : tstats(counted, fill);
  const before = spl` _index_latest=${number(Math.floor(asOf / 1000))}`;
  const slices = spl`eval c9_s=floor(_time/${seconds})*${seconds}, c9_off=_time-floor(_time/${span})*${span}`;
  const summed = spl`stats sum(c9_n) AS c9_n, min(c9_i0) AS c9_i0, max(c9_i1) AS c9_i1, max(c9_off) AS c9_off`;
  return spl`${read}${before} BY ${join([spl`_time span=${span}s`, ...keys], ' ')} | ${slices} | ${summed} BY ${join([spl`c9_s`, ...keys], ' ')}`;
}

/** Spans that begin where they should, events that had come in, and a value for every field. */
function requireSound(row: ResultRow, { asOf }: Scope, none: string | null): void {
  const problem =
    numberIn(row, 'c9_off') !== 0
      ? 'its spans do not begin where slices do'
      : (numberIn(row, 'c9_i1') ?? Number.POSITIVE_INFINITY) >= Math.floor(asOf / 1000)
        ? 'it holds events that had not come in, or does not know when they did'
        : none !== null && row[NOWHERE.spl] !== none
          ? 'it leaves out events without a value'
          : null;
  if (problem !== null) throw new Uncounted(`tstats can't be used: ${problem}`, { retryable: true });
}

function valuesOf(row: ResultRow, fields: readonly string[], none: string): Row {
  return Object.fromEntries(
    fields.map((field) => {
      const value = row[field] ?? null;
      return [field, value === none || value === '' ? null : value];
    }),
  );
}

type Take = (values: Row, events: number, groupOf: GroupOf) => void;

function takerOf(measure: MeasureRequest, maxDistinct: number): Take {
  const { aggregate, groupBy } = measure;
  const passes = compileFilter(measure.where);
  return (values, events, groupOf) => {
    if (!passes(values)) return;
    const text = aggregate.type === 'distinct' ? (values[aggregate.field] ?? null) : null;
    for (const key of groupKey(values, groupBy)) {
      const group = groupOf(measure, key);
      if (group === null) continue;
      addEvents(group, events);
      if (text !== null) addText(group, String(text), maxDistinct);
    }
  };
}

function addEvents({ tallies }: GroupFold, events: number): void {
  const [first] = tallies;
  tallies[0] = { ...first, n: (first?.n ?? 0) + events };
}
