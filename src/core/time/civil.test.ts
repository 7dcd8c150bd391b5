import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { civilDate, dayNumber, daysInMonth, formatDay, isoWeekday, parseDay } from './civil.ts';

const DAY_MS = 86_400_000;

describe('day numbers are the Gregorian calendar', () => {
  it('agrees with the platform on date, weekday and text, 0001 to 9999', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), (day) => {
        const date = new Date(day * DAY_MS);
        const expected = {
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
        };
        expect(civilDate(day)).toEqual(expected);
        expect(dayNumber(expected.year, expected.month, expected.day)).toBe(day);
        expect(isoWeekday(day) % 7).toBe(date.getUTCDay());
        expect(formatDay(day)).toBe(date.toISOString().slice(0, 10));
        expect(parseDay(formatDay(day))).toBe(day);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    [2016, 2, 29],
    [2100, 2, 28],
    [2000, 2, 29],
    [2023, 12, 31],
    [2023, 4, 30],
  ])('knows that %i-%i has %i days', (year, month, days) => {
    expect(daysInMonth(year, month)).toBe(days);
  });

  it.each([
    '2015-02-29',
    '2016-00-01',
    '2016-13-01',
    '2016-01-00',
    '2016-1-1',
    '20160101',
    '',
    '2016-01-01T00:00',
  ])('takes %j for no day', (text) => {
    expect(parseDay(text)).toBeNull();
  });

  it('writes years beyond four digits as ISO 8601 does', () => {
    expect(formatDay(dayNumber(12_345, 1, 2))).toBe('+012345-01-02');
    expect(formatDay(dayNumber(-1, 12, 31))).toBe('-000001-12-31');
  });
});
