import { describe, expect, it } from 'vitest';
import { formatInstant, HOUR, parseInstant } from './interval.ts';
import { dayStart, hasWholeHourOffsets, isZone, localDay, startOfDay, weekdayAndMinute } from './zone.ts';

const at = (text: string): number => parseInstant(text) ?? Number.NaN;

describe('a zone is an IANA name', () => {
  it.each(['UTC', 'Europe/Oslo', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'EST5EDT'])(
    'knows %s',
    (text) => {
      expect(isZone(text)).toBe(true);
    },
  );

  it.each([
    '',
    'Europe/Olso',
    '+02:00',
    'Z',
    'T12Z',
    '2020-01-01',
    'Local',
    'GMT+2',
    '2020-01-01T00:00Z[Europe/Oslo]',
  ])('refuses %j', (text) => {
    expect(isZone(text)).toBe(false);
  });
});

describe('a local day begins at its first instant', () => {
  it.each([
    ['2016-04-01', 'UTC', '2016-04-01T00:00:00Z'],
    ['2016-04-01', 'Europe/Oslo', '2016-03-31T22:00:00Z'],
    ['2016-04-01', 'Asia/Kolkata', '2016-03-31T18:30:00Z'],
    // Midnight was skipped: the day began at 01:00.
    ['2015-10-18', 'America/Sao_Paulo', '2015-10-18T03:00:00Z'],
    // The clock went from 00:01 back to 23:01: there are two midnights, the first counts.
    ['2008-11-02', 'America/St_Johns', '2008-11-02T02:30:00Z'],
    // Samoa left out 30 December 2011.
    ['2011-12-29', 'Pacific/Apia', '2011-12-29T10:00:00Z'],
    ['2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
    ['2011-12-31', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
  ])('%s in %s begins at %s', (day, timeZone, start) => {
    expect(formatInstant(startOfDay(day, timeZone))).toBe(start);
  });

  it.each([
    ['2016-03-31T21:59:59.999Z', 'Europe/Oslo', '2016-03-31'],
    ['2016-03-31T22:00:00Z', 'Europe/Oslo', '2016-04-01'],
    ['2011-12-30T09:59:59.999Z', 'Pacific/Apia', '2011-12-29'],
    ['2011-12-30T10:00:00Z', 'Pacific/Apia', '2011-12-31'],
    ['2015-10-18T02:59:59.999Z', 'America/Sao_Paulo', '2015-10-17'],
    ['2015-10-18T03:00:00Z', 'America/Sao_Paulo', '2015-10-18'],
    // The wall clock shows 23:30 of the day before again, but the day has begun.
    ['2008-11-02T03:00:00Z', 'America/St_Johns', '2008-11-02'],
    ['2016-04-01T00:00:00Z', 'Pacific/Kiritimati', '2016-04-01'],
    ['2016-04-01T10:00:00Z', 'Pacific/Kiritimati', '2016-04-02'],
    ['2016-04-01T11:59:59Z', 'Etc/GMT+12', '2016-03-31'],
  ])('%s in %s belongs to %s', (instant, timeZone, day) => {
    expect(localDay(at(instant), timeZone)).toBe(day);
  });

  it('refuses a text that is no day', () => {
    expect(() => startOfDay('2016-02-30', 'UTC')).toThrow(/no calendar day/);
  });

  it('knows long and short days', () => {
    const length = (day: string, timeZone: string) => {
      const number = Math.round(startOfDay(day, 'UTC') / (24 * HOUR));
      return (dayStart(number + 1, timeZone) - dayStart(number, timeZone)) / HOUR;
    };
    expect(length('2016-03-27', 'Europe/Oslo')).toBe(23);
    expect(length('2016-10-30', 'Europe/Oslo')).toBe(25);
    expect(length('2016-10-02', 'Australia/Lord_Howe')).toBe(23.5);
    expect(length('2016-04-03', 'Australia/Lord_Howe')).toBe(24.5);
    expect(length('2011-12-30', 'Pacific/Apia')).toBe(0);
  });
});

describe('the wall clock', () => {
  it.each([
    ['2016-04-01T06:15:59Z', 'Europe/Oslo', 'fri', 8 * 60 + 15],
    ['2016-04-03T18:30:00Z', 'Asia/Kolkata', 'mon', 0],
    ['2016-04-03T18:29:59Z', 'Asia/Kolkata', 'sun', 23 * 60 + 59],
    ['2016-03-27T00:59:00Z', 'Europe/Oslo', 'sun', 119],
    ['2016-03-27T01:00:00Z', 'Europe/Oslo', 'sun', 180],
  ])('at %s in %s shows %s and minute %i', (instant, timeZone, weekday, minute) => {
    expect(weekdayAndMinute(at(instant), timeZone)).toEqual({ weekday, minute });
  });
});

describe('whole-hour zones', () => {
  it.each([
    ['UTC', true],
    ['Europe/Oslo', true],
    ['Pacific/Apia', true],
    ['Asia/Kolkata', false],
    ['Australia/Lord_Howe', false],
    // Only for some years.
    ['America/Caracas', false],
    ['Asia/Pyongyang', false],
    ['Pacific/Norfolk', false],
  ])('%s: %s', (timeZone, whole) => {
    expect(hasWholeHourOffsets(timeZone)).toBe(whole);
  });
});
