/** Reads the small words of a definition (durations, days, shares, instants) and reports those that mean nothing. */
import { parseDay } from '../time/civil.ts';
import { type Instant, parseDuration, parseInstant } from '../time/interval.ts';
import { error, type Path, type Problem } from './problem.ts';
import { nameOf } from './shape-words.ts';

export type Report = (problem: Problem) => void;

/** Milliseconds, at least `least`; reports what is no duration and returns null. */
export function readDuration(text: string, path: Path, report: Report, least = 1): number | null {
  const ms = parseDuration(text);
  if (ms !== null && ms >= least) return ms;
  const message =
    ms === null ? `${nameOf(path)} is no duration: "${text}"` : `${nameOf(path)} must be longer than ${text}`;
  report(
    error(
      'duration',
      path,
      message,
      'Write whole numbers with ms, s, m, h, d or w, large units first: 30d, 1h30m.',
    ),
  );
  return null;
}

/** The day itself; reports what is no day of the calendar. */
export function readDay(text: string, path: Path, report: Report): string | null {
  if (parseDay(text) !== null) return text;
  report(
    error('date', path, `${nameOf(path)} is no day of the calendar: "${text}"`, 'Write it as 2026-01-31.'),
  );
  return null;
}

export function readInstant(text: string, path: Path, report: Report): Instant | null {
  const instant = parseInstant(text);
  if (instant !== null) return instant;
  report(
    error(
      'date',
      path,
      `${nameOf(path)} is no point in time: "${text}"`,
      'Write it as 2026-01-31T22:00:00Z, with its zone.',
    ),
  );
  return null;
}

/** `1%` or 0.01 as 0.01. */
export function readShare(written: number | string, path: Path, report: Report): number {
  const percent = typeof written === 'string' ? /^(\d+(?:\.\d+)?) ?%$/.exec(written)?.[1] : undefined;
  const share = typeof written === 'number' ? written : Number(percent) / 100;
  if (share >= 0 && share <= 1) return share;
  report(
    error(
      'share',
      path,
      `${nameOf(path)} is no share: "${written}"`,
      'Write a percentage from 0% to 100%: 1%.',
    ),
  );
  return 0;
}
