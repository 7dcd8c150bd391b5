import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distinctCount, distinctOf, mergeDistinct } from './distinct.ts';
import { decodeRegisters, HLL_STANDARD_ERROR } from './hyperloglog.ts';
import type { DistinctSet } from './tally.ts';

const LIMIT = 5;
const texts = fc.array(
  fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('a', 'b', 'c', 'A', '')),
  { maxLength: 12 },
);
const hosts = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `host-${from + index}`);
const hll = (set: DistinctSet): string => ('hll' in set ? set.hll : expect.fail('still exact'));

describe('a distinct set', () => {
  it('is exact up to its limit, and says its error beyond', () => {
    expect(distinctCount(distinctOf([...hosts(5), ...hosts(5)], 5))).toEqual({ value: 5 });
    const estimated = distinctCount(distinctOf(hosts(6), 5));
    expect(estimated.value).toBe(6);
    expect(estimated.relativeError).toBe(1.04 / 128);
  });

  it('is the set of all texts after any merge in any order, exact or not', () => {
    fc.assert(
      fc.property(texts, texts, texts, (a, b, c) => {
        const [x, y, z] = [distinctOf(a, LIMIT), distinctOf(b, LIMIT), distinctOf(c, LIMIT)];
        const all = distinctOf([...a, ...b, ...c], LIMIT);
        expect(mergeDistinct([z, y, x], LIMIT)).toEqual(all);
        expect(mergeDistinct([mergeDistinct([x, y], LIMIT), z], LIMIT)).toEqual(all);
        expect(mergeDistinct([x, mergeDistinct([y, z], LIMIT)], LIMIT)).toEqual(all);
      }),
      { numRuns: 100 },
    );
  });

  it('counts a text once, whichever sides of a merge are estimates', () => {
    const [exact, large] = [distinctOf(hosts(10), 10), distinctOf(hosts(2_000), 10)];
    expect(mergeDistinct([large, exact], 10)).toEqual(large);
    expect(mergeDistinct([large, large], 10)).toEqual(large);
    expect(mergeDistinct([large, distinctOf(hosts(1_500, 1_000), 10)], 10)).toEqual(
      distinctOf(hosts(2_500), 10),
    );
  });

  it('tells texts apart by case and never by order', () => {
    expect(distinctOf(['b', 'a', 'B'])).toEqual({ exact: ['B', 'a', 'b'] });
  });
});

describe('the estimate', () => {
  // 41,000 is where the estimator of 2007 changes its formula and is 2.5 % too high.
  it.each([100, 5_000, 20_000, 41_000, 60_000, 100_000])(
    'of %i texts is within 3.5 standard errors',
    (count) => {
      const { value } = distinctCount(distinctOf(hosts(count), 10));
      expect(Math.abs(value / count - 1)).toBeLessThan(3.5 * HLL_STANDARD_ERROR);
    },
  );

  it('is not biased where the formula of 2007 is', () => {
    const errors = Array.from({ length: 5 }, (_, run) => {
      const { value } = distinctCount(distinctOf(hosts(41_000, run * 1_000_000), 10));
      return value / 41_000 - 1;
    });
    expect(Math.abs(errors.reduce((sum, error) => sum + error, 0) / errors.length)).toBeLessThan(0.012);
  });
});

describe('the registers', () => {
  it('are those of an md5 read bit by bit, so that a source can compute them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 }), (list) => {
        const expected = new Uint8Array(2 ** 14);
        for (const text of list) {
          const digest = createHash('md5').update(text).digest();
          const bits = [...digest.subarray(0, 8)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
          const index = Number.parseInt(bits.slice(0, 14), 2);
          const rank = `${bits.slice(14)}1`.indexOf('1') + 1;
          expected[index] = Math.max(expected[index] ?? 0, rank);
        }
        expect(decodeRegisters(hll(distinctOf(list, 0)))).toEqual(expected);
      }),
    );
  });

  it('look at the second half of the 64 bits where the first half ends in zeros', () => {
    // md5: 8664000032c7b5e2…: after 14 bits of index follow 18 zeros and then 001.
    const registers = decodeRegisters(hll(distinctOf(['host-201500'], 0)));
    expect(registers[0x8664_0000 >>> 18]).toBe(21);
  });

  it('are base64: six bits each', () => {
    const text = hll(distinctOf(hosts(3_000), 0));
    const bytes = Buffer.from(text, 'base64');
    expect(bytes).toHaveLength((2 ** 14 * 6) / 8);
    expect(bytes.toString('base64')).toBe(text);
    const bits = [...bytes.subarray(0, 300)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const ranks = Array.from({ length: 400 }, (_, index) =>
      Number.parseInt(bits.slice(index * 6, index * 6 + 6), 2),
    );
    expect([...decodeRegisters(text).subarray(0, 400)]).toEqual(ranks);
  });
});
