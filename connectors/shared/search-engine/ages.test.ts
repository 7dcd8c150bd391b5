/** Slices are compared whole at their ages, however irregularly a service is called. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY, GRAINS, HOUR, MINUTE } from '../../../src/core/time/interval.ts';
import { comingOfAge } from './ages.ts';

const START = Date.UTC(2026, 0, 1);
const gap = fc.oneof(
  fc.integer({ min: 0, max: 10 * MINUTE }),
  fc.constant(5 * MINUTE),
  fc.integer({ min: 0, max: 2 * DAY }),
  fc.integer({ min: 0, max: 40 * DAY }),
);

describe('A slice', () => {
  it('is compared in the first call after each of its ages, and in no other', () => {
    const calls = fc.array(gap, { minLength: 2, maxLength: 40 });
    const ages = [6 * HOUR, DAY, 3 * DAY];
    const settle = fc.integer({ min: 0, max: 2 * HOUR });
    fc.assert(
      fc.property(calls, settle, fc.constantFrom(...GRAINS), fc.nat(50 * DAY), (gaps, more, grain, back) => {
        const reach = 7 * DAY + more;
        const end = Math.floor((START - back) / grain) * grain;
        let last = START;
        for (const gapMs of gaps) {
          const now = last + gapMs;
          const isDue = [...ages, reach].some((age) => end + age > last && end + age <= now);
          const found = comingOfAge(last, now, grain, reach).filter(
            (one) => one.start <= end - grain && end <= one.end,
          );
          expect(found.length).toBe(isDue ? 1 : 0);
          last = now;
        }
      }),
    );
  });

  it.for([
    [HOUR, [HOUR]],
    [12 * HOUR, [12 * HOUR, 6 * HOUR]],
    [30 * DAY, [30 * DAY, 9 * DAY, 3 * DAY, DAY, 6 * HOUR]],
  ] as const)('has no more ages than late data is looked for: %d ms', ([reach, ages]) => {
    const found = comingOfAge(START - 5 * MINUTE, START, 5 * MINUTE, reach);
    expect(found.map(({ end }) => START - end)).toEqual(ages);
  });
});
