/** Ranges that a server counts make the very sketch that the core makes of the numbers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sketchOf } from '../../../src/core/measure/sketch.ts';
import { edgesOf, rangesOf, sketchOfRanges } from './edges.ts';

const extentOf = (magnitudes: readonly number[]): [number, number] | null =>
  magnitudes.length === 0 ? null : [Math.min(...magnitudes), Math.max(...magnitudes)];

describe('The ranges of a sketch', () => {
  it('hold each number in its own bucket, to the bit', () => {
    const number = fc.oneof(
      fc.double({ min: -1e9, max: 1e9, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-9),
      fc.integer({ min: -100_000, max: 100_000 }),
    );
    fc.assert(
      fc.property(fc.array(number, { maxLength: 60 }), (numbers) => {
        const edges = edgesOf({
          positive: extentOf(numbers.filter((x) => x > 0)),
          negative: extentOf(numbers.filter((x) => x < 0).map((x) => -x)),
        });
        const buckets = rangesOf(edges).map(({ from = -Infinity, to = Infinity }) => ({
          doc_count: numbers.filter((x) => x >= from && x < to).length,
        }));
        expect(sketchOfRanges(edges, { buckets }, numbers.length)).toEqual(sketchOf(numbers, '1%'));
      }),
    );
  });

  it('that leave out a number are an error', () => {
    const edges = edgesOf({ positive: [1, 2], negative: null });
    const buckets = rangesOf(edges).map(() => ({ doc_count: 0 }));
    expect(() => sketchOfRanges(edges, { buckets }, 1)).toThrow('do not add up');
  });
});
