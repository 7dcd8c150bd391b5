/**
 * Whether a field that events used to have is gone: renamed by an update of what sends them, or lost on the way. Judged
 * by whole days, against the days before; chance and the rhythm of a week are no sign of it.
 */
import { DAY, type Instant } from '../time/interval.ts';

export interface DayPresence {
  /** 00:00 UTC. */
  readonly start: Instant;
  readonly events: number;
  /** Of them, with the field. */
  readonly present: number;
}

/** The days that a day is judged by. */
export const DAYS_BEFORE = 14;
const AT_LEAST_DAYS = 3;
/** By Poisson, 20 expected and none seen is a chance of 2 in 10⁹; 50 expected and 25 or fewer seen, of 1 in 10,000. */
const EXPECTED_OF_GONE = 20;
const EXPECTED_OF_FEWER = 50;

/** `gone`: no event has it. `fewer`: less than half of what is usual have it. Null: as usual, or it can't be told. */
export type Change = { readonly kind: 'gone' | 'fewer'; readonly usual: number };

/**
 * A day against up to 14 days before it, of which events with the field are counted. Usual is the median of their
 * shares, or less where the same day of the week had less. A day of whose kind none is known can't be judged: what is
 * there on workdays only would be missed each first Saturday.
 */
export function presenceChange(day: DayPresence, before: readonly DayPresence[]): Change | null {
  const known = before.filter(
    ({ start, events }) => events > 0 && start < day.start && start >= day.start - DAYS_BEFORE * DAY,
  );
  const sameWeekday = known.filter(({ start }) => (day.start - start) % (7 * DAY) === 0);
  if (known.length < AT_LEAST_DAYS || sameWeekday.length === 0 || day.events === 0) return null;
  const usualOf = (of: (one: DayPresence) => number): number =>
    Math.min(median(known.map(of)), ...sameWeekday.map(of));
  const usual = usualOf(({ present, events }) => present / events);
  const expected = usual * day.events;
  const seen = known.reduce((sum, { present }) => sum + present, 0);
  if (day.present === 0) {
    return expected >= EXPECTED_OF_GONE && seen >= EXPECTED_OF_GONE ? { kind: 'gone', usual } : null;
  }
  // Where other events came in beside them, the share fell, and nothing was lost.
  const isFewer = day.present < expected / 2 && day.present < usualOf(({ present }) => present) / 2;
  return isFewer && expected >= EXPECTED_OF_FEWER ? { kind: 'fewer', usual } : null;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? 0, sorted[middle] ?? 0];
  return (low + high) / 2;
}
