/**
 * The windows a KPI speaks about. Rolling ones end at multiples of their step since the UTC epoch; calendar ones
 * tile time in their zone without gap or overlap. Pure: what is due is decided by who asks.
 */
import type { WindowSpec } from '../definition/model.ts';
import { civilDate, dayNumber, daysInMonth, isoWeekday } from './civil.ts';
import { DAY, type Instant, type Interval } from './interval.ts';
import { dayAt, dayStart } from './zone.ts';

type RollingSpec = Extract<WindowSpec, { kind: 'rolling' }>;
type CalendarSpec = Extract<WindowSpec, { kind: 'calendar' }>;

/** All windows whose end lies in (range.start, range.end], in time order. */
export function windowsEndingIn(spec: WindowSpec, range: Interval): Interval[] {
  const windows: Interval[] = [];
  if (spec.kind === 'rolling') {
    const first = (Math.floor(range.start / spec.everyMs) + 1) * spec.everyMs;
    for (let end = first; end <= range.end; end += spec.everyMs) windows.push(rollingWindow(spec, end));
    return windows;
  }
  for (let number = numberAt(spec, range.start); ; number++) {
    const window = calendarWindow(spec, number);
    if (window.end > range.end) return windows;
    if (window.end > window.start) windows.push(window);
  }
}

/** The newest window that ends at `at` or before. */
export function latestWindow(spec: WindowSpec, at: Instant): Interval {
  if (spec.kind === 'rolling') return rollingWindow(spec, Math.floor(at / spec.everyMs) * spec.everyMs);
  return windowOrEarlier(spec, numberAt(spec, at) - 1);
}

/** The window before this one: a step earlier (rolling), or the one that it follows on (calendar). */
export function previousWindow(spec: WindowSpec, window: Interval): Interval {
  return latestWindow(spec, spec.kind === 'rolling' ? window.end - spec.everyMs : window.start);
}

/**
 * The same window a year earlier. Calendar: the same day, ISO week, month or quarter of the year before; 29 February
 * becomes the 28th, week 53 becomes 52 where there is none, a day that the zone left out becomes the one before.
 * Rolling: its end one calendar year earlier in UTC, moved back to its step.
 */
export function windowAYearBefore(spec: WindowSpec, window: Interval): Interval {
  if (spec.kind === 'calendar') return windowOrEarlier(spec, aYearBefore(spec, numberAt(spec, window.start)));
  const day = Math.floor(window.end / DAY);
  return latestWindow(spec, window.end - (day - dayAYearBefore(day)) * DAY);
}

/** All windows that overlap the interval and end at `until` or before, in time order. */
export function windowsTouching(spec: WindowSpec, interval: Interval, until: Instant): Interval[] {
  if (interval.end <= interval.start) return [];
  if (spec.kind === 'rolling') {
    // One that ends at interval.end + length begins where the interval is over.
    const last = Math.min(until, interval.end + spec.lengthMs - 1);
    return windowsEndingIn(spec, { start: interval.start, end: last });
  }
  const last = calendarWindow(spec, numberAt(spec, interval.end - 1));
  return windowsEndingIn(spec, { start: interval.start, end: Math.min(until, last.end) });
}

/** This window and the `count − 1` newest before it of which no two overlap, in time order (this one is the last). */
export function nonOverlapping(spec: WindowSpec, window: Interval, count: number): Interval[] {
  const windows: Interval[] = [];
  for (let next = window; windows.length < count; next = latestWindow(spec, next.start)) windows.push(next);
  return windows.reverse();
}

function rollingWindow(spec: RollingSpec, end: Instant): Interval {
  return { start: end - spec.lengthMs, end };
}

// Calendar windows are numbered by unit: days since 1970-01-01, weeks since the Monday before, months since year 0 …

function calendarWindow(spec: CalendarSpec, number: number): Interval {
  return {
    start: dayStart(firstDay(spec.unit, number), spec.timeZone),
    end: dayStart(firstDay(spec.unit, number + 1), spec.timeZone),
  };
}

/** A window is empty only where its zone left out its days. */
function windowOrEarlier(spec: CalendarSpec, number: number): Interval {
  const window = calendarWindow(spec, number);
  return window.end > window.start ? window : windowOrEarlier(spec, number - 1);
}

/** The number of the window that contains the instant. */
function numberAt(spec: CalendarSpec, instant: Instant): number {
  const day = dayAt(instant, spec.timeZone);
  if (spec.unit === 'day') return day;
  if (spec.unit === 'week') return Math.floor((day + 3) / 7);
  const { year, month } = civilDate(day);
  return Math.floor((year * 12 + month - 1) / MONTHS[spec.unit]);
}

const MONTHS = { month: 1, quarter: 3, year: 12 } as const;

function firstDay(unit: CalendarSpec['unit'], number: number): number {
  if (unit === 'day') return number;
  if (unit === 'week') return number * 7 - 3;
  const month = number * MONTHS[unit];
  return dayNumber(Math.floor(month / 12), (month % 12) + 1, 1);
}

function aYearBefore(spec: CalendarSpec, number: number): number {
  if (spec.unit === 'day') return dayAYearBefore(number);
  if (spec.unit === 'week') return weekAYearBefore(number);
  return number - 12 / MONTHS[spec.unit];
}

function dayAYearBefore(day: number): number {
  const { year, month, day: ofMonth } = civilDate(day);
  return dayNumber(year - 1, month, Math.min(ofMonth, daysInMonth(year - 1, month)));
}

/** ISO 8601: a week belongs to the year of its Thursday, and week 1 holds the year's first Thursday (4 January). */
function weekAYearBefore(number: number): number {
  const { year } = civilDate(number * 7);
  const weekOfYear = number - firstWeek(year);
  return Math.min(firstWeek(year - 1) + weekOfYear, firstWeek(year) - 1);
}

function firstWeek(year: number): number {
  const fourth = dayNumber(year, 1, 4);
  return (fourth - isoWeekday(fourth) + 4) / 7;
}
