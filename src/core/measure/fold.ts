/**
 * The reference aggregation: plain rows to tallies, tallies to tallies, tallies to values. Every connector is held
 * to it; snapshots are counted by it. Any split of the rows, merged in any order, gives the same value.
 */
import type { FieldValue, Row, Scalar } from '../filter/model.ts';
import { canonicalText, numericValue } from '../filter/value.ts';
import { distinctCount, distinctOf, MAX_DISTINCT, mergeDistinct } from './distinct.ts';
import { type Gamma, mergeSketches, quantile, sketchCount, sketchError, sketchOf } from './sketch.ts';
import { exactSum, exactValue, mergeAllExact } from './sum.ts';
import {
  type Aggregate,
  type DistinctSet,
  type ExactSum,
  NO_GROUP,
  type Sketch,
  type Tallies,
  type Tally,
} from './tally.ts';

type NumericAggregate = Exclude<Aggregate, { type: 'count' | 'distinct' }>;
type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface TallyOptions {
  /** The table of edges of a percentile's sketch; 1 % unless told. */
  readonly gamma?: Gamma;
  /** Texts that a distinct set keeps exactly. */
  readonly maxDistinct?: number;
}

/** The tally of no rows. */
export function emptyTally(aggregate: Aggregate): Tally {
  return tallyOfRows(aggregate, []);
}

/**
 * The tally of rows that matched the filter. A row without the field counts in `n` alone. Text that is a number in
 * full is that number; another value, or several, leave the row out of a numeric aggregate, and count as skipped.
 */
export function tallyOfRows(aggregate: Aggregate, rows: Iterable<Row>, options: TallyOptions = {}): Tally {
  if (aggregate.type === 'count') return { n: countOf(rows) };
  if (aggregate.type === 'distinct') {
    const texts = new Set<string>();
    let n = 0;
    for (const row of rows) {
      n++;
      for (const value of valuesOf(row[aggregate.field])) texts.add(canonicalText(value));
    }
    return { n, distinct: distinctOf(texts, options.maxDistinct) };
  }
  return numericTally(aggregate, rows, options);
}

/** The tally with one more row in it. */
export function addRow(aggregate: Aggregate, tally: Tally, row: Row, options: TallyOptions = {}): Tally {
  return mergeTally(tally, tallyOfRows(aggregate, [row], options), options.maxDistinct);
}

function countOf(rows: Iterable<Row>): number {
  let n = 0;
  for (const _ of rows) n++;
  return n;
}

/** A field's values; null is none. */
function valuesOf(value: FieldValue): readonly Scalar[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object') return [value];
  return value.filter((item) => item !== null);
}

function numericTally(aggregate: NumericAggregate, rows: Iterable<Row>, options: TallyOptions): Tally {
  const numbers: number[] = [];
  let [n, skipped] = [0, 0];
  for (const row of rows) {
    n++;
    const [value, ...more] = valuesOf(row[aggregate.field]);
    if (value === undefined) continue;
    const number = more.length > 0 ? null : numericValue(value);
    // Adding 0 turns -0 into 0, which is what a stored tally reads back as.
    if (number === null) skipped++;
    else numbers.push(number + 0);
  }
  const events = skipped > 0 ? { n, skipped } : { n };
  return { ...events, ...contentOf(aggregate, numbers, options.gamma ?? '1%') };
}

function contentOf({ type }: NumericAggregate, numbers: readonly number[], gamma: Gamma): Omit<Tally, 'n'> {
  if (type === 'sum') return { sum: exactSum(numbers) };
  if (type === 'mean') return { values: numbers.length, sum: exactSum(numbers) };
  if (numbers.length === 0) return {};
  if (type === 'min') return { min: numbers.reduce((a, b) => Math.min(a, b)) };
  if (type === 'max') return { max: numbers.reduce((a, b) => Math.max(a, b)) };
  return { sketch: sketchOf(numbers, gamma) };
}

/** The tally of both. Throws where their percentile sketches have different edges. */
export function mergeTally(a: Tally, b: Tally, maxDistinct: number = MAX_DISTINCT): Tally {
  return mergeAllTally([a, b], maxDistinct);
}

/** The tally of all: as `mergeTally` over the list, but each set and sketch is copied once. */
export function mergeAllTally(tallies: Iterable<Tally>, maxDistinct: number = MAX_DISTINCT): Tally {
  const merged: Writable<Tally> = { n: 0 };
  const sums: ExactSum[] = [];
  const distinct: DistinctSet[] = [];
  const sketches: Sketch[] = [];
  for (const tally of tallies) {
    merged.n += tally.n;
    if (tally.skipped !== undefined) merged.skipped = (merged.skipped ?? 0) + tally.skipped;
    if (tally.values !== undefined) merged.values = (merged.values ?? 0) + tally.values;
    if (tally.sum !== undefined) sums.push(tally.sum);
    if (tally.min !== undefined) merged.min = Math.min(merged.min ?? tally.min, tally.min);
    if (tally.max !== undefined) merged.max = Math.max(merged.max ?? tally.max, tally.max);
    if (tally.distinct !== undefined) distinct.push(tally.distinct);
    if (tally.sketch !== undefined) sketches.push(tally.sketch);
  }
  if (sums.length > 0) merged.sum = mergeAllExact(sums);
  if (distinct.length > 0) merged.distinct = mergeDistinct(distinct, maxDistinct);
  const [first, ...others] = sketches;
  if (first !== undefined) merged.sketch = mergeSketches(first, others);
  return merged;
}

/** Merges group by group; a group that only one of them has is kept. */
export function mergeTallies(a: Tallies, b: Tallies, maxDistinct: number = MAX_DISTINCT): Tallies {
  return mergeAllTallies([a, b], maxDistinct);
}

/** As `mergeTallies` over the list: the tallies of a window from those of its slices. */
export function mergeAllTallies(all: Iterable<Tallies>, maxDistinct: number = MAX_DISTINCT): Tallies {
  const groups = new Map<string, Tally[]>();
  for (const tallies of all) {
    for (const [key, tally] of Object.entries(tallies)) pushTo(groups, key, tally);
  }
  return mapGroups(groups, (list) => mergeAllTally(list, maxDistinct));
}

/** Rows by group to tallies by group. No rows: no groups, but one empty tally where nothing groups. */
export function talliesOfRows(
  aggregate: Aggregate,
  rows: Iterable<Row>,
  groupBy: readonly string[],
  options: TallyOptions = {},
): Tallies {
  if (groupBy.length === 0) return { [NO_GROUP]: tallyOfRows(aggregate, rows, options) };
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    for (const key of groupKey(row, groupBy)) pushTo(groups, key, row);
  }
  return mapGroups(groups, (list) => tallyOfRows(aggregate, list, options));
}

function pushTo<T>(groups: Map<string, T[]>, key: string, item: T): void {
  const list = groups.get(key);
  if (list === undefined) groups.set(key, [item]);
  else list.push(item);
}

function mapGroups<T>(groups: ReadonlyMap<string, T[]>, tallyOf: (list: T[]) => Tally): Tallies {
  return Object.fromEntries([...groups].map(([key, list]) => [key, tallyOf(list)]));
}

/** The text of a group field that has no value. */
export const NO_VALUE = '(none)';

/**
 * The groups that a row counts in, each as the JSON array of one text a field: every combination where fields have
 * several values, each once; `(none)` where a field has none.
 */
export function groupKey(row: Row, groupBy: readonly string[]): string[] {
  let groups: string[][] = [[]];
  for (const field of groupBy) {
    const texts = new Set(valuesOf(row[field]).map(canonicalText));
    if (texts.size === 0) texts.add(NO_VALUE);
    groups = groups.flatMap((group) => [...texts].map((text) => [...group, text]));
  }
  return groups.map((group) => JSON.stringify(group));
}

/** What the value rests on: the numbers of a mean or percentile, else the events. */
export function tallySample({ type }: Aggregate, tally: Tally): number {
  if (type === 'mean') return tally.values ?? 0;
  if (type === 'percentile') return tally.sketch === undefined ? 0 : sketchCount(tally.sketch);
  return tally.n;
}

/**
 * What a tally says: a count of events, a sum (0 of nothing, as a count is), or a number that is null where no
 * event gave a value. `relativeError` stands beside estimates only.
 */
export function tallyValue(
  aggregate: Aggregate,
  tally: Tally,
): { value: number | null; relativeError?: number } {
  switch (aggregate.type) {
    case 'count':
      return { value: tally.n };
    case 'sum':
      return { value: exactValue(tally.sum ?? []) };
    case 'mean':
      return { value: tally.values ? exactValue(tally.sum ?? []) / tally.values : null };
    case 'min':
      return { value: tally.min ?? null };
    case 'max':
      return { value: tally.max ?? null };
    case 'distinct':
      return distinctCount(tally.distinct ?? { exact: [] });
    case 'percentile':
      return tally.sketch === undefined
        ? { value: null }
        : { value: quantile(tally.sketch, aggregate.percentile), relativeError: sketchError(tally.sketch) };
  }
}
