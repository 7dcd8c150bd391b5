/** The queries of one read: rows in time order by slice, each saying what a measure has in a slice and group. */
import { NO_VALUE } from '../../src/core/measure/fold.ts';
import { NO_GROUP } from '../../src/core/measure/tally.ts';
import type { MeasureRequest } from '../../src/ports/connector.ts';
import { addBucket, addText, type GroupFold } from '../shared/fold.ts';
import { bucketOf, columnsOf, filterClause } from './aggregate.ts';
import type { Cell } from './duckdb.ts';
import { type Field, hasValue, numberOf, qualified, valueTexts } from './field.ts';
import { compileFilter, type FilterContext } from './filter.ts';
import type { Relation } from './relation.ts';
import { identifier, int, join, known, type Sql, sql } from './sql.ts';

/** Where to put what a row says of a measure in a group; null: nowhere. */
export type GroupOf = (measure: MeasureRequest, key: string) => GroupFold | null;

export interface SliceQuery {
  readonly statement: Sql;
  /** The first value of a row is the slice's number in the range; this takes in the others. */
  readonly take: (values: readonly Cell[], groupOf: GroupOf) => void;
}

export interface Scope {
  readonly relation: Relation;
  readonly context: FilterContext;
  /** The slice's number. */
  readonly slice: Sql;
  /** The rows of the request. */
  readonly within: Sql;
}

/**
 * One query a grouping, and one more a field of it that is sketched, counted distinct, or may hold what is no
 * number. Without a grouping: measures of `[]`.
 */
export function queriesOf(
  scope: Scope,
  measures: readonly MeasureRequest[],
  maxDistinct: number,
): SliceQuery[] {
  return byKey(measures, ({ groupBy }) => JSON.stringify(groupBy)).flatMap((group) => {
    const numeric = group.filter(
      ({ aggregate }) => aggregate.type !== 'count' && aggregate.type !== 'distinct',
    );
    const sketched = group.filter(({ aggregate }) => aggregate.type === 'percentile');
    const distinct = group.filter(({ aggregate }) => aggregate.type === 'distinct');
    return [
      mainQuery(scope, group),
      ...byKey(numeric, fieldOf).flatMap((same) => skippedQuery(scope, same) ?? []),
      ...byKey(sketched, fieldOf).map((same) => sketchQuery(scope, same)),
      ...byKey(distinct, fieldOf).map((same) => distinctQuery(scope, same, maxDistinct)),
    ];
  });
}

function byKey(
  measures: readonly MeasureRequest[],
  key: (measure: MeasureRequest) => string,
): MeasureRequest[][] {
  return [...Map.groupBy(measures, key).values()];
}

function fieldOf({ aggregate }: MeasureRequest): string {
  return aggregate.type === 'count' ? '' : aggregate.field;
}

interface Grouping {
  readonly select: readonly Sql[];
  readonly from: Sql;
  readonly key: (values: readonly Cell[]) => string;
}

/** A field that may have several values is unnested: such a row counts in each of its groups. */
function groupingOf({ relation, context, slice, within }: Scope, groupBy: readonly string[]): Grouping {
  const columns: Sql[] = [];
  let from = relation.from;
  for (const [i, name] of groupBy.entries()) {
    const field = context.field(name);
    const each = eachOf(from, within, field, orNull(valueTexts(field)), identifier(`c9_key_${i}`));
    columns.push(each.value);
    from = each.from;
  }
  return {
    select: [slice, ...columns],
    from,
    key: (values) =>
      groupBy.length === 0 ? NO_GROUP : JSON.stringify(groupBy.map((_, i) => values[i + 1] ?? NO_VALUE)),
  };
}

function orNull(list: Sql): Sql {
  return sql`CASE WHEN len(${list}) > 0 THEN ${list} ELSE [NULL] END`;
}

/** The rows once an item of the list; a field that always has one value needs no list. */
function eachOf(
  from: Sql,
  within: Sql,
  { one, list, views }: Field,
  items: Sql,
  name: Sql,
): { readonly from: Sql; readonly value: Sql } {
  if (one !== null && list === null) return { from, value: views(one).text };
  return {
    from: sql`(SELECT r.*, unnest(${items}) AS ${name} FROM ${from} WHERE ${within}) AS r`,
    value: qualified(name),
  };
}

function groupByOf(measures: readonly MeasureRequest[]): readonly string[] {
  return measures[0]?.groupBy ?? [];
}

/** Rows that no measure wants make no groups. */
function wanted(scope: Scope, measures: readonly MeasureRequest[]): Sql {
  if (measures.some(({ where }) => where.op === 'everything')) return scope.within;
  return sql`${scope.within} AND (${join(
    measures.map(({ where }) => compileFilter(where, scope.context)),
    ' OR ',
  )})`;
}

function mainQuery(scope: Scope, measures: readonly MeasureRequest[]): SliceQuery {
  const grouping = groupingOf(scope, groupByOf(measures));
  const columns = measures.map((measure) =>
    columnsOf(measure, compileFilter(measure.where, scope.context), scope.context.field),
  );
  const select = [...grouping.select, ...columns.flatMap((column) => column.select)];
  const where = groupByOf(measures).length === 0 ? scope.within : wanted(scope, measures);
  return {
    statement: sql`SELECT ${join(select, ', ')} FROM ${grouping.from} WHERE ${where} GROUP BY ALL ORDER BY 1`,
    take: (values, groupOf) => {
      const key = grouping.key(values);
      let at = grouping.select.length;
      for (const [i, measure] of measures.entries()) {
        const { select: own = [], read } = columns[i] ?? {};
        const content = read?.(values.slice(at, at + own.length));
        at += own.length;
        if (content !== undefined && content.n > 0) groupOf(measure, key)?.tallies.push(content);
      }
    },
  };
}

/** Events left out of numeric aggregates: few or none, so that they are counted apart. Null where there can't be any. */
function skippedQuery(scope: Scope, measures: readonly MeasureRequest[]): SliceQuery | null {
  const field = soleField(scope, measures);
  if (alwaysNumber(field)) return null;
  const grouping = groupingOf(scope, groupByOf(measures));
  const counts = measures.map(
    ({ where }) => sql`count(*)${filterClause(where, compileFilter(where, scope.context))}`,
  );
  const skipped = sql`${numberOf(field)} IS NULL AND ${known(hasValue(field))}`;
  return {
    statement: sql`SELECT ${join([...grouping.select, ...counts], ', ')} FROM ${grouping.from} WHERE ${scope.within} AND ${skipped} GROUP BY ALL ORDER BY 1`,
    take: (values, groupOf) => {
      const key = grouping.key(values);
      for (const [i, measure] of measures.entries()) {
        const count = Number(values[grouping.select.length + i]);
        if (count > 0) groupOf(measure, key)?.tallies.push({ n: 0, skipped: count });
      }
    },
  };
}

/** A column of whole numbers. */
function alwaysNumber({ one, list, views }: Field): boolean {
  return one !== null && list === null && views(one).integer !== null;
}

function sketchQuery(scope: Scope, measures: readonly MeasureRequest[]): SliceQuery {
  const grouping = groupingOf(scope, groupByOf(measures));
  const number = numberOf(soleField(scope, measures));
  const [sign, bucket] = bucketOf(number);
  const counts = measures.map(
    ({ where }) => sql`count(*)${filterClause(where, compileFilter(where, scope.context))}`,
  );
  const select = [...grouping.select, sign, bucket, ...counts];
  const first = grouping.select.length;
  return {
    statement: sql`SELECT ${join(select, ', ')} FROM ${grouping.from} WHERE ${wanted(scope, measures)} AND ${number} IS NOT NULL GROUP BY ALL ORDER BY 1`,
    take: (values, groupOf) => {
      const key = grouping.key(values);
      for (const [i, measure] of measures.entries()) {
        const count = Number(values[first + 2 + i]);
        const group = count > 0 ? groupOf(measure, key) : null;
        if (group !== null) addBucket(group, Number(values[first]), Number(values[first + 1]), count);
      }
    },
  };
}

function distinctQuery(scope: Scope, measures: readonly MeasureRequest[], maxDistinct: number): SliceQuery {
  const grouping = groupingOf(scope, groupByOf(measures));
  const field = soleField(scope, measures);
  const { from, value } = eachOf(
    grouping.from,
    scope.within,
    field,
    valueTexts(field),
    identifier('c9_value'),
  );
  // The condition of a single measure stands in WHERE already.
  const flags =
    measures.length === 1
      ? []
      : measures.map(({ where }) => sql`bool_or(${compileFilter(where, scope.context)})`);
  const first = grouping.select.length;
  return {
    statement: sql`SELECT ${join([...grouping.select, value, ...flags], ', ')} FROM ${from} WHERE ${wanted(scope, measures)} AND ${value} IS NOT NULL GROUP BY ALL ORDER BY 1`,
    take: (values, groupOf) => {
      const key = grouping.key(values);
      for (const [i, measure] of measures.entries()) {
        if (flags.length > 0 && values[first + 1 + i] !== true) continue;
        const group = groupOf(measure, key);
        if (group !== null) addText(group, String(values[first]), maxDistinct);
      }
    },
  };
}

function soleField({ context }: Scope, measures: readonly MeasureRequest[]): Field {
  const [first] = measures;
  if (first === undefined) throw new Error('a query needs a measure');
  return context.field(fieldOf(first));
}

/** All events of each slice, filters aside: their number, the newest arrival, and what changes with their content. */
export function censusOf({ relation, slice, within }: Scope, ingested: Sql | null): Sql {
  return sql`SELECT ${slice}, count(*), ${ingested === null ? sql`NULL` : sql`max(${ingested})`}, CAST(sum(${relation.hash}) AS VARCHAR) FROM ${relation.from} WHERE ${within} GROUP BY ALL ORDER BY 1`;
}

export function sliceOf(instant: Sql, start: number, grain: number): Sql {
  return sql`CAST((${instant} - ${int(start)}) // ${int(grain)} AS INTEGER)`;
}
