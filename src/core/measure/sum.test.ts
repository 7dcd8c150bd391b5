import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addExact, exactSum, exactValue, mergeExact } from './sum.ts';
import type { ExactSum } from './tally.ts';

const UNIT = 1074n;

/** A finite double as a whole number of 2^-1074, the smallest double: exact. */
function toUnits(x: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Math.abs(x));
  const raw = bits.getBigUint64(0);
  const exponent = raw >> 52n;
  const fraction = raw & ((1n << 52n) - 1n);
  const units = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return x < 0 ? -units : units;
}

/** The double nearest to a number of units, half to even: the reference that shares nothing with the code. */
function fromUnits(units: bigint): number {
  if (units < 0n) return -fromUnits(-units);
  let shift = BigInt(units.toString(2).length) - 53n;
  if (shift <= 0n) return Number(units) * 2 ** -1074;
  let mantissa = units >> shift;
  const rest = units - (mantissa << shift);
  const half = 1n << (shift - 1n);
  if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa += 1n;
  // 2^shift alone may be no double though the product is one.
  for (; shift > UNIT; shift--) mantissa *= 2n;
  return Number(mantissa) * 2 ** Number(shift - UNIT);
}

const reference = (numbers: readonly number[]): number =>
  fromUnits(numbers.reduce((sum, x) => sum + toUnits(x), 0n));

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const awkward = fc.oneof(
  finite,
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.constantFrom(1e16, 1, -1, 2 ** 53, 0.1, 2 ** -53, 2 ** -54, -(2 ** -54), 5e-324, -5e-324, 1e100, -1e100),
  fc.constantFrom(
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    2 ** 1023,
    -(2 ** 1023),
    2 ** 970,
    2 ** 969,
    -(2 ** 970),
    2 ** 917,
  ),
);
const lists = fc.array(awkward, { maxLength: 30 });

describe('a sum is exact', () => {
  it('is the double nearest to the true sum, also past overflow and back', () => {
    fc.assert(
      fc.property(lists, (numbers) => {
        expect(exactValue(exactSum(numbers)) + 0).toBe(reference(numbers) + 0);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    [[], 0],
    [[0.1, 0.2, 0.3], 0.6],
    [[1e16, 1, -1e16], 1],
    [[1e308, 1e308, -1e308], 1e308],
    [[Number.MAX_VALUE, Number.MAX_VALUE], Number.POSITIVE_INFINITY],
    [[-Number.MAX_VALUE, -Number.MAX_VALUE, -1], Number.NEGATIVE_INFINITY],
    [[Number.MAX_VALUE, 2 ** 969], Number.MAX_VALUE],
    [[Number.MAX_VALUE, 2 ** 970], Number.POSITIVE_INFINITY],
    // Half a unit above the largest double, less a remainder that scaling down would lose.
    [[Number.MAX_VALUE, 2 ** 970, 2 ** -1060, -(2 ** -990) - 2 ** -1042], Number.MAX_VALUE],
    [[1, 2 ** -53], 1],
    [[1, 2 ** -53, 5e-324], 1 + 2 ** -52],
    [[5e-324, Number.MAX_VALUE, -Number.MAX_VALUE], 5e-324],
  ])('of %j is %d', (numbers, value) => {
    expect(exactValue(exactSum(numbers))).toBe(value);
  });

  it('merges associatively and commutatively in value, through its stored form', () => {
    const stored = (sum: ExactSum): ExactSum => JSON.parse(JSON.stringify(sum));
    fc.assert(
      fc.property(lists, lists, lists, (a, b, c) => {
        const [x, y, z] = [exactSum(a), exactSum(b), exactSum(c)];
        const value = exactValue(mergeExact(mergeExact(x, y), z));
        expect(exactValue(mergeExact(stored(x), mergeExact(stored(y), stored(z))))).toBe(value);
        expect(exactValue(mergeExact(z, mergeExact(y, x)))).toBe(value);
        expect(value + 0).toBe(reference([...a, ...b, ...c]) + 0);
      }),
      { numRuns: 500 },
    );
  });

  it('grows by one number as by many', () => {
    fc.assert(
      fc.property(lists, (numbers) => {
        expect(numbers.reduce<ExactSum>(addExact, [])).toEqual(exactSum(numbers));
      }),
    );
  });

  it("takes a source's own sum, one plain number, as it is", () => {
    expect(exactValue(mergeExact([0], [0.5]))).toBe(0.5);
    expect(exactValue(mergeExact([1e300], [1e300]))).toBe(2e300);
  });

  it('stays short however much it adds', () => {
    const numbers = Array.from({ length: 20_000 }, (_, index) => (index * 0.1) ** 3);
    expect(exactSum(numbers).length).toBeLessThan(6);
    expect(exactSum(numbers.map(() => Number.MAX_VALUE)).length).toBeLessThan(6);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('refuses %d', (x) => {
    expect(() => addExact([], x)).toThrow(/Can't sum/);
  });
});
