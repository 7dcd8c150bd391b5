import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY, GRAINS, HOUR, MINUTE, parseInstant } from './interval.ts';
import { sliceGrain, sliceStart, slicesOf } from './slice.ts';
import { latestWindow } from './window.ts';

describe('the grain of slices', () => {
  it.each([
    [30 * DAY, HOUR, HOUR],
    [30 * DAY, DAY, DAY],
    [24 * HOUR, 90 * MINUTE, 15 * MINUTE],
    [HOUR, 20 * MINUTE, 5 * MINUTE],
    [7 * MINUTE, 7 * MINUTE, MINUTE],
    [36 * HOUR, DAY, HOUR],
    [90_000, MINUTE, null],
    [MINUTE, 30_000, null],
  ])('of a rolling window of %i ms every %i ms is %s', (lengthMs, everyMs, grain) => {
    expect(sliceGrain({ kind: 'rolling', lengthMs, everyMs })).toBe(grain);
  });

  it.each([
    ['UTC', HOUR],
    ['Europe/Oslo', HOUR],
    ['Asia/Kolkata', 15 * MINUTE],
    ['America/Caracas', 15 * MINUTE],
  ])('of a calendar in %s is %i', (timeZone, grain) => {
    expect(sliceGrain({ kind: 'calendar', unit: 'month', timeZone })).toBe(grain);
  });
});

describe('slices', () => {
  it('cover a rolling window exactly', () => {
    const counts = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(
        fc.constantFrom(...GRAINS),
        counts,
        counts,
        fc.nat(Date.UTC(2060, 0, 1)),
        (unit, length, every, at) => {
          const spec = { kind: 'rolling', lengthMs: unit * length, everyMs: unit * every } as const;
          const window = latestWindow(spec, at);
          const grain = sliceGrain(spec) ?? expect.fail('whole minutes always have a grain');
          expect(grain).toBeGreaterThanOrEqual(unit);
          const slices = slicesOf(window, grain);
          expect(slices).toEqual(
            Array.from({ length: spec.lengthMs / grain }, (_, index) => window.start + index * grain),
          );
        },
      ),
    );
  });

  it('begin at multiples of the grain since 1970', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -DAY, max: Date.UTC(2060, 0, 1) }),
        fc.constantFrom(...GRAINS),
        (instant, grain) => {
          const start = sliceStart(instant, grain);
          expect(start / grain).toBe(Math.floor(instant / grain));
          expect(start <= instant && instant < start + grain).toBe(true);
        },
      ),
    );
  });

  it('refuse a window off their edges rather than cover it badly', () => {
    const start = parseInstant('2016-04-01T00:30:00Z') ?? 0;
    expect(() => slicesOf({ start, end: start + DAY }, HOUR)).toThrow(/2016-04-01T00:30:00Z .* slices of 1h/);
  });
});
