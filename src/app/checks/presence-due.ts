/** Which days and hours of a dataset have to be looked at for which fields: as the loop asks, and `clause9 plan` tells. */
import { DAYS_BEFORE } from '../../core/result/presence.ts';
import { DAY, HOUR, type Instant, type Interval, subtract } from '../../core/time/interval.ts';
import { sliceStart } from '../../core/time/slice.ts';
import { longestRange } from '../collect/due.ts';
import type { LoopContext } from '../context.ts';
import type { SeriesGroup } from '../series.ts';
import { type Need, type PresenceKnown, presenceKnown } from './absences.ts';

/** One search, for the fields that lack a part of it. */
export interface Part extends Interval {
  readonly fields: readonly string[];
}

export interface PresenceDue {
  /** With the events of each day that there is. */
  readonly known: PresenceKnown;
  /** The end of the newest whole day that has settled. */
  readonly newest: Instant;
  /** The fields that are judged when the days are read. */
  readonly fields: readonly string[];
  /** Newest first. */
  readonly days: readonly Part[];
  /** The hours of the running day that have settled since the last look, for fields that are gone; null: nothing. */
  readonly hours: Part | null;
}

/** Null: nothing. Days that the loop has not read are none of its business. */
export async function presenceDue(
  context: LoopContext,
  { dataset, control }: SeriesGroup,
  needs: readonly Need[],
  asOf: Instant,
): Promise<PresenceDue | null> {
  const { store } = context;
  const needed = [...new Set(needs.map(({ field }) => field))].sort();
  if (needed.length === 0) return null;
  const before = await presenceKnown(store, dataset, control.binding.fingerprint, needed);
  const newest = sliceStart(asOf - dataset.settleMs, DAY);
  const gone = needed.filter((field) => before.fields[field]?.absences.at(-1)?.end === null);
  const start = Math.max(newest, before.hoursTo);
  const end = sliceStart(asOf - dataset.settleMs, HOUR);
  const hours = gone.length > 0 && start < end ? { start, end, fields: gone } : null;
  const behind = needed.filter((field) => (before.fields[field]?.lookedTo ?? 0) < newest);
  const covered = behind.length === 0 ? [] : ((await store.coverage([control.id])).get(control.id) ?? []);
  const isRead = (day: Instant): boolean => subtract([{ start: day, end: day + DAY }], covered).length === 0;
  if (behind.length === 0 || !isRead(newest - DAY)) {
    return hours === null ? null : { known: before, newest, fields: [], days: [], hours };
  }
  const all = Array.from({ length: DAYS_BEFORE + 1 }, (_, index) => newest - (index + 1) * DAY).filter(
    isRead,
  );
  const slices = await store.known(control.id, { start: newest - (DAYS_BEFORE + 1) * DAY, end: newest });
  const events: Record<string, number> = {};
  for (const [at, slice] of slices) {
    const day = sliceStart(at, DAY);
    // A slice longer than a day does not exist; one of a day is one.
    events[day] = (events[day] ?? 0) + slice.events;
  }
  const known = { ...before, events: { ...before.events, ...events } };
  const lacking = (day: Instant) =>
    (events[day] ?? 0) === 0 ? [] : behind.filter((field) => known.fields[field]?.days[day] === undefined);
  return { known, newest, fields: behind, days: partsOf(context, dataset.source, all, lacking), hours };
}

/** Neighbouring days together, as far as one read may go. */
function partsOf(
  { config }: LoopContext,
  source: string,
  days: readonly Instant[],
  lacking: (day: Instant) => readonly string[],
): Part[] {
  const longest = longestRange(config.sources[source]?.maxRangeMs, HOUR);
  const parts: Part[] = [];
  for (const day of days) {
    const own = lacking(day);
    const last = parts.at(-1);
    if (own.length === 0) continue;
    const fields = [...new Set([...(last?.fields ?? []), ...own])];
    const length = last === undefined ? Number.POSITIVE_INFINITY : last.end - day;
    const isShort = length <= longest && (length / HOUR) * (fields.length + 1) <= config.maxBuckets;
    if (last?.start === day + DAY && isShort) parts[parts.length - 1] = { start: day, end: last.end, fields };
    else parts.push({ start: day, end: day + DAY, fields: own });
  }
  return parts;
}
