/**
 * A tally is the mergeable content of a measure over a slice and a group. Merge is associative and commutative,
 * so slices may be folded in any grouping and still give the same value.
 */

/** What an events or snapshot measure computes. Field names are the dataset's standard (ECS) names in a definition, the source's own in a request. */
export type Aggregate =
  | { readonly type: 'count' }
  | { readonly type: 'sum' | 'min' | 'max' | 'mean' | 'distinct'; readonly field: string }
  | { readonly type: 'percentile'; readonly field: string; readonly percentile: number };

/**
 * A sum without rounding error: non-overlapping doubles, smallest first, whose exact sum is the value
 * (Shewchuk 1997, "Adaptive Precision Floating-Point Arithmetic"). One plain number in a list is such a sum too.
 * After a 0 may follow the sum of numbers from 2^970 on, in units of 2^54, so that no part of it overflows (`sum.ts`).
 */
export type ExactSum = readonly number[];

/** Log-bucket sketch (DDSketch: Masson, Rim, Lee, VLDB 2019). `gamma` names the table of edges: relative error (γ−1)/(γ+1). */
export interface Sketch {
  readonly gamma: '1%' | '5%';
  readonly zero: number;
  /** Bucket index → count: bucket i holds γ^(i−1) < x ≤ γ^i. */
  readonly positive: Readonly<Record<string, number>>;
  readonly negative: Readonly<Record<string, number>>;
}

/**
 * The exact set of canonical texts, sorted (`distinctOf` makes one), or beyond the limit a HyperLogLog over their
 * md5 (registers, base64, precision 14).
 */
export type DistinctSet = { readonly exact: readonly string[] } | { readonly hll: string };

/** A content that is absent is that of no values at all. */
export interface Tally {
  /** Events that matched the filter (all of them, also those that the aggregate left out). */
  readonly n: number;
  /** Events left out of a numeric aggregate: no number, or several values. Above 0 the slice is `partial`. */
  readonly skipped?: number;
  /** Of a mean: the events that gave a number (`n` also counts those without the field). */
  readonly values?: number;
  readonly sum?: ExactSum;
  readonly min?: number;
  readonly max?: number;
  readonly distinct?: DistinctSet;
  readonly sketch?: Sketch;
}

/** Group → tally. The key is the JSON array of the group's values as texts, `'[]'` where nothing groups; null is `"(none)"`. */
export type Tallies = Readonly<Record<string, Tally>>;

export const NO_GROUP = '[]';

/** Stands instead of a slice's groups where there were more than allowed: a window with it is `too-many-groups`. */
export const OVERFLOW = '*';
