/** Measures as SQL aggregates, and their results as tallies. */
import type { Filter } from '../../src/core/filter/model.ts';
import { LN_GAMMA } from '../../src/core/measure/sketch.ts';
import { exactSum } from '../../src/core/measure/sum.ts';
import type { Tally } from '../../src/core/measure/tally.ts';
import type { MeasureRequest } from '../../src/ports/connector.ts';
import type { Cell } from './duckdb.ts';
import { type Field, hasValue, numberOf } from './field.ts';
import { double, type Sql, sql } from './sql.ts';

export const GAMMA = '1%';

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
  const source = field(aggregate.field);
  const number = numberOf(source);
  const skipped = sql`count(*) FILTER (WHERE ${condition} AND ${number} IS NULL AND ${hasValue(source)})`;
  const events = (values: readonly Cell[]): { n: number; skipped?: number } => {
    const [all, out] = [Number(values[0]), Number(values[1])];
    return out > 0 ? { n: all, skipped: out } : { n: all };
  };
  switch (aggregate.type) {
    case 'sum':
    case 'mean': {
      // fsum compensates; the counts tell a mean of nothing.
      const select = [n, skipped, sql`count(${number})${where}`, sql`fsum(${number})${where}`];
      return {
        select,
        read: (values) => {
          const count = Number(values[2]);
          const sum = exactSum(count === 0 ? [] : [Number(values[3])]);
          return aggregate.type === 'sum'
            ? { ...events(values), sum }
            : { ...events(values), values: count, sum };
        },
      };
    }
    case 'min':
    case 'max': {
      const extreme = aggregate.type === 'min' ? sql`min` : sql`max`;
      return {
        select: [n, skipped, sql`${extreme}(${number})${where}`],
        // Adding 0 turns -0 into 0.
        read: (values) => ({
          ...events(values),
          ...(values[2] === null ? {} : { [aggregate.type]: Number(values[2]) + 0 }),
        }),
      };
    }
    case 'percentile':
      return { select: [n, skipped], read: events };
  }
}

export function filterClause(where: Filter, condition: Sql): Sql {
  return where.op === 'everything' ? sql`` : sql` FILTER (WHERE ${condition})`;
}

/** The sign of a number, and the bucket of the sketch that it falls into (0 where it is 0). */
export function bucketOf(number: Sql): readonly [Sql, Sql] {
  const bucket = sql`CASE WHEN ${number} <> 0 THEN CAST(ceil(ln(abs(${number})) / ${double(LN_GAMMA[GAMMA])}) AS INTEGER) ELSE 0 END`;
  return [sql`CAST(sign(${number}) AS INTEGER)`, bucket];
}
