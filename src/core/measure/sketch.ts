/**
 * Percentiles from log buckets: counts per bucket merge exactly, and a percentile read from them is within the
 * sketch's stated relative error. DDSketch: Masson, Rim, Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch
 * with Relative-Error Guarantees", VLDB 2019.
 */
import { Clause9Error } from '../errors.ts';
import type { Sketch } from './tally.ts';

export type Gamma = Sketch['gamma'];

/**
 * ln γ of each table of edges, where (γ−1)/(γ+1) is the relative error. Literals, so that a source computes the
 * same buckets in its own language: x > 0 falls into bucket ceil(ln(x) / LN_GAMMA), in doubles. Never change one:
 * stored sketches rest on it.
 */
export const LN_GAMMA: Readonly<Record<Gamma, number>> = {
  '1%': 0.020000666706669525,
  '5%': 0.10008345855698253,
};

const RELATIVE_ERROR: Readonly<Record<Gamma, number>> = { '1%': 0.01, '5%': 0.05 };

/** The relative error of a percentile read from the sketch: 0.01 or 0.05. */
export function sketchError(sketch: Sketch): number {
  return RELATIVE_ERROR[sketch.gamma];
}

/** The bucket i of a positive number: γ^(i−1) < x ≤ γ^i. */
export function bucketIndex(x: number, gamma: Gamma): number {
  return Math.ceil(Math.log(x) / LN_GAMMA[gamma]);
}

/** The middle of bucket i, 2·γ^i/(γ+1): within the relative error of all that is in it. */
function representative(index: number, gamma: Gamma): number {
  const ln = LN_GAMMA[gamma];
  // As one power, lest the edge of the topmost bucket overflow.
  return Math.exp(index * ln - Math.log((Math.exp(ln) + 1) / 2));
}

/** The sketch of finite numbers. */
export function sketchOf(numbers: Iterable<number>, gamma: Gamma): Sketch {
  let zero = 0;
  const positive: Record<string, number> = {};
  const negative: Record<string, number> = {};
  for (const x of numbers) {
    if (x === 0) zero++;
    else add(x > 0 ? positive : negative, String(bucketIndex(Math.abs(x), gamma)), 1);
  }
  return { gamma, zero, positive, negative };
}

function add(buckets: Record<string, number>, index: string, count: number): void {
  buckets[index] = (buckets[index] ?? 0) + count;
}

/** The sketch of all their numbers. Throws where they have different edges: such counts don't belong together. */
export function mergeSketches(first: Sketch, others: readonly Sketch[]): Sketch {
  let zero = first.zero;
  const positive: Record<string, number> = { ...first.positive };
  const negative: Record<string, number> = { ...first.negative };
  for (const other of others) {
    if (other.gamma !== first.gamma) throw unequal(first.gamma, other.gamma);
    zero += other.zero;
    for (const [index, count] of Object.entries(other.positive)) add(positive, index, count);
    for (const [index, count] of Object.entries(other.negative)) add(negative, index, count);
  }
  return { gamma: first.gamma, zero, positive, negative };
}

function unequal(a: Gamma, b: Gamma): Clause9Error {
  return new Clause9Error(
    `Can't merge percentile sketches of ${a} and ${b} error: their buckets have different edges`,
    {
      help: 'Read the slices of the coarser one again, or all of them.',
    },
  );
}

/** How many numbers the sketch holds. */
export function sketchCount(sketch: Sketch): number {
  return sketch.zero + total(sketch.positive) + total(sketch.negative);
}

function total(buckets: Readonly<Record<string, number>>): number {
  return Object.values(buckets).reduce((sum, count) => sum + count, 0);
}

/** 1-based rank of a percentile (0 to 100) among n values: the smallest rank with at least that share at or below it. */
export function nearestRank(percentile: number, n: number): number {
  // percentile · n / 100 may come out a rounding error above a whole number, as 0.07 % of 10,000 does.
  return Math.max(1, Math.ceil(((percentile * n) / 100) * (1 - 2 ** -50)));
}

/** The percentile (0 to 100) by nearest rank, within the sketch's relative error; null where it holds nothing. */
export function quantile(sketch: Sketch, percentile: number): number | null {
  const n = sketchCount(sketch);
  if (n === 0) return null;
  let left = nearestRank(percentile, n);
  for (const [index, count] of sorted(sketch.negative).reverse()) {
    left -= count;
    if (left <= 0) return -representative(index, sketch.gamma);
  }
  left -= sketch.zero;
  if (left <= 0) return 0;
  for (const [index, count] of sorted(sketch.positive)) {
    left -= count;
    if (left <= 0) return representative(index, sketch.gamma);
  }
  return null;
}

function sorted(buckets: Readonly<Record<string, number>>): [number, number][] {
  return Object.entries(buckets)
    .map(([index, count]): [number, number] => [Number(index), count])
    .sort(([a], [b]) => a - b);
}
