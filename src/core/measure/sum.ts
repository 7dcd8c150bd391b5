/**
 * Exact sums: adding and merging lose nothing, so the order of events, slices and merges can't change a sum. Only
 * reading the value rounds, once. Shewchuk 1997, "Adaptive Precision Floating-Point Arithmetic"; the rounding is
 * that of Python's math.fsum.
 */
import { Clause9Error } from '../errors.ts';
import type { ExactSum } from './tally.ts';

/** 2^53 numbers below this can't overflow. Larger ones are summed apart, scaled down (a scaling that loses nothing). */
const LARGE = 2 ** 970;
const SCALE = 2 ** 54;

interface Parts {
  readonly small: number[];
  readonly large: number[];
}

function split(sum: ExactSum): Parts {
  const zero = sum.indexOf(0);
  return zero < 0
    ? { small: [...sum], large: [] }
    : { small: sum.slice(0, zero), large: sum.slice(zero + 1) };
}

function join({ small, large }: Parts): ExactSum {
  return large.length === 0 ? compressed(small) : [...compressed(small), 0, ...compressed(large)];
}

/** The same sum in few numbers, each as full as can be: growing leaves many of a few bits (Shewchuk's COMPRESS). */
function compressed(parts: readonly number[]): number[] {
  const full: number[] = [];
  let carry = parts.at(-1) ?? 0;
  for (const part of parts.slice(0, -1).reverse()) {
    const high = carry + part;
    const low = part - (high - carry);
    if (low !== 0) full.push(high);
    carry = low === 0 ? high : low;
  }
  const result: number[] = [];
  for (const part of full.reverse()) {
    const high = part + carry;
    const low = carry - (high - part);
    if (low !== 0) result.push(low);
    carry = high;
  }
  return carry === 0 ? result : [...result, carry];
}

/** Adds a number to a list of non-overlapping ones, in place; the sum of the list stays exact. */
function grow(parts: number[], x: number): void {
  let kept = 0;
  let carry = x;
  for (const part of parts) {
    const high = carry + part;
    const low = Math.abs(carry) < Math.abs(part) ? carry - (high - part) : part - (high - carry);
    if (low !== 0) parts[kept++] = low;
    carry = high;
  }
  parts.length = kept;
  if (carry !== 0) parts.push(carry);
}

function addTo({ small, large }: Parts, x: number): void {
  if (!Number.isFinite(x)) {
    throw new Clause9Error(`Can't sum ${x}`, {
      help: 'A reader must leave out, and count, what is no finite number.',
    });
  }
  if (Math.abs(x) < LARGE) grow(small, x);
  else grow(large, x / SCALE);
}

/** The exact sum of numbers. Throws on NaN and infinities. */
export function exactSum(numbers: Iterable<number>): ExactSum {
  const parts: Parts = { small: [], large: [] };
  for (const x of numbers) addTo(parts, x);
  return join(parts);
}

/** The sum with one more number in it. Throws on NaN and infinities. */
export function addExact(sum: ExactSum, x: number): ExactSum {
  const parts = split(sum);
  addTo(parts, x);
  return join(parts);
}

/** The sum of both. */
export function mergeExact(a: ExactSum, b: ExactSum): ExactSum {
  return mergeAllExact([a, b]);
}

/** The sum of all. */
export function mergeAllExact(sums: Iterable<ExactSum>): ExactSum {
  const parts: Parts = { small: [], large: [] };
  for (const sum of sums) {
    const { small, large } = split(sum);
    for (const x of small) addTo(parts, x);
    for (const x of large) grow(parts.large, x);
  }
  return join(parts);
}

/** The double nearest to the sum; ±Infinity where it is beyond them all. */
export function exactValue(sum: ExactSum): number {
  const { small, large } = split(sum);
  if (large.length === 0) return rounded(small);
  const whole = [...small];
  for (const x of large) grow(whole, x * SCALE);
  if (whole.every(Number.isFinite)) return rounded(whole);
  // The value is near or beyond the largest double. Of a number too small to be scaled down only its sign can matter.
  for (const x of small.reverse()) {
    const scaled = x / SCALE;
    const kept = scaled * SCALE === x;
    grow(large, kept ? scaled : Math.sign(x) * Number.MIN_VALUE);
    if (!kept) break;
  }
  return rounded(large) * SCALE;
}

/** The sum of non-overlapping numbers, smallest first, rounded half to even. */
function rounded(parts: readonly number[]): number {
  let index = parts.length - 1;
  let high = parts[index] ?? 0;
  let low = 0;
  while (index > 0 && low === 0) {
    index--;
    const part = parts[index] ?? 0;
    const sum = high + part;
    low = part - (sum - high);
    high = sum;
  }
  // A remainder of exactly half a unit was rounded to even; what is below it may tip it over.
  const below = parts[index - 1] ?? 0;
  if (index > 0 && low !== 0 && low < 0 === below < 0) {
    const tipped = high + low * 2;
    if (tipped - high === low * 2) return tipped;
  }
  return high;
}
