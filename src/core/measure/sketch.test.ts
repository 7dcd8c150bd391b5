import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bucketIndex,
  LN_GAMMA,
  mergeSketches,
  nearestRank,
  quantile,
  sketchCount,
  sketchError,
  sketchOf,
} from './sketch.ts';

const gammas = fc.constantFrom('1%' as const, '5%' as const);
const sizes = fc.oneof(
  fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
  fc.double({ min: 1e-300, max: Number.MAX_VALUE, noNaN: true }),
);
const numbers = fc.array(
  fc.oneof(
    sizes,
    sizes.map((x) => -x),
    fc.constant(0),
  ),
  { minLength: 1, maxLength: 60 },
);

const exactQuantile = (values: readonly number[], percentile: number): number =>
  values.toSorted((a, b) => a - b)[nearestRank(percentile, values.length) - 1] ?? Number.NaN;

describe('a percentile from a sketch', () => {
  it('is within the stated relative error of the exact one, for any numbers and percentile', () => {
    fc.assert(
      fc.property(
        numbers,
        fc.double({ min: 0, max: 100, noNaN: true }),
        gammas,
        (values, percentile, gamma) => {
          const sketch = sketchOf(values, gamma);
          const exact = exactQuantile(values, percentile);
          const error = Math.abs((quantile(sketch, percentile) ?? Number.NaN) - exact);
          expect(error).toBeLessThanOrEqual(sketchError(sketch) * Math.abs(exact) * (1 + 1e-9));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('of the largest double is a number', () => {
    const largest = quantile(sketchOf([Number.MAX_VALUE], '1%'), 50) ?? Number.NaN;
    expect(Math.abs(largest / Number.MAX_VALUE - 1)).toBeLessThanOrEqual(0.01);
  });

  it('of nothing is no number', () => {
    expect(quantile(sketchOf([], '1%'), 50)).toBeNull();
  });

  it.each([
    [50, 1, 1],
    [50, 2, 1],
    [50, 3, 2],
    [0, 10, 1],
    [100, 10, 10],
    [90, 10, 9],
    [90, 11, 10],
    [99.9, 1_000, 999],
    [0.07, 10_000, 7],
    [29, 100, 29],
    [99.99, 1_000_001, 999_901],
  ])('the %d th of %i values is the one of rank %i', (percentile, n, rank) => {
    expect(nearestRank(percentile, n)).toBe(rank);
  });
});

describe('the edges of buckets', () => {
  it.each([
    ['1%', 0.01],
    ['5%', 0.05],
  ] as const)('for %s are powers of (1 + α)/(1 − α)', (gamma, alpha) => {
    expect(LN_GAMMA[gamma]).toBeCloseTo(Math.log((1 + alpha) / (1 - alpha)), 15);
  });

  it('bucket i holds γ^(i−1) < x ≤ γ^i', () => {
    fc.assert(
      fc.property(sizes, gammas, (x, gamma) => {
        const index = bucketIndex(x, gamma);
        const exponent = Math.log(x) / LN_GAMMA[gamma];
        expect(index - 1 < exponent && exponent <= index).toBe(true);
      }),
    );
    expect(bucketIndex(1, '1%') + 0).toBe(0);
  });

  it.each([
    [1, 0],
    [1.02, 1],
    [1.03, 2],
    [0.99, 0],
    [60_000, 551],
  ])('with an error of 1%%, %d falls into bucket %i, today and ever', (x, index) => {
    expect(bucketIndex(x, '1%') + 0).toBe(index);
  });
});

describe('sketches merge', () => {
  it('to the sketch of all their numbers, however these were split and ordered', () => {
    fc.assert(
      fc.property(numbers, numbers, numbers, gammas, (a, b, c, gamma) => {
        const [x, y, z] = [sketchOf(a, gamma), sketchOf(b, gamma), sketchOf(c, gamma)];
        const all = sketchOf([...a, ...b, ...c], gamma);
        expect(mergeSketches(z, [x, y])).toEqual(all);
        expect(mergeSketches(mergeSketches(x, [y]), [z])).toEqual(all);
        expect(mergeSketches(x, [mergeSketches(y, [z])])).toEqual(all);
        expect(sketchCount(all)).toBe(a.length + b.length + c.length);
      }),
    );
  });

  it('only where their edges are the same', () => {
    expect(() => mergeSketches(sketchOf([1], '1%'), [sketchOf([1], '5%')])).toThrow(
      /1% and 5%.*different edges/,
    );
  });
});
