/** The queries of one read: rows in time order by slice, each saying what a measure has in a slice and group. */
import type { Filter } from '../../src/core/filter/model.ts';
import { NO_VALUE } from '../../src/core/measure/fold.ts';
import { NO_GROUP, type Tally } from '../../src/core/measure/tally.ts';
import type { MeasureRequest } from '../../src/ports/connector.ts';
import { bucketOf, columnsOf, filterClause, GAMMA } from './aggregate.ts';
import type { Cell } from './duckdb.ts';
import { type Field, numberOf, valueTexts } from './field.ts';
import { compileFilter, type FilterContext } from './filter.ts';
import type { Relation } from './relation.ts';
import { identifier, int, join, type Sql, sql } from './sql.ts';

/** What one row says of one measure: a tally, or one distinct text. */
export interface Finding {
  readonly measure: MeasureRequest;
  readonly key: string;
  readonly content: Tally | string;
}

export interface SliceQuery {
  readonly statement: Sql;
  /** The first value of a row is the slice's number in the range. */
  readonly read: (values: readonly Cell[]) => Finding[];
}

export interface Scope {
  readonly relation: Relation;
  readonly context: FilterContext;
  /** The slice's number. */
  readonly slice: Sql;
  /** The rows of the request. */
  readonly within: Sql;
}

/** One query a grouping, and one more a field of it that is sketched or counted distinct. Without a grouping: measures of `[]`. */
export function queriesOf(scope: Scope, measures: readonly MeasureRequest[]): SliceQuery[] {
  const queries: SliceQuery[] = [];
  for (const group of byKey(measures, ({ groupBy }) => JSON.stringify(groupBy))) {
    queries.push(mainQuery(scope, group));
    const sketched = group.filter(({ aggregate }) => aggregate.type === 'percentile');
    for (const same of byKey(sketched, fieldOf)) queries.push(sketchQuery(scope, same));
    const distinct = group.filter(({ aggregate }) => aggregate.type === 'distinct');
    for (const same of byKey(distinct, fieldOf)) queries.push(distinctQuery(scope, same));
  }
  return queries;
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
function groupingOf({ relation, context, slice }: Scope, groupBy: readonly string[]): Grouping {
  const columns: Sql[] = [];
  let from = relation.from;
  for (const [i, name] of groupBy.entries()) {
    const field = context.field(name);
    if (field.one !== null && field.list === null) {
      columns.push(field.views(field.one).text);
    } else {
      const alias = identifier(`group_${i}`);
      from = sql`${from}, unnest(${orNull(valueTexts(field))}) AS ${alias}(value)`;
      columns.push(join([alias, identifier('value')], '.'));
    }
  }
  const select = [slice, ...columns];
  return {
    select,
    from,
    key: (values) =>
      groupBy.length === 0 ? NO_GROUP : JSON.stringify(groupBy.map((_, i) => values[i + 1] ?? NO_VALUE)),
  };
}

function orNull(list: Sql): Sql {
  return sql`CASE WHEN len(${list}) > 0 THEN ${list} ELSE [NULL] END`;
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
  return {
    statement: sql`SELECT ${join(select, ', ')} FROM ${grouping.from} WHERE ${wanted(scope, measures)} GROUP BY ALL ORDER BY 1`,
    read: (values) => {
      const key = grouping.key(values);
      let at = grouping.select.length;
      return measures.flatMap((measure, i) => {
        const column = columns[i];
        if (column === undefined) return [];
        const content = column.read(values.slice(at, at + column.select.length));
        at += column.select.length;
        return content.n > 0 ? [{ measure, key, content }] : [];
      });
    },
  };
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
    read: (values) => {
      const key = grouping.key(values);
      return measures.flatMap((measure, i) => {
        const count = Number(values[first + 2 + i]);
        return count > 0
          ? [{ measure, key, content: bucketTally(Number(values[first]), Number(values[first + 1]), count) }]
          : [];
      });
    },
  };
}

function bucketTally(sign: number, bucket: number, count: number): Tally {
  const buckets = { [String(bucket)]: count };
  const sketch = { gamma: GAMMA, zero: 0, positive: {}, negative: {} } as const;
  if (sign === 0) return { n: 0, sketch: { ...sketch, zero: count } };
  return { n: 0, sketch: sign > 0 ? { ...sketch, positive: buckets } : { ...sketch, negative: buckets } };
}

function distinctQuery(scope: Scope, measures: readonly MeasureRequest[]): SliceQuery {
  const grouping = groupingOf(scope, groupByOf(measures));
  const field = soleField(scope, measures);
  const values = valueTexts(field);
  const flags = measures.map(({ where }) => sql`bool_or(${compileFilter(where, scope.context)})`);
  const select = [...grouping.select, sql`item.value`, ...flags];
  const first = grouping.select.length;
  return {
    statement: sql`SELECT ${join(select, ', ')} FROM ${grouping.from}, unnest(${values}) AS item(value) WHERE ${wanted(scope, measures)} GROUP BY ALL ORDER BY 1`,
    read: (row) => {
      const key = grouping.key(row);
      const content = String(row[first]);
      return measures.flatMap((measure, i) =>
        row[first + 1 + i] === true ? [{ measure, key, content }] : [],
      );
    },
  };
}

function soleField({ context }: Scope, measures: readonly MeasureRequest[]): Field {
  const [first] = measures;
  if (first === undefined) throw new Error('a query needs a measure');
  return context.field(fieldOf(first));
}

/** The fields that a filter names. */
export function fieldsOf(filter: Filter): string[] {
  switch (filter.op) {
    case 'everything':
      return [];
    case 'test':
      return [filter.field];
    case 'not':
      return fieldsOf(filter.of);
    default:
      return filter.of.flatMap(fieldsOf);
  }
}

/** All events of each slice, filters aside: their number, the newest arrival, and what changes with their content. */
export function censusOf({ relation, slice, within }: Scope, ingested: Sql | null): Sql {
  return sql`SELECT ${slice}, count(*), ${ingested === null ? sql`NULL` : sql`max(${ingested})`}, CAST(sum(${relation.hash}) AS VARCHAR) FROM ${relation.from} WHERE ${within} GROUP BY ALL ORDER BY 1`;
}

export function sliceOf(instant: Sql, start: number, grain: number): Sql {
  return sql`CAST((${instant} - ${int(start)}) // ${int(grain)} AS INTEGER)`;
}
