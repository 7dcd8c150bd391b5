import { describe, expect, it } from 'vitest';
import type { BusinessHours } from '../time/business-hours.ts';
import { DAY, HOUR } from '../time/interval.ts';
import { type Expectation, silentPeriods } from './silence.ts';

const hourly: Expectation = { atLeast: 1, everyMs: HOUR, during: null };
const MONDAY = Date.parse('2026-03-02T00:00:00Z');
const day = { start: MONDAY, end: MONDAY + DAY };

/** 24 hourly slices with 5 events each, but for those given. */
function slices(changes: Record<number, number>): number[] {
  return Array.from({ length: 24 }, (_, hour) => changes[hour] ?? 5);
}

describe('Silence', () => {
  it('is a period with fewer events than expected', () => {
    expect(silentPeriods(hourly, day, slices({ 3: 0, 7: 0 }), MONDAY, HOUR)).toEqual({
      periods: 24,
      silent: 2,
    });
    expect(silentPeriods({ ...hourly, atLeast: 6 }, day, slices({ 3: 6 }), MONDAY, HOUR).silent).toBe(23);
  });

  it('is asked only of whole periods inside the window', () => {
    const window = { start: MONDAY + HOUR / 2, end: MONDAY + 4.5 * HOUR };
    const halfHours = [0, 0, 1, 0, 0, 0, 0, 0, 0];
    expect(silentPeriods(hourly, window, halfHours, MONDAY, HOUR / 2)).toEqual({ periods: 3, silent: 2 });
  });

  it('may begin within the slices that are given', () => {
    const window = { start: MONDAY + 2 * HOUR, end: MONDAY + 4 * HOUR };
    expect(silentPeriods(hourly, window, slices({ 1: 0, 3: 0 }), MONDAY, HOUR)).toEqual({
      periods: 2,
      silent: 1,
    });
  });

  it('is not said of slices that were not read', () => {
    expect(silentPeriods(hourly, day, slices({ 3: Number.NaN }), MONDAY, HOUR)).toEqual({
      periods: 23,
      silent: 0,
    });
    expect(silentPeriods(hourly, day, [5, 0], MONDAY, HOUR)).toEqual({ periods: 2, silent: 1 });
  });

  it('is proved by coarser slices where even together there is too little', () => {
    const three = { start: MONDAY, end: MONDAY + 3 * DAY };
    expect(silentPeriods(hourly, three, [24, 23, 0], MONDAY, DAY)).toEqual({ periods: 3, silent: 2 });
    const everyNinetyMinutes = { ...hourly, everyMs: 1.5 * HOUR };
    expect(silentPeriods(everyNinetyMinutes, day, slices({ 0: 0, 1: 0, 2: 1 }), MONDAY, HOUR)).toEqual({
      periods: 8,
      silent: 1,
    });
  });
});

describe('Office hours', () => {
  const during: BusinessHours = {
    timeZone: 'Europe/Oslo',
    days: ['mon', 'tue', 'wed', 'thu', 'fri'],
    from: '08:00',
    to: '16:00',
    holidays: ['2026-03-03'],
  };
  const office: Expectation = { ...hourly, during };
  const count = (start: number, days: number) => {
    const none = new Float64Array(24 * days);
    return silentPeriods(office, { start, end: start + days * DAY }, none, start, HOUR).silent;
  };

  it('are those of the zone, on its working days', () => {
    expect(count(MONDAY, 1)).toBe(8);
    expect(count(MONDAY + 5 * DAY, 2)).toBe(0);
    // 08:00 to 16:00 in Oslo is 07:00 to 15:00 UTC in winter: the hours 0 to 6 and 15 to 23 don't matter.
    expect(silentPeriods(office, day, slices({ 6: 0, 7: 0, 14: 0, 15: 0 }), MONDAY, HOUR).silent).toBe(2);
  });

  it('leave out holidays', () => {
    expect(count(MONDAY + DAY, 1)).toBe(0);
  });

  it('follow the clock across DST: the same number of hours in every week', () => {
    expect([0, 7, 14, 21, 28, 35].map((days) => count(MONDAY + days * DAY, 7))).toEqual([
      32, 40, 40, 40, 40, 40,
    ]);
  });

  it('may last till midnight', () => {
    const late = { ...hourly, during: { ...during, timeZone: 'UTC', from: '22:00', to: '24:00' } };
    expect(silentPeriods(late, day, slices({ 21: 0, 22: 0, 23: 0 }), MONDAY, HOUR)).toEqual({
      periods: 2,
      silent: 2,
    });
  });
});
