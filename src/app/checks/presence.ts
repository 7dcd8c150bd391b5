/**
 * Fields that vanish: renamed by an update of what sends the events, or lost on the way. Then filters find nothing, and
 * 0 looks like a fine number. Once a day the events of the newest whole day are counted by field and hour, and held
 * against the days before. Of a field that is gone the running day is looked at, too, once an hour, until it is back.
 */
import { DAY, formatInstant, HOUR } from '../../core/time/interval.ts';
import { type Ask, guarded } from '../ask/ask.ts';
import { paceOf } from '../ask/pace.ts';
import { note } from '../collect/notices.ts';
import type { LoopContext } from '../context.ts';
import { idOf } from '../evaluate/facts.ts';
import type { CollectInput, SeriesGroup } from '../series.ts';
import {
  type Absence,
  absenceSentence,
  fieldName,
  type Need,
  needsOf,
  type PresenceKnown,
  presenceKey,
  share,
} from './absences.ts';
import { type Look, lookIn } from './look.ts';
import { countsOf } from './presence-count.ts';
import { type PresenceDue, presenceDue } from './presence-due.ts';
import { type Fewer, judged, withDays, withHours } from './presence-judge.ts';

/** Looks at one dataset's fields, by so many searches at most; one always. Returns how many it took. */
export async function checkPresence(
  context: LoopContext,
  ask: Ask,
  group: SeriesGroup,
  input: CollectInput,
  searches: number,
  signal: AbortSignal,
): Promise<number> {
  const { asOf } = input;
  const needs = needsIn(input, group);
  const due = await presenceDue(context, group, needs, asOf);
  if (due === null) return 0;
  const { look, spent } = lookIn(ask, group.dataset, input, signal);
  const isOver = () => context.clock.now() - asOf > paceOf(context).cycleMs || spent() >= searches;
  const read = await readParts(context, look, due, () => spent() > 0 && isOver());
  const { known, fewer } = read.isWhole ? judged(read.known, due.fields, due.newest) : { ...read, fewer: [] };
  await keep(context, input, needs, { group, before: due.known, known, fewer });
  return spent();
}

/** How many searches a look would take now. */
export async function presenceSearches(
  context: LoopContext,
  group: SeriesGroup,
  input: CollectInput,
): Promise<number> {
  const due = await presenceDue(context, group, needsIn(input, group), input.asOf);
  return due === null ? 0 : due.days.length + (due.hours === null ? 0 : 1);
}

/** What the KPIs need of the dataset's events. */
const needsIn = ({ kpis }: CollectInput, { dataset }: SeriesGroup): Need[] =>
  kpis
    .filter(({ datasets }) => datasets.some(({ name }) => name === dataset.name))
    .flatMap(needsOf)
    .filter((need) => need.dataset.name === dataset.name);

/** As far as it may go on. */
async function readParts(
  context: LoopContext,
  look: Look,
  { known: before, days, hours }: PresenceDue,
  isOver: () => boolean,
): Promise<{ readonly known: PresenceKnown; readonly isWhole: boolean }> {
  let known = before;
  for (const part of [...days, ...(hours === null ? [] : [hours])]) {
    let isRead = false;
    if (isOver()) return { known, isWhole: false };
    await guarded(context, look.dataset, async () => {
      const counts = await countsOf(look, part.fields, part, HOUR);
      known = part === hours ? withHours(known, counts, part) : withDays(known, counts, part);
      isRead = true;
    });
    if (!isRead) return { known, isWhole: false };
  }
  return { known, isWhole: true };
}

interface Outcome {
  readonly group: SeriesGroup;
  readonly before: PresenceKnown;
  readonly known: PresenceKnown;
  readonly fewer: readonly Fewer[];
}

/** Tells what is new, has the results looked at that it changes, and keeps what is known. */
async function keep(
  context: LoopContext,
  { asOf, ids }: CollectInput,
  needs: readonly Need[],
  { group: { dataset }, before, known, fewer }: Outcome,
): Promise<void> {
  const { store, log } = context;
  const about = { dataset: dataset.name, source: dataset.source };
  const since = new Map<string, number>();
  for (const [name, { native, absences }] of Object.entries(known.fields)) {
    const was = new Set((before.fields[name]?.absences ?? []).map(textOf));
    const changed = absences.filter((one) => !was.has(textOf(one)));
    for (const one of changed) {
      const text = absenceSentence(dataset.name, name, native, one);
      if (one.end === null) log.warn(about, `${text} What needs it is unknown until it is back.`);
      else log.info(about, text);
    }
    if (changed.length > 0) since.set(name, Math.min(...changed.map(({ start }) => start)));
  }
  const notices = fewer.map((one) => {
    const range = { start: one.day, end: one.day + DAY };
    return { about: 'field', at: asOf, range, text: fewerSentence(one, known) } as const;
  });
  await note(context, dataset, notices);
  for (const { field, series } of needs) {
    const start = since.get(field);
    if (start !== undefined) await store.touch(idOf(series, ids), { start, end: asOf });
  }
  const value = JSON.stringify(known);
  await store.uncover([], [], { key: presenceKey(dataset.name), value });
}

const textOf = ({ start, end }: Absence): string => `${start} ${end}`;

function fewerSentence({ field, day, present, events, usual }: Fewer, { fields }: PresenceKnown): string {
  const name = fieldName(field, fields[field]?.native ?? field);
  const count = (n: number) => n.toLocaleString('en');
  return `only ${count(present)} of ${count(events)} events of ${formatInstant(day).slice(0, 10)} have ${name}, where ${share(usual)} had it on the days before: was it renamed? What needs it counts less.`;
}
