import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Lifetimes, survivalAt, survivalPercentile } from './survival.ts';

const times = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 25 });
const lifetimes: fc.Arbitrary<Lifetimes> = fc.record({ ended: times, censored: times });

/** The estimator as the paper defines it, one factor a time of ending. */
function byDefinition({ ended, censored }: Lifetimes, time: number): number {
  return [...new Set(ended)]
    .filter((t) => t <= time)
    .reduce((product, t) => {
      const atRisk = [...ended, ...censored].filter((other) => other >= t).length;
      return product * (1 - ended.filter((other) => other === t).length / atRisk);
    }, 1);
}

describe('Kaplan–Meier', () => {
  it('estimates a known curve: 3 patients of 5 ending at 6, 19, 32, two lost at 13 and 31', () => {
    const known = { ended: [6, 19, 32], censored: [13, 31] };
    expect([5, 6, 18, 19, 31, 32].map((t) => survivalAt(known, t))).toEqual([
      1,
      4 / 5,
      4 / 5,
      expect.closeTo((4 / 5) * (2 / 3), 12),
      expect.closeTo((4 / 5) * (2 / 3), 12),
      0,
    ]);
  });

  it('is its definition, for any observations', () => {
    fc.assert(
      fc.property(lifetimes, fc.integer({ min: -1, max: 31 }), (observed, time) => {
        expect(survivalAt(observed, time)).toBeCloseTo(byDefinition(observed, time), 12);
      }),
    );
  });

  it('gives the plain share where nothing is censored, to the bit', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 30 }), (ended, time) => {
        const lasting = ended.filter((t) => t > time).length;
        expect(survivalAt({ ended, censored: [] }, time)).toBe(
          ended.length === 0 ? 1 : lasting / ended.length,
        );
      }),
    );
  });

  it('gives the nearest-rank percentile where nothing is censored', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 1000 }), (ended, permille) => {
        const sorted = [...ended].sort((a, b) => a - b);
        const rank = Math.ceil((permille * ended.length) / 1000);
        expect(survivalPercentile({ ended, censored: [] }, permille / 10)).toBe(sorted[rank - 1] ?? null);
      }),
    );
  });

  it('says nothing where too many are censored', () => {
    expect(survivalPercentile({ ended: [1, 2], censored: [3, 3, 3] }, 50)).toBeNull();
    expect(survivalPercentile({ ended: [1, 2], censored: [3, 3] }, 50)).toBe(2);
    expect(survivalPercentile({ ended: [], censored: [] }, 50)).toBeNull();
  });

  it('has percentiles between “ends when last seen” and “never ends”', () => {
    fc.assert(
      fc.property(lifetimes, fc.integer({ min: 1, max: 100 }), ({ ended, censored }, percentile) => {
        const lower = survivalPercentile({ ended: [...ended, ...censored], censored: [] }, percentile);
        const value = survivalPercentile({ ended, censored }, percentile);
        const never = censored.map(() => Number.POSITIVE_INFINITY);
        const upper = survivalPercentile({ ended, censored: never }, percentile);
        expect(value ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(lower ?? 0);
        expect(upper ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(value ?? Number.POSITIVE_INFINITY);
      }),
    );
  });
});
