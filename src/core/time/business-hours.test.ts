import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterWithout,
  type BusinessHours,
  businessTime,
  elapsedWithout,
  type Stopwatch,
  WALL_TIME,
} from './business-hours.ts';
import { HOUR, type Instant, type Interval, parseInstant } from './interval.ts';
import { WEEKDAYS } from './zone.ts';

const OFFICE: BusinessHours = {
  timeZone: 'Europe/Oslo',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  from: '08:00',
  to: '16:00',
  holidays: ['2026-05-14'],
};
const at = (text: string): Instant => parseInstant(text) ?? Number.NaN;
const hours = (of: Partial<BusinessHours>, from: string, to: string) =>
  businessTime({ ...OFFICE, ...of }).elapsed(at(from), at(to)) / HOUR;

describe('Business time', () => {
  it.each<[string, Partial<BusinessHours>, string, string, number]>([
    ['counts a day’s hours', {}, '2026-03-02T00:00:00Z', '2026-03-03T00:00:00Z', 8],
    ['counts a part of them', {}, '2026-03-02T06:30:00Z', '2026-03-02T09:00:00Z', 2],
    ['stands still over a weekend', {}, '2026-03-06T14:00:00Z', '2026-03-09T08:00:00Z', 2],
    ['and on holidays', {}, '2026-05-13T12:00:00Z', '2026-05-15T08:00:00Z', 4],
    [
      'is that of the wall clock in summer and winter',
      {},
      '2026-03-27T00:00:00Z',
      '2026-03-31T00:00:00Z',
      16,
    ],
    [
      'has 23 hours on the day the clocks go forward',
      { days: [...WEEKDAYS], from: '00:00', to: '24:00' },
      '2026-03-28T23:00:00Z',
      '2026-03-29T22:00:00Z',
      23,
    ],
    [
      'and 25 when they go back',
      { days: ['sun'], from: '00:00', to: '24:00' },
      '2026-10-24T00:00:00Z',
      '2026-10-26T00:00:00Z',
      25,
    ],
    [
      'loses what the clocks skip',
      { days: ['sun'], from: '01:00', to: '04:00' },
      '2026-03-28T00:00:00Z',
      '2026-03-30T00:00:00Z',
      2,
    ],
    ['of the past is the same', {}, '1969-12-29T00:00:00Z', '1970-01-05T00:00:00Z', 40],
  ])('%s', (_, of, from, to, expected) => {
    expect(hours(of, from, to)).toBe(expected);
  });

  it('says when so much of it is over, at the first instant', () => {
    const watch = businessTime(OFFICE);
    expect(watch.after(at('2026-03-06T13:00:00Z'), 2 * HOUR)).toBe(at('2026-03-06T15:00:00Z'));
    expect(watch.after(at('2026-03-06T13:00:00Z'), 3 * HOUR)).toBe(at('2026-03-09T08:00:00Z'));
    expect(watch.after(at('2026-03-07T13:00:00Z'), HOUR)).toBe(at('2026-03-09T08:00:00Z'));
    expect(watch.before(at('2026-03-09T08:00:00Z'), 3 * HOUR)).toBe(at('2026-03-06T13:00:00Z'));
  });

  it('that never comes is over never', () => {
    const never = businessTime({
      ...OFFICE,
      from: '02:10',
      to: '02:20',
      days: ['sun'],
      holidays: everySunday(),
    });
    expect(never.after(at('2026-03-06T13:00:00Z'), 1)).toBe(Number.POSITIVE_INFINITY);
  });
});

function everySunday(): string[] {
  const first = Date.UTC(2026, 2, 8);
  return Array.from({ length: 1_100 }, (_, week) =>
    new Date(first + week * 168 * HOUR).toISOString().slice(0, 10),
  );
}

const instant = fc.integer({ min: at('2025-10-01T00:00:00Z'), max: at('2026-11-30T00:00:00Z') });
const watch: fc.Arbitrary<Stopwatch> = fc.oneof(
  fc.constant(WALL_TIME),
  fc
    .record({
      timeZone: fc.constantFrom(
        'Europe/Oslo',
        'America/St_Johns',
        'Australia/Lord_Howe',
        'Africa/Cairo',
        'UTC',
      ),
      days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
      hours: fc.constantFrom(
        ['08:00', '16:00'],
        ['00:00', '24:00'],
        ['01:30', '02:45'],
        ['23:15', '24:00'],
        ['00:00', '00:01'],
      ),
      holidays: fc.subarray(['2025-12-25', '2026-03-29', '2026-04-05', '2026-10-25']),
    })
    .map(({ hours: [from = '', to = ''], ...rest }) => businessTime({ ...rest, from, to })),
);
const pauses: fc.Arbitrary<readonly Interval[]> = fc
  .uniqueArray(instant, { maxLength: 8 })
  .map((times) => times.sort((a, b) => a - b))
  .map((times) =>
    times.flatMap((start, index) =>
      index % 2 === 0 ? [{ start, end: times[index + 1] ?? Number.POSITIVE_INFINITY }] : [],
    ),
  );

describe('Time that counts', () => {
  it('is additive over adjoining intervals, over changes of the clocks and pauses too', () => {
    fc.assert(
      fc.property(watch, fc.tuple(instant, instant, instant), pauses, (stopwatch, times, stops) => {
        const [a = 0, b = 0, c = 0] = [...times].sort((x, y) => x - y);
        const elapsed = (from: Instant, to: Instant) => elapsedWithout(stopwatch, from, to, stops);
        expect(elapsed(a, b) + elapsed(b, c)).toBe(elapsed(a, c));
        expect(elapsed(a, c)).toBeGreaterThanOrEqual(0);
        expect(elapsed(a, c)).toBeLessThanOrEqual(c - a);
      }),
    );
  });

  it('is up at the first instant by which so much has counted', () => {
    fc.assert(
      fc.property(
        watch,
        instant,
        fc.integer({ min: 1, max: 200 * HOUR }),
        pauses,
        (stopwatch, from, ms, stops) => {
          const up = afterWithout(stopwatch, from, ms, stops);
          if (up === Number.POSITIVE_INFINITY) return;
          expect(elapsedWithout(stopwatch, from, up, stops)).toBe(ms);
          expect(elapsedWithout(stopwatch, from, up - 1, stops)).toBe(ms - 1);
          const last = stopwatch.before(up, ms);
          expect(stopwatch.elapsed(last, up)).toBe(ms);
          expect(stopwatch.elapsed(last + 1, up)).toBe(ms - 1);
        },
      ),
    );
  });

  it('is wall time where all hours count', () => {
    const always = businessTime({ ...OFFICE, days: [...WEEKDAYS], from: '00:00', to: '24:00', holidays: [] });
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        expect(always.elapsed(a, b)).toBe(WALL_TIME.elapsed(a, b));
      }),
    );
  });
});
