/** Measures as SQL aggregates, and their results as tallies. */
import type { Filter } from '../../src/core/filter/model.ts';
import { LN_GAMMA } from '../../src/core/measure/sketch.ts';
import { exactSum } from '../../src/core/measure/sum.ts';
import type { Tally } from '../../src/core/measure/tally.ts';
import type { MeasureRequest } from '../../src/ports/connector.ts';
import type { Cell } from './duckdb.ts';
import { type Field, numberOf } from './field.ts';
import { double, type Sql, sql } from './sql.ts';

/** The columns of a measure in the query of its grouping, and what their values say. */
export interface Columns {
  readonly select: readonly Sql[];
  readonly read: (values: readonly Cell[]) => Tally;
}

export function columnsOf(measure: MeasureRequest, condition: Sql, field: (name: string) => Field): Columns {
  const { aggregate } = measure;
  const where = filterClause(measure.where, condition);
  const n = sql`count(*)${where}`;
  if (aggregate.type === 'count' || aggregate.type === 'distinct') {
    return { select: [n], read: ([events]) => ({ n: Number(events) }) };
  }
  const number = numberOf(field(aggregate.field));
  switch (aggregate.type) {
    case 'sum':
      // fsum compensates for rounding.
      return {
        select: [n, sql`fsum(${number})${where}`],
        read: ([events, sum]) => ({ n: Number(events), sum: exactSum(sum === null ? [] : [Number(sum)]) }),
      };
    case 'mean':
      return {
        select: [n, sql`count(${number})${where}`, sql`fsum(${number})${where}`],
        read: ([events, values, sum]) => ({
          n: Number(events),
          values: Number(values),
          sum: exactSum(sum === null ? [] : [Number(sum)]),
        }),
      };
    case 'min':
    case 'max':
      return {
        select: [n, sql`${aggregate.type === 'min' ? sql`min` : sql`max`}(${number})${where}`],
        // Adding 0 turns -0 into 0.
        read: ([events, value]) =>
          value === null ? { n: Number(events) } : { n: Number(events), [aggregate.type]: Number(value) + 0 },
      };
    case 'percentile':
      return { select: [n], read: ([events]) => ({ n: Number(events) }) };
  }
}

export function filterClause(where: Filter, condition: Sql): Sql {
  return where.op === 'everything' ? sql`` : sql` FILTER (WHERE ${condition})`;
}

/** The sign of a number, and the bucket of the sketch that it falls into (0 where it is 0). */
export function bucketOf(number: Sql): readonly [Sql, Sql] {
  const bucket = sql`CASE WHEN ${number} <> 0 THEN CAST(ceil(ln(abs(${number})) / ${double(LN_GAMMA['1%'])}) AS INTEGER) ELSE 0 END`;
  return [sql`CAST(sign(${number}) AS INTEGER)`, bucket];
}
