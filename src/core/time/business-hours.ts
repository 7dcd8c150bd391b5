/**
 * How much of the time between two instants counts: all of it, or only business hours in a zone. Additive over
 * adjoining intervals, also across changes of the clocks; what a calendar says of a day is worked out once.
 */
import { Temporal } from 'temporal-polyfill';
import { civilDate, formatDay, isoWeekday } from './civil.ts';
import { DAY, type Instant, type Interval, MINUTE } from './interval.ts';
import { dayAt, dayStart, WEEKDAYS, type Weekday } from './zone.ts';

export interface BusinessHours {
  /** IANA zone of the hours and days. */
  readonly timeZone: string;
  readonly days: readonly Weekday[];
  /** `HH:MM` of the wall clock, before `to`; `to` may be `24:00`. */
  readonly from: string;
  readonly to: string;
  /** `YYYY-MM-DD`: days that don't count. */
  readonly holidays: readonly string[];
}

/** A stopwatch that may stand still at times. `ms` is never negative. */
export interface Stopwatch {
  /** Milliseconds that count from one instant to another; negative where that is the earlier one. */
  elapsed(from: Instant, to: Instant): number;
  /** The first instant by which so much has counted since `from`; infinite where that never happens. */
  after(from: Instant, ms: number): Instant;
  /** The last instant from which so much counts until `to`; −infinite where there is none. */
  before(to: Instant, ms: number): Instant;
}

/** All time counts. */
export const WALL_TIME: Stopwatch = {
  elapsed: (from, to) => to - from,
  after: (from, ms) => from + ms,
  before: (to, ms) => to - ms,
};

/** Days without business hours before one gives up looking for them: no calendar rests for twenty years. */
const MAX_IDLE_DAYS = 7_500;

/** Only business hours count. */
export function businessTime(hours: BusinessHours): Stopwatch {
  const { timeZone } = hours;
  const openOn = dayReader(hours);
  const sumTo = runningSum((day) => lengthOf(openOn(day)));
  /** What counts from the calendar's own zero to an instant. */
  const total = (at: Instant): number => {
    const day = dayAt(at, timeZone);
    const { start, end } = openOn(day);
    return sumTo(day) + Math.max(0, Math.min(at, end) - start);
  };
  const walk = (from: Instant, ms: number, step: 1 | -1): Instant => {
    let day = dayAt(from, timeZone);
    let left = ms;
    for (let idle = 0; idle < MAX_IDLE_DAYS; day += step) {
      const open = openOn(day);
      const [start, end] =
        step === 1 ? [Math.max(open.start, from), open.end] : [open.start, Math.min(open.end, from)];
      if (end <= start) {
        idle++;
        continue;
      }
      if (end - start >= left) return step === 1 ? start + left : end - left;
      left -= end - start;
      idle = 0;
    }
    return step * Number.POSITIVE_INFINITY;
  };
  return {
    elapsed: (from, to) => total(to) - total(from),
    after: (from, ms) => (ms <= 0 ? from : walk(from, ms, 1)),
    before: (to, ms) => (ms <= 0 ? to : walk(to, ms, -1)),
  };
}

const lengthOf = ({ start, end }: Interval): number => Math.max(0, end - start);

/** A day's business hours, empty (at its start) where it has none. */
function dayReader({ timeZone, days, from, to, holidays }: BusinessHours): (day: number) => Interval {
  const off = new Set(holidays);
  const known = new Map<number, Interval>();
  const read = (day: number): Interval => {
    const start = dayStart(day, timeZone);
    const weekday = WEEKDAYS[isoWeekday(day) - 1] ?? 'mon';
    if (!days.includes(weekday) || off.has(formatDay(day))) return { start, end: start };
    return { start: wallTime(day, from, timeZone), end: wallTime(day, to, timeZone) };
  };
  return (day) => {
    const found = known.get(day) ?? read(day);
    known.set(day, found);
    return found;
  };
}

/** When the wall clock shows a time of a day: after a gap of the clocks the later one, of a time shown twice the first. */
function wallTime(day: number, time: string, timeZone: string): Instant {
  const [hour, minute] = [Number(time.slice(0, 2)), Number(time.slice(3))];
  const [start, end] = [dayStart(day, timeZone), dayStart(day + 1, timeZone)];
  if (hour === 24) return end;
  if (end - start === DAY) return start + (hour * 60 + minute) * MINUTE;
  const { year, month, day: ofMonth } = civilDate(day);
  const local = Temporal.PlainDateTime.from({ year, month, day: ofMonth, hour, minute });
  return Math.min(end, Math.max(start, local.toZonedDateTime(timeZone).epochMilliseconds));
}

/** The sum of all days before a numbered one, from the first day asked on (backwards: negative). */
function runningSum(of: (day: number) => number): (day: number) => number {
  const sums = new Map<number, number>();
  let [first, last] = [0, 0];
  return (day) => {
    if (sums.size === 0) {
      [first, last] = [day, day];
      sums.set(day, 0);
    }
    for (; last < day; last++) sums.set(last + 1, (sums.get(last) ?? 0) + of(last));
    for (; first > day; first--) sums.set(first - 1, (sums.get(first) ?? 0) - of(first - 1));
    return sums.get(day) ?? 0;
  };
}

/** A stopwatch that also stands still in these intervals (sorted, disjoint; the last may be endless). */
export function elapsedWithout(
  watch: Stopwatch,
  from: Instant,
  to: Instant,
  pauses: readonly Interval[],
): number {
  let elapsed = watch.elapsed(from, to);
  for (const pause of pauses) {
    const [start, end] = [Math.max(from, pause.start), Math.min(to, pause.end)];
    if (start < end) elapsed -= watch.elapsed(start, end);
  }
  return elapsed;
}

/** `after` with pauses; infinite where the last pause never ends and the time is not up before it. */
export function afterWithout(
  watch: Stopwatch,
  from: Instant,
  ms: number,
  pauses: readonly Interval[],
): Instant {
  let [at, left] = [from, ms];
  for (const pause of pauses) {
    if (pause.end <= at) continue;
    const running = Math.max(0, watch.elapsed(at, pause.start));
    if (running >= left) break;
    left -= running;
    at = pause.end;
  }
  return at === Number.POSITIVE_INFINITY ? at : watch.after(at, left);
}
