/** Measures as aggregates of `stats`, and their results as tallies. */
import { exactSum } from '../../src/core/measure/sum.ts';
import type { Tally } from '../../src/core/measure/tally.ts';
import type { MeasureRequest } from '../../src/ports/connector.ts';
import type { Columns } from './columns.ts';
import { numberIn, type ResultRow } from './row.ts';
import { join, type Spl, spl } from './spl.ts';

export interface Aggregates {
  /** The column that the aggregate comes in, once for all who ask for it. */
  add(aggregate: Spl, printed?: 'exact'): string;
  list(): Spl;
  /** Prints numbers with all their digits. */
  exact(): Spl;
}

export function createAggregates(): Aggregates {
  const aliases = new Map<string, { readonly alias: string; readonly exact: boolean }>();
  const all = () => [...aliases];
  return {
    add: (aggregate, printed) => {
      const known = aliases.get(aggregate.spl);
      if (known !== undefined) return known.alias;
      const alias = `c9_a${aliases.size}`;
      aliases.set(aggregate.spl, { alias, exact: printed === 'exact' });
      return alias;
    },
    list: () =>
      join(
        all().map(([aggregate, { alias }]) => ({ spl: `, ${aggregate} AS ${alias}` })),
        '',
      ),
    exact: () => {
      const exact = all().filter(([, one]) => one.exact);
      if (exact.length === 0) return spl``;
      return { spl: ` | eval ${exact.map(([, { alias }]) => `${alias}=exact(${alias})`).join(', ')}` };
    },
  };
}

export function countOf(columns: Columns, { where }: MeasureRequest, aggregates: Aggregates): string {
  const passes = columns.passes(where);
  return passes === null ? 'c9_n' : aggregates.add(spl`count(${passes})`);
}

export function tallyOf(
  measure: MeasureRequest,
  columns: Columns,
  aggregates: Aggregates,
): (row: ResultRow) => Tally {
  const { aggregate, where } = measure;
  const n = countOf(columns, measure, aggregates);
  if (aggregate.type === 'count' || aggregate.type === 'distinct')
    return (row) => ({ n: numberIn(row, n) ?? 0 });
  const passes = columns.passes(where);
  const among = (value: Spl): Spl =>
    passes === null ? value : columns.column(spl`if(isnotnull(${passes}), ${value}, null())`);
  const value = columns.number(aggregate.field);
  const wrong = columns.column(
    spl`if(isnull(${value}) AND isnotnull(${columns.field(aggregate.field)}), 1, null())`,
  );
  const skipped = aggregates.add(spl`count(${among(wrong)})`);
  const content = contentOf(aggregate.type, among(value), aggregates);
  return (row) => {
    const left = numberIn(row, skipped) ?? 0;
    return { n: numberIn(row, n) ?? 0, ...(left > 0 ? { skipped: left } : {}), ...content(row) };
  };
}

function contentOf(
  type: 'sum' | 'mean' | 'min' | 'max' | 'percentile',
  value: Spl,
  aggregates: Aggregates,
): (row: ResultRow) => Omit<Tally, 'n'> {
  switch (type) {
    case 'sum':
    case 'mean': {
      const sum = aggregates.add(spl`sum(${value})`, 'exact');
      const values = type === 'mean' ? aggregates.add(spl`count(${value})`) : null;
      return (row) => {
        const total = numberIn(row, sum);
        const content = { sum: exactSum(total === null ? [] : [total]) };
        return values === null ? content : { ...content, values: numberIn(row, values) ?? 0 };
      };
    }
    case 'min':
    case 'max': {
      const extreme = aggregates.add(type === 'min' ? spl`min(${value})` : spl`max(${value})`, 'exact');
      return (row) => {
        const found = numberIn(row, extreme);
        // Adding 0 turns -0 into 0.
        return found === null ? {} : { [type]: found + 0 };
      };
    }
    case 'percentile':
      return () => ({});
  }
}
