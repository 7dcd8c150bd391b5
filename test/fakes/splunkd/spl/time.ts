/** Splunk's time arguments (`-24h@h`, epochs, ISO), spans, and days of a zone. */
import { SplError } from './value.ts';

export const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };

const UNITS: Readonly<Record<string, string>> = {
  s: 's',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  m: 'm',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  h: 'h',
  hr: 'h',
  hrs: 'h',
  hour: 'h',
  hours: 'h',
  d: 'd',
  day: 'd',
  days: 'd',
  w: 'w',
  week: 'w',
  weeks: 'w',
};

/** Seconds of `5m`, `300`, `1d`. */
export function parseSpan(text: string): number | null {
  const match = /^(\d+)\s*([a-z]*)$/.exec(text);
  if (match === null) return null;
  const unit = match[2] === '' ? 's' : UNITS[match[2] ?? ''];
  const seconds = unit === undefined ? undefined : UNIT_SECONDS[unit];
  return seconds === undefined ? null : Number(match[1]) * seconds;
}

/** The instant of a time argument in seconds; null: unbounded. Snapping is in the user's zone. */
export function parseTime(text: string | undefined, now: number, timeZone: string): number | null {
  if (text === undefined || text === '') return null;
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (text === 'now' || text === 'now()') return now;
  const relative = /^(?:([+-]\d*)([a-z]+))?(?:@([a-z]+)(\d)?)?$/.exec(text);
  if (relative !== null && text !== '') return relativeTime(relative, now, timeZone, text);
  const iso = Date.parse(text);
  if (!Number.isNaN(iso)) return iso / 1000;
  throw invalidTime(text);
}

function invalidTime(text: string): SplError {
  return new SplError('refusal', `Invalid value "${text}" for time term 'earliest_time'`);
}

function relativeTime(match: RegExpExecArray, now: number, timeZone: string, text: string): number {
  const [, amount, unit, snap] = match;
  let at = now;
  if (unit !== undefined) {
    const known = UNIT_SECONDS[UNITS[unit] ?? ''];
    if (known === undefined) throw invalidTime(text);
    const sign = amount === '-' || amount === '+' ? `${amount}1` : (amount ?? '0');
    at += Number(sign) * known;
  }
  if (snap === undefined) return at;
  const seconds = UNIT_SECONDS[UNITS[snap] ?? ''];
  if (seconds === undefined || seconds > 86400) throw invalidTime(text);
  return snapTo(at, seconds, timeZone);
}

/** The start of the span that holds an instant: of a day and longer in the zone's own days. */
export function snapTo(at: number, seconds: number, timeZone: string): number {
  const offset = seconds >= 3600 ? zoneOffset(at, timeZone) : 0;
  const start = Math.floor((at + offset) / seconds) * seconds;
  return start - (seconds >= 3600 ? zoneOffset(start - offset, timeZone) : 0);
}

/** Seconds that a zone is ahead of UTC. */
export function zoneOffset(at: number, timeZone: string): number {
  if (timeZone === 'UTC' || timeZone === 'Etc/UTC') return 0;
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(
    at * 1000,
  );
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const match = /GMT([+-])(\d\d):(\d\d)/.exec(name);
  if (match === null) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3]) * 60);
}

/** `2012-11-27T16:44:22.581-08:00`: how `_time` stands in results. */
export function isoTime(at: number, timeZone: string): string {
  const offset = zoneOffset(at, timeZone);
  const local = new Date(Math.round((at + offset) * 1000)).toISOString().slice(0, 23);
  const sign = offset < 0 ? '-' : '+';
  const minutes = Math.abs(offset) / 60;
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${local}${sign}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}
