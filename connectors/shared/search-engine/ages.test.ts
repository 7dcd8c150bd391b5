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
    const ages = [6 * HOUR, DAY, 3 * DAY];
    const calls = fc.array(gap, { minLength: 2, maxLength: 40 });
    const settle = fc.integer({ min: 0, max: 2 * HOUR });
    /** A slice that one of the calls is near to finding: by call, age, and slices from there. */
    const near = fc.tuple(fc.nat(), fc.nat(ages.length), fc.integer({ min: -2, max: 2 }));
    fc.assert(
      fc.property(calls, settle, fc.constantFrom(...GRAINS), near, (gaps, more, grain, [call, age, off]) => {
        const reach = 7 * DAY + more;
        const times = [START];
        for (const gapMs of gaps) times.push((times.at(-1) ?? START) + gapMs);
        const aged = (times[call % times.length] ?? START) - ([...ages, reach][age] ?? 0);
        const end = (Math.floor(aged / grain) + off) * grain;
        for (const [i, now] of times.entries()) {
          const last = times[i - 1] ?? START;
          const isDue = [...ages, reach].some((one) => end + one > last && end + one <= now);
          const found = comingOfAge(last, now, grain, reach).filter(
            (one) => one.start <= end - grain && end <= one.end,
          );
          expect(found.length).toBe(isDue ? 1 : 0);
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
