import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WindowSpec } from '../definition/model.ts';
import { DAY, formatInstant, HOUR, type Interval, MINUTE, parseInstant } from './interval.ts';
import { sliceGrain, slicesOf } from './slice.ts';
import {
  latestWindow,
  nonOverlapping,
  previousWindow,
  windowAYearBefore,
  windowsEndingIn,
  windowsTouching,
} from './window.ts';
import { startOfDay } from './zone.ts';

const ZONES = `UTC Europe/Oslo Europe/London Europe/Moscow America/New_York America/St_Johns America/Sao_Paulo
  America/Havana America/Santiago America/Asuncion America/Caracas America/Scoresbysund Asia/Kolkata Asia/Kathmandu
  Asia/Tehran Asia/Amman Asia/Beirut Asia/Gaza Asia/Pyongyang Australia/Lord_Howe Australia/Adelaide Pacific/Apia
  Pacific/Kwajalein Pacific/Kiritimati Pacific/Chatham Pacific/Norfolk Africa/Casablanca Africa/Cairo
  Antarctica/Troll Atlantic/Azores Etc/GMT+12 Etc/GMT-14`.split(/\s+/);

const units = fc.constantFrom('day', 'week', 'month', 'quarter', 'year');
const zones = fc.constantFrom(...ZONES);
const years = fc.integer({ min: 1990, max: 2060 });
const calendars = fc.record({ kind: fc.constant('calendar' as const), unit: units, timeZone: zones });
const rollings = fc
  .record({
    grain: fc.constantFrom(MINUTE, 15 * MINUTE, HOUR, DAY),
    length: fc.integer({ min: 1, max: 40 }),
    every: fc.integer({ min: 1, max: 40 }),
  })
  .map(({ grain, length, every }) => ({
    kind: 'rolling' as const,
    lengthMs: grain * length,
    everyMs: grain * every,
  }));
const specs: fc.Arbitrary<WindowSpec> = fc.oneof(calendars, rollings);
const instants = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2060, 11, 31) });

const yearOf = (year: number): Interval => ({ start: Date.UTC(year, 0, 1), end: Date.UTC(year + 1, 0, 1) });
const at = (text: string): number => parseInstant(text) ?? Number.NaN;
const shown = (window: Interval): string => `${formatInstant(window.start)}/${formatInstant(window.end)}`;
const calendar = (unit: 'day' | 'week' | 'month' | 'quarter' | 'year', timeZone: string): WindowSpec => ({
  kind: 'calendar',
  unit,
  timeZone,
});

/** The wall clock's date by the platform's own formatter: a judge that shares no code with the windows. */
const formatters = new Map<string, Intl.DateTimeFormat>();
function wallDate(instant: number, timeZone: string): string {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter.format(instant);
}

/** A text that is the same for all days of a calendar unit, and for no other. */
function unitOf(date: string, unit: string): string {
  if (unit === 'day') return date;
  if (unit === 'week') return String(Math.floor((Date.parse(date) / DAY + 3) / 7));
  if (unit === 'month') return date.slice(0, 7);
  if (unit === 'year') return date.slice(0, 4);
  return `${date.slice(0, 4)} ${Math.floor((Number(date.slice(5, 7)) - 1) / 3)}`;
}

describe('calendar windows tile time', () => {
  it('without gap or overlap, each a unit of the wall clock, for any zone and year 1990 to 2060', () => {
    fc.assert(
      fc.property(calendars, years, (spec, year) => {
        const windows = windowsEndingIn(spec, yearOf(year));
        for (const [index, { start, end }] of windows.entries()) {
          expect(start).toBeLessThan(end);
          if (index > 0) expect(start).toBe(windows[index - 1]?.end);
          const unit = unitOf(wallDate(start, spec.timeZone), spec.unit);
          expect(unitOf(wallDate(end - 1, spec.timeZone), spec.unit)).toBe(unit);
          expect(unitOf(wallDate(start - 1, spec.timeZone), spec.unit)).not.toBe(unit);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('and their slices cover each exactly', () => {
    fc.assert(
      fc.property(calendars, years, (spec, year) => {
        const grain = sliceGrain(spec) ?? expect.fail('a calendar always has a grain');
        for (const window of windowsEndingIn(spec, yearOf(year)).slice(-60)) {
          const slices = slicesOf(window, grain);
          expect(slices[0]).toBe(window.start);
          expect(slices.length * grain).toBe(window.end - window.start);
          expect((slices.at(-1) ?? 0) + grain).toBe(window.end);
        }
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    // Oslo: the short and the long day, a month with each.
    [calendar('day', 'Europe/Oslo'), '2016-03-28', '2016-03-26T23:00:00Z/2016-03-27T22:00:00Z'],
    [calendar('day', 'Europe/Oslo'), '2016-10-31', '2016-10-29T22:00:00Z/2016-10-30T23:00:00Z'],
    [calendar('month', 'Europe/Oslo'), '2016-04-15', '2016-02-29T23:00:00Z/2016-03-31T22:00:00Z'],
    // The week with 1 January belongs to both years.
    [calendar('week', 'UTC'), '2016-01-04', '2015-12-28T00:00:00Z/2016-01-04T00:00:00Z'],
    [calendar('quarter', 'Asia/Kolkata'), '2016-04-01', '2015-12-31T18:30:00Z/2016-03-31T18:30:00Z'],
    [calendar('year', 'UTC'), '2016-12-31T23:59:59Z', '2015-01-01T00:00:00Z/2016-01-01T00:00:00Z'],
    [calendar('day', 'Australia/Lord_Howe'), '2016-10-03', '2016-10-01T13:30:00Z/2016-10-02T13:00:00Z'],
    // Samoa had no 30 December 2011: after the 29th comes the 31st.
    [calendar('day', 'Pacific/Apia'), '2011-12-30T10:00:00Z', '2011-12-29T10:00:00Z/2011-12-30T10:00:00Z'],
    [calendar('day', 'Pacific/Apia'), '2011-12-31T10:00:00Z', '2011-12-30T10:00:00Z/2011-12-31T10:00:00Z'],
    // São Paulo had no midnight on 18 October 2015.
    [
      calendar('day', 'America/Sao_Paulo'),
      '2015-10-19T02:00:00Z',
      '2015-10-18T03:00:00Z/2015-10-19T02:00:00Z',
    ],
  ])('the latest of %j at %s is %s', (spec, instant, window) => {
    expect(shown(latestWindow(spec, at(instant)))).toBe(window);
  });
});

describe('a day that a zone left out', () => {
  it('is no window of its own', () => {
    const range = { start: at('2011-12-29T00:00:00Z'), end: at('2012-01-01T00:00:00Z') };
    expect(windowsEndingIn(calendar('day', 'Pacific/Apia'), range).map(shown)).toEqual([
      '2011-12-28T10:00:00Z/2011-12-29T10:00:00Z',
      '2011-12-29T10:00:00Z/2011-12-30T10:00:00Z',
      '2011-12-30T10:00:00Z/2011-12-31T10:00:00Z',
    ]);
  });
});

describe('rolling windows', () => {
  it('move by their step, and end at its multiples since 1970', () => {
    fc.assert(
      fc.property(rollings, instants, (spec, start) => {
        const windows = windowsEndingIn(spec, { start, end: start + 50 * spec.everyMs });
        expect(windows).toHaveLength(50);
        for (const [index, window] of windows.entries()) {
          expect(window.end - window.start).toBe(spec.lengthMs);
          expect(window.end % spec.everyMs).toBe(0);
          if (index > 0) expect(window.end - (windows[index - 1]?.end ?? 0)).toBe(spec.everyMs);
        }
      }),
    );
  });
});

describe('all ways to name a window agree', () => {
  it('windowsEndingIn is latestWindow and its predecessors', () => {
    fc.assert(
      fc.property(specs, instants, fc.integer({ min: 0, max: 20 }), (spec, end, count) => {
        const expected: Interval[] = [];
        let window = latestWindow(spec, end);
        expect(window.end).toBeLessThanOrEqual(end);
        for (; expected.length < count; window = previousWindow(spec, window)) expected.unshift(window);
        expect(windowsEndingIn(spec, { start: window.end, end })).toEqual(expected);
      }),
    );
  });

  it('an end belongs to the range that it closes, not to the one that it opens', () => {
    fc.assert(
      fc.property(specs, instants, (spec, instant) => {
        const window = latestWindow(spec, instant);
        expect(windowsEndingIn(spec, { start: window.end - 1, end: window.end })).toEqual([window]);
        expect(windowsEndingIn(spec, { start: window.end, end: window.end })).toEqual([]);
        expect(latestWindow(spec, window.end)).toEqual(window);
      }),
    );
  });

  it('windowsTouching is those of windowsEndingIn that overlap', () => {
    const lengths = fc.integer({ min: 0, max: 3 * DAY });
    fc.assert(
      fc.property(specs, instants, lengths, lengths, (spec, start, length, later) => {
        const interval = { start, end: start + length };
        const reach = spec.kind === 'rolling' ? spec.lengthMs : 400 * DAY;
        const all = windowsEndingIn(spec, { start, end: Math.min(start + later, interval.end + reach) });
        const expected = all.filter(
          (window) => window.start < interval.end && window.end > start && length > 0,
        );
        expect(windowsTouching(spec, interval, start + later)).toEqual(expected);
      }),
    );
  });

  it('a rolling window touches neither what it ends with nor what it begins after', () => {
    const spec = { kind: 'rolling', lengthMs: 2 * HOUR, everyMs: HOUR } as const;
    const slice = { start: 10 * HOUR, end: 11 * HOUR };
    const ends = (until: number) => windowsTouching(spec, slice, until).map(({ end }) => end / HOUR);
    expect(ends(20 * HOUR)).toEqual([11, 12]);
    expect(ends(12 * HOUR)).toEqual([11, 12]);
    expect(ends(12 * HOUR - 1)).toEqual([11]);
  });

  it('nonOverlapping are windows of the KPI, the newest that keep clear of each other', () => {
    fc.assert(
      fc.property(specs, instants, fc.integer({ min: 1, max: 6 }), (spec, instant, count) => {
        const window = latestWindow(spec, instant);
        const windows = nonOverlapping(spec, window, count);
        expect(windows).toHaveLength(count);
        expect(windows.at(-1)).toEqual(window);
        for (const [index, later] of windows.entries()) {
          const earlier = windows[index - 1];
          if (earlier === undefined) continue;
          expect(earlier).toEqual(latestWindow(spec, later.start));
          expect(earlier.end).toBeLessThanOrEqual(later.start);
        }
      }),
    );
  });
});

describe('a year before', () => {
  it.each([
    [calendar('day', 'UTC'), '2016-02-29', '2015-02-28'],
    [calendar('day', 'Europe/Oslo'), '2017-03-31', '2016-03-31'],
    [calendar('week', 'UTC'), '2016-01-04', '2014-12-29'],
    // 2015 had a week 53, 2014 and 2016 did not.
    [calendar('week', 'UTC'), '2015-12-28', '2014-12-22'],
    [calendar('week', 'UTC'), '2017-01-02', '2016-01-04'],
    [calendar('month', 'Europe/Oslo'), '2017-04-01', '2016-04-01'],
    [calendar('quarter', 'Asia/Kolkata'), '2017-01-01', '2016-01-01'],
    [calendar('year', 'UTC'), '2017-01-01', '2016-01-01'],
    // Samoa had no 30 December 2011.
    [calendar('day', 'Pacific/Apia'), '2012-12-30', '2011-12-29'],
  ])('%j: of the one beginning %s it is the one beginning %s', (spec, day, expected) => {
    const zone = spec.kind === 'calendar' ? spec.timeZone : 'UTC';
    const start = startOfDay(day, zone);
    const window = windowsTouching(spec, { start, end: start + 1 }, Number.MAX_SAFE_INTEGER)[0];
    const before = windowAYearBefore(spec, window ?? expect.fail('no such window'));
    expect(wallDate(before.start, zone)).toBe(expected);
  });

  it.each([
    [30 * DAY, HOUR, '2017-03-01T05:00:00Z', '2016-03-01T05:00:00Z'],
    [30 * DAY, HOUR, '2016-02-29T05:00:00Z', '2015-02-28T05:00:00Z'],
    // Ends only every seven days since 1970: the newest one not later.
    [7 * DAY, 7 * DAY, '2016-03-31', '2015-03-26'],
  ])('rolling %i every %i ending %s: the one ending %s', (lengthMs, everyMs, end, expected) => {
    const spec: WindowSpec = { kind: 'rolling', lengthMs, everyMs };
    const before = windowAYearBefore(spec, { start: at(end) - lengthMs, end: at(end) });
    expect(shown(before)).toBe(shown({ start: at(expected) - lengthMs, end: at(expected) }));
  });

  it('is always a window of the KPI that ended before, at most some 54 weeks', () => {
    fc.assert(
      fc.property(specs, instants, (spec, instant) => {
        const window = latestWindow(spec, instant);
        const before = windowAYearBefore(spec, window);
        expect(latestWindow(spec, before.end)).toEqual(before);
        const age = window.end - before.end;
        expect(age).toBeGreaterThan(356 * DAY);
        expect(age).toBeLessThan(376 * DAY + (spec.kind === 'rolling' ? spec.everyMs : 0));
      }),
    );
  });
});
