/**
 * Tells zero from silence: whether a dataset spoke as often as it is expected to. Counts whole periods, aligned to
 * the UTC epoch, of all its events, filters aside.
 */
import type { BusinessHours } from '../time/business-hours.ts';
import type { Instant, Interval } from '../time/interval.ts';
import { localDay, weekdayAndMinute } from '../time/zone.ts';

/** A dataset's `expectEvents`: at least so many events in every period, always or only in office hours. */
export interface Expectation {
  readonly atLeast: number;
  readonly everyMs: number;
  readonly during: BusinessHours | null;
}

export interface Silence {
  /** Periods that lie in the window (and in office hours) and were read in full. */
  readonly periods: number;
  /** Those with fewer events than expected. */
  readonly silent: number;
}

/**
 * Counts a window's silent periods. `eventsBySlice` holds the events of consecutive slices from `sliceStart0` on; NaN
 * is a slice that was not read, and a period with such a one is left to the quality `missing`. Where slices are
 * coarser than the expectation, it is tested on the smallest common period: fewer events than that needs prove silence.
 */
export function silentPeriods(
  expect: Expectation,
  window: Interval,
  eventsBySlice: ArrayLike<number>,
  sliceStart0: Instant,
  grain: number,
): Silence {
  return compileExpectation(expect)(window, eventsBySlice, sliceStart0, grain);
}

/** The same for many windows of one dataset: what the calendar says about a period is worked out once. */
export function compileExpectation(
  expect: Expectation,
): (window: Interval, eventsBySlice: ArrayLike<number>, sliceStart0: Instant, grain: number) => Silence {
  const isExpected = periodTest(expect.during);
  return (window, eventsBySlice, sliceStart0, grain) => {
    const length = commonMultiple(expect.everyMs, grain);
    const needed = expect.atLeast * (length / expect.everyMs);
    let [periods, silent] = [0, 0];
    for (
      let start = Math.ceil(window.start / length) * length;
      start + length <= window.end;
      start += length
    ) {
      const events = sumOf(eventsBySlice, (start - sliceStart0) / grain, length / grain);
      if (Number.isNaN(events) || !isExpected(start, length)) continue;
      periods++;
      if (events < needed) silent++;
    }
    // A window too short for a whole period has spoken all the same, or it hasn't.
    if (periods === 0 && expect.during === null && isQuiet(eventsBySlice)) return { periods: 1, silent: 1 };
    return { periods, silent };
  };
}

const isQuiet = (events: ArrayLike<number>): boolean => sumOf(events, 0, events.length) === 0;

function sumOf(events: ArrayLike<number>, from: number, count: number): number {
  let sum = 0;
  for (let index = from; index < from + count; index++) sum += events[index] ?? Number.NaN;
  return sum;
}

function commonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** Whether all of a period lies in office hours. */
function periodTest(hours: BusinessHours | null): (start: Instant, length: number) => boolean {
  if (hours === null) return () => true;
  const known = new Map<string, boolean>();
  return (start, length) => {
    const key = `${start}+${length}`;
    const found = known.get(key) ?? isInside(hours, start, start + length - 1);
    known.set(key, found);
    return found;
  };
}

function isInside(
  { timeZone, days, from, to, holidays }: BusinessHours,
  first: Instant,
  last: Instant,
): boolean {
  const day = localDay(first, timeZone);
  if (localDay(last, timeZone) !== day || holidays.includes(day)) return false;
  const begins = weekdayAndMinute(first, timeZone);
  const ends = weekdayAndMinute(last, timeZone);
  return days.includes(begins.weekday) && begins.minute >= minuteOf(from) && ends.minute < minuteOf(to);
}

function minuteOf(time: string): number {
  const [hour, minute] = time.split(':');
  return Number(hour) * 60 + Number(minute);
}
