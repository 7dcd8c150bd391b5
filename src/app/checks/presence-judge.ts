/** From counts by hour to what is known of fields: which day had how many, which are gone, which are back. No I/O. */
import { DAYS_BEFORE, type DayPresence, presenceChange } from '../../core/result/presence.ts';
import { DAY, HOUR, type Instant } from '../../core/time/interval.ts';
import type { Absence, FieldKnown, PresenceKnown, Seen } from './absences.ts';
import type { Counts, SliceCount } from './presence-count.ts';
import type { Part } from './presence-due.ts';

/** A day on which less than half of what is usual had a field. */
export interface Fewer {
  readonly field: string;
  readonly day: Instant;
  readonly present: number;
  readonly events: number;
  /** The share that is usual. */
  readonly usual: number;
}

/** What was read of the days of a part. */
export function withDays(known: PresenceKnown, counts: Counts, { start, end }: Part): PresenceKnown {
  return withFields(known, counts, (field, hours) => {
    const days: Record<string, Seen | null> = { ...field.days };
    for (let day = start; day < end; day += DAY) {
      days[day] =
        hours === null ? null : seenIn(hours.filter((hour) => hour.start >= day && hour.start < day + DAY));
    }
    return { ...field, days };
  });
}

/** What was read of the running day, for fields that are gone: those that are there are back. */
export function withHours(known: PresenceKnown, counts: Counts, { end }: Part): PresenceKnown {
  const next = withFields(known, counts, (field, hours) => {
    const seen = hours === null ? null : seenIn(hours);
    return seen === null || seen.present === 0
      ? field
      : { ...field, absences: ended(field.absences, seen.start) };
  });
  return { ...next, hoursTo: end };
}

function withFields(
  known: PresenceKnown,
  counts: Counts,
  change: (field: FieldKnown, hours: readonly SliceCount[] | null) => FieldKnown,
): PresenceKnown {
  const fields = Object.entries(known.fields).map(([name, field]): [string, FieldKnown] => {
    const hours = counts.get(name);
    return [name, hours === undefined ? field : change(field, hours)];
  });
  return { ...known, fields: Object.fromEntries(fields) };
}

/** Null where there may have been some that the source left out. */
function seenIn(hours: readonly SliceCount[]): Seen | null {
  const spoken = hours.filter(({ present }) => present > 0);
  const [first, last] = [spoken[0], spoken.at(-1)];
  if (first === undefined || last === undefined)
    return hours.some(({ isPartial }) => isPartial) ? null : { present: 0, start: 0, end: 0 };
  const present = spoken.reduce((sum, one) => sum + one.present, 0);
  return { present, start: first.start, end: last.start + HOUR };
}

/** The absence that lasts ends. */
const ended = (absences: readonly Absence[], end: Instant): readonly Absence[] =>
  absences.map((one, index) => (index === absences.length - 1 && one.end === null ? { ...one, end } : one));

/** Judges these fields by the days that have not been judged yet, and drops what no day is judged by any more. */
export function judged(
  known: PresenceKnown,
  names: readonly string[],
  newest: Instant,
): { readonly known: PresenceKnown; readonly fewer: readonly Fewer[] } {
  const fewer: Fewer[] = [];
  const isKept = (day: string): boolean => Number(day) >= newest - (DAYS_BEFORE + 1) * DAY;
  const kept = <T>(days: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(days).filter(([day]) => isKept(day)));
  const events = kept(known.events);
  const fields = Object.entries(known.fields).map(([name, before]): [string, FieldKnown] => {
    const field = { ...before, days: kept(before.days) };
    if (!names.includes(name)) return [name, field];
    const { absences, lows } = judgedField(field, events);
    // What is older was told, or is past.
    const own = lows.filter(({ day }) => day >= newest - DAY);
    fewer.push(...own.map((low) => ({ field: name, ...low })));
    return [name, { ...field, absences, lookedTo: newest }];
  });
  return { known: { ...known, events, fields: Object.fromEntries(fields) }, fewer };
}

function judgedField(field: FieldKnown, events: PresenceKnown['events']) {
  const lows: Omit<Fewer, 'field'>[] = [];
  let { absences } = field;
  const days = Object.entries(field.days)
    .flatMap(([day, seen]) =>
      seen === null ? [] : [{ ...seen, day: Number(day), events: events[day] ?? 0 }],
    )
    .sort((a, b) => a.day - b.day);
  for (const [index, one] of days.entries()) {
    const { day, present } = one;
    const last = absences.at(-1);
    if (day < (field.lookedTo ?? 0)) continue;
    if (last?.end === null) {
      if (present > 0 && one.end > last.start) absences = ended(absences, Math.max(one.start, last.start));
      continue;
    }
    const before = days.slice(0, index).filter((earlier) => !isAbsent(absences, earlier.day));
    const change = presenceChange(dayOf(one), before.map(dayOf));
    if (change === null) continue;
    const there = before.findLast((earlier) => earlier.present > 0);
    if (change.kind === 'fewer') lows.push({ day, present, events: one.events, usual: change.usual });
    else if (there !== undefined)
      absences = [...absences, { start: there.end, end: null, usual: change.usual }];
  }
  return { absences, lows };
}

const dayOf = ({ day, events, present }: { day: Instant; events: number; present: number }): DayPresence => ({
  start: day,
  events,
  present,
});

const isAbsent = (absences: readonly Absence[], day: Instant): boolean =>
  absences.some(({ start, end }) => day >= start && (end === null || day + DAY <= end));
