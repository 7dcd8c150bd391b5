/**
 * Local days in IANA time zones, right across DST, half-hour offsets, midnights that a clock change skipped and
 * days that a zone left out. Days are numbered since 1970-01-01; what a zone answers is remembered, as asking the
 * zone data is slow and its answers don't change.
 */
import { Temporal } from 'temporal-polyfill';
import { Clause9Error } from '../errors.ts';
import { civilDate, formatDay, parseDay } from './civil.ts';
import { DAY, HOUR, type Instant } from './interval.ts';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Whether the text names an IANA zone, such as `Europe/Oslo` or `UTC`. Bare offsets (`+02:00`) are none: they know no DST. */
export function isZone(text: string): boolean {
  if (!/^[A-Za-z][\w+/-]*$/.test(text)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const dayStarts = new Map<string, Map<number, Instant>>();

/**
 * When a numbered day begins in a zone: its first instant. A day that the zone left out begins, and ends, where the
 * next one begins.
 */
export function dayStart(day: number, timeZone: string): Instant {
  if (timeZone === 'UTC') return day * DAY;
  const known = remember(dayStarts, timeZone, () => new Map<number, Instant>());
  return remember(
    known,
    day,
    () => Temporal.PlainDate.from(civilDate(day)).toZonedDateTime(timeZone).epochMilliseconds,
  );
}

function remember<K, V>(known: Map<K, V>, key: K, compute: () => V): V {
  const found = known.get(key);
  if (found !== undefined) return found;
  const value = compute();
  known.set(key, value);
  return value;
}

/**
 * The number of the day that an instant belongs to: the last one that has begun. It is the wall clock's day but
 * where a clock is set back across midnight: the day begins once, at its first midnight.
 */
export function dayAt(instant: Instant, timeZone: string): number {
  // No zone is a whole day ahead of UTC, so no later day than this one has begun.
  let day = Math.floor(instant / DAY) + 1;
  while (dayStart(day, timeZone) > instant) day--;
  return day;
}

/** The local calendar day of an instant, as `YYYY-MM-DD`. */
export function localDay(instant: Instant, timeZone: string): string {
  return formatDay(dayAt(instant, timeZone));
}

/** The first instant of a local day given as `YYYY-MM-DD`. Throws where the text is no day. */
export function startOfDay(day: string, timeZone: string): Instant {
  const number = parseDay(day);
  if (number === null)
    throw new Clause9Error(`"${day}" is no calendar day`, { help: 'Write it as YYYY-MM-DD.' });
  return dayStart(number, timeZone);
}

/** What the wall clock shows: the weekday, and the minute since 00:00 (0 to 1439). */
export function weekdayAndMinute(instant: Instant, timeZone: string): { weekday: Weekday; minute: number } {
  const local = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone);
  return { weekday: WEEKDAYS[local.dayOfWeek - 1] ?? 'mon', minute: local.hour * 60 + local.minute };
}

const FIRST = Temporal.Instant.from('1990-01-01T00:00:00Z');
const LAST = Temporal.Instant.from('2060-01-01T00:00:00Z').epochMilliseconds;
const wholeHours = new Map<string, boolean>();

/** Whether all offsets of a zone from 1990 to 2060 are whole hours. */
export function hasWholeHourOffsets(timeZone: string): boolean {
  return remember(wholeHours, timeZone, () => scanOffsets(timeZone));
}

function scanOffsets(timeZone: string): boolean {
  let at: Temporal.ZonedDateTime | null = FIRST.toZonedDateTimeISO(timeZone);
  while (at !== null && at.epochMilliseconds < LAST) {
    if ((at.offsetNanoseconds / 1e6) % HOUR !== 0) return false;
    at = at.getTimeZoneTransition('next');
  }
  return true;
}
