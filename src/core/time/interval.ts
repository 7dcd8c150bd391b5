/**
 * Instants and half-open intervals: everything about time in clause9 is UTC milliseconds since 1970. Also how
 * people write them (`5m`, `2016-04-01T00:00:00Z`), and arithmetic on lists of intervals.
 */
import { formatDay, parseDay, two } from './civil.ts';

/** A UTC instant in milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** Half-open `[start, end)` in UTC milliseconds. */
export interface Interval {
  readonly start: Instant;
  readonly end: Instant;
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The grains of slices, smallest first: 1m 5m 15m 1h 1d, in milliseconds. Each divides the next. */
export const GRAINS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, DAY] as const;
export type Grain = (typeof GRAINS)[number];

const DURATION = /^(?=\d)(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const UNITS = [7 * DAY, DAY, HOUR, MINUTE, SECOND, 1] as const;

/** Milliseconds of `5m`, `72h`, `14d`, `2w`, `1h30m`, `30s`, `250ms` (units from large to small); null if it is none. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text);
  if (match === null) return null;
  const ms = UNITS.reduce((total, unit, index) => total + unit * Number(match[index + 1] ?? 0), 0);
  return Number.isSafeInteger(ms) ? ms : null;
}

/** The shortest text that `parseDuration` reads back as the same: `3d`, `1h30m`, `0s`; weeks are written in days. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  const units = [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'm'],
    [SECOND, 's'],
    [1, 'ms'],
  ] as const;
  let text = '';
  let rest = Math.round(ms);
  for (const [unit, name] of units) {
    const count = Math.floor(rest / unit);
    if (count > 0) text += `${count}${name}`;
    rest -= count * unit;
  }
  return text === '' ? '0s' : text;
}

const INSTANT =
  /^(\d{4}-\d{2}-\d{2})(?:T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d+))?)?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d)))?$/;

/**
 * An ISO 8601 date-time with its zone (`Z` or `+01:00`), or a plain date, which is 00:00 UTC; null for all else,
 * also for days that don't exist. Digits below the millisecond are cut off.
 */
export function parseInstant(text: string): Instant | null {
  const match = INSTANT.exec(text);
  if (match === null) return null;
  const day = parseDay(match[1] ?? '');
  if (day === null) return null;
  const [hour, minute, second] = [Number(match[2] ?? 0), Number(match[3] ?? 0), Number(match[4] ?? 0)];
  const milliseconds = Number((match[5] ?? '').slice(0, 3).padEnd(3, '0'));
  const offset =
    (Number(match[7] ?? 0) * HOUR + Number(match[8] ?? 0) * MINUTE) * (match[6] === '-' ? -1 : 1);
  return day * DAY + hour * HOUR + minute * MINUTE + second * SECOND + milliseconds - offset;
}

/** ISO 8601 in UTC: `2016-04-01T00:00:00Z`, with milliseconds only where they are not zero. */
export function formatInstant(instant: Instant): string {
  const days = Math.floor(instant / DAY);
  const ofDay = Math.floor(instant - days * DAY);
  const time = `${two(Math.floor(ofDay / HOUR))}:${two(Math.floor(ofDay / MINUTE) % 60)}:${two(Math.floor(ofDay / SECOND) % 60)}`;
  const milliseconds = ofDay % SECOND;
  const fraction = milliseconds === 0 ? '' : `.${String(milliseconds).padStart(3, '0')}`;
  return `${formatDay(days)}T${time}${fraction}Z`;
}

// Lists of intervals: sorted, disjoint, none empty. So are the results, and neighbours that touch are joined.

/** What lies in either list. */
export function union(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const joined: Interval[] = [];
  for (const next of [...a, ...b].sort((x, y) => x.start - y.start)) {
    const last = joined.at(-1);
    if (next.end <= next.start) continue;
    if (last === undefined || next.start > last.end) joined.push(next);
    else if (next.end > last.end) joined[joined.length - 1] = { start: last.start, end: next.end };
  }
  return joined;
}

/** What lies in `a` and not in `b`. */
export function subtract(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const left: Interval[] = [];
  let from = 0;
  for (const { start, end } of union(a, [])) {
    let at = start;
    // What ends before this interval can't matter to later ones either.
    while ((b[from]?.end ?? Number.POSITIVE_INFINITY) <= start) from++;
    for (let index = from; at < end; index++) {
      const cut = b[index];
      const until = Math.min(end, cut?.start ?? end);
      if (until > at) left.push({ start: at, end: until });
      at = Math.max(at, cut?.end ?? end);
      if (cut === undefined || cut.start >= end) break;
    }
  }
  return left;
}

/** What lies in both lists. */
export function intersect(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const common: Interval[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [x, y] = [a[i], b[j]];
    if (x === undefined || y === undefined) return union(common, []);
    const [start, end] = [Math.max(x.start, y.start), Math.min(x.end, y.end)];
    if (start < end) common.push({ start, end });
    if (x.end < y.end) i++;
    else j++;
  }
}

/** The smallest interval on the grain's edges that covers this one. */
export function alignOut(interval: Interval, grain: number): Interval {
  return { start: Math.floor(interval.start / grain) * grain, end: Math.ceil(interval.end / grain) * grain };
}

/** Milliseconds covered by a list of disjoint intervals. */
export function coveredLength(intervals: readonly Interval[]): number {
  return intervals.reduce((total, { start, end }) => total + Math.max(0, end - start), 0);
}
