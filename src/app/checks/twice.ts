/**
 * Events that are there twice: a shipper sent them again, and the source kept both. Where events have an id, the newest
 * settled hour with events is looked at once a day. The numbers stand: nobody can say which of two alike to leave out.
 */
import type { EventsDataset } from '../../config/model.ts';
import { ConnectorError } from '../../core/errors.ts';
import type { Filter } from '../../core/filter/model.ts';
import { distinctCount, MAX_DISTINCT, mergeDistinct } from '../../core/measure/distinct.ts';
import { NO_GROUP } from '../../core/measure/tally.ts';
import { DAY, formatInstant, GRAINS, type Grain, HOUR, type Interval } from '../../core/time/interval.ts';
import { sliceStart } from '../../core/time/slice.ts';
import { type Ask, guarded, sentence } from '../ask/ask.ts';
import { note } from '../collect/notices.ts';
import type { LoopContext } from '../context.ts';
import type { CollectInput, SeriesGroup } from '../series.ts';
import { type Look, lookIn, newestHourIn, readingsOf, type SpokenHour } from './look.ts';

/** An estimate that differs by more than so many standard errors differs. */
const ERRORS = 4;
/** So far back an hour with events is looked for. */
const LOOK_BACK = 7 * DAY;

export interface Repeats {
  /** Events that have an id. */
  readonly events: number;
  readonly ids: number;
  /** Whether `ids` is an estimate. */
  readonly isEstimate: boolean;
  /** Events more than ids; 0 also where the estimate can explain them. */
  readonly repeats: number;
}

/** Counts one hour's events and their ids, in slices small enough to keep the ids one by one. */
export async function repeatsIn(look: Look, id: string, hour: SpokenHour): Promise<Repeats> {
  const field = look.dataset.fields[id] ?? id;
  const where: Filter = { op: 'test', field, predicate: { kind: 'exists' } };
  const measures = [{ id, where, aggregate: { type: 'distinct', field }, groupBy: [] } as const];
  const readings = await readingsOf(look, { grain: grainFor(hour.events), range: hour, measures });
  const tallies = readings.flatMap(({ tallies }) => tallies[id]?.[NO_GROUP] ?? []);
  const events = tallies.reduce((sum, { n }) => sum + n, 0);
  const sets = tallies.flatMap(({ distinct }) => distinct ?? []);
  const { value: ids, relativeError = 0 } = distinctCount(mergeDistinct(sets, Number.POSITIVE_INFINITY));
  const repeats = events - ids > ERRORS * relativeError * ids ? events - ids : 0;
  return { events, ids, isEstimate: relativeError > 0, repeats };
}

/** Twice the events that an even hour would have in a slice may be in one. */
const grainFor = (events: number): Grain =>
  GRAINS.findLast((grain) => grain <= HOUR && 2 * events * (grain / HOUR) <= MAX_DISTINCT) ?? GRAINS[0];

export function repeatsSentence(
  { events, ids, repeats, isEstimate }: Repeats,
  id: string,
  { start, end }: Interval,
): string {
  const [about, only] = isEstimate ? ['about ', 'about'] : ['', 'only'];
  const text = (count: number) => count.toLocaleString('en');
  return `${about}${text(repeats)} of ${text(events)} events between ${formatInstant(start)} and ${formatInstant(end)} are there twice: their ${id} has ${only} ${text(ids)} ${ids === 1 ? 'value' : 'values'}. Each counts as often as it is there; look at what sends them.`;
}

const keyOf = (dataset: string): string => `twice ${dataset}`;

/** Looks at a dataset when a day has passed since the last look. Returns how many searches it took. */
export async function checkTwice(
  context: LoopContext,
  ask: Ask,
  group: SeriesGroup,
  input: CollectInput,
  signal: AbortSignal,
): Promise<number> {
  const { store } = context;
  const { dataset } = group;
  const { id, source } = dataset;
  const { asOf } = input;
  if (id === undefined || !(await isDue(store, dataset, asOf))) return 0;
  const about = { dataset: dataset.name, source };
  const { look, spent } = lookIn(ask, dataset, input, signal);
  await guarded(context, dataset, async () => {
    try {
      const hour = await newestHour(context, look, group);
      if (hour === null) return;
      const found = await repeatsIn(look, id, hour);
      const text = repeatsSentence(found, id, hour);
      if (found.repeats > 0) await note(context, dataset, [{ about: 'twice', at: asOf, range: hour, text }]);
      if (found.events === 0)
        context.log.warn(
          about,
          `no event has the dataset's \`id\`, ${id}: nobody sees whether one is there twice`,
        );
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.retryable) throw error;
      context.log.warn(about, `whether events are there twice can't be told: ${sentence(error)}`);
    }
    await store.uncover([], [], { key: keyOf(dataset.name), value: String(asOf) });
  });
  return spent();
}

const isDue = async (store: LoopContext['store'], { name }: EventsDataset, asOf: number): Promise<boolean> =>
  asOf - Number((await store.cursor(keyOf(name))) ?? 0) >= DAY;

/** How many searches a look would take now. */
export async function twiceSearches(
  { store }: LoopContext,
  { dataset, grain }: SeriesGroup,
  { asOf }: CollectInput,
): Promise<number> {
  if (dataset.id === undefined || !(await isDue(store, dataset, asOf))) return 0;
  return grain > HOUR ? 2 : 1;
}

/** The newest whole hour with events, as they were read: asks the source only where slices are longer than that. */
async function newestHour(
  { store }: LoopContext,
  look: Look,
  { control, grain }: SeriesGroup,
): Promise<SpokenHour | null> {
  const end = sliceStart(look.asOf - look.dataset.settleMs, HOUR);
  const known = await store.known(control.id, { start: end - LOOK_BACK, end });
  const spoken = [...known].filter(([start, { events }]) => events > 0 && start + grain <= end);
  if (spoken.length === 0) return null;
  const newest = Math.max(...spoken.map(([start]) => start));
  if (grain > HOUR) return newestHourIn(look, { start: newest, end: newest + grain });
  const start = sliceStart(newest, HOUR);
  const events = spoken.reduce((sum, [at, one]) => sum + (at >= start ? one.events : 0), 0);
  return { start, end: start + HOUR, events };
}
