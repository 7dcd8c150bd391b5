/** Collect: asks each source for the slices that are wanted and not there, or that late data has changed. */
import { ConnectorError } from '../../core/errors.ts';
import { MAX_DISTINCT } from '../../core/measure/distinct.ts';
import { formatInstant, type Instant, type Interval, union } from '../../core/time/interval.ts';
import type { FieldTypes, KnownSlice, SliceBatch } from '../../ports/connector.ts';
import { type Ask, guarded } from '../ask/ask.ts';
import { DeadlineError } from '../ask/lane.ts';
import { meterOf, paceOf } from '../ask/pace.ts';
import { checkData } from '../checks/daily.ts';
import type { LoopContext } from '../context.ts';
import { type CollectInput, groupSeries, type SeriesGroup, type WantedSeries } from '../series.ts';
import { withAccess } from './access.ts';
import {
  type Budgeted,
  type DueRead,
  dueReads,
  groupName,
  inBudget,
  type Standing,
  standingOf,
} from './due.ts';
import { noticesNow } from './notices.ts';
import { newSlices } from './reading.ts';

export interface Collected {
  readonly standings: readonly Standing[];
  /** Reads that are left to the next cycle. */
  readonly putOff: number;
  /** They are for want of time only: the next cycle may begin at once. */
  readonly goesOn: boolean;
}

export interface SourceInput extends CollectInput {
  readonly source: string;
  /** What else the source is asked in this pass: records, lists, its own description. */
  readonly otherSearches: number;
  readonly progress: { done: number; total: number };
}

/**
 * Reads what one source lacks, or what was revised, within the source's budget: newest first. What it did not give
 * stays missing, and due.
 */
export async function collectSlices(
  context: LoopContext,
  ask: Ask,
  input: SourceInput,
  signal: AbortSignal,
): Promise<Collected> {
  const groups = groupSeries(input, context.config.startFrom ?? 0).filter(
    ({ dataset }) => dataset.source === input.source,
  );
  const due = await Promise.all(groups.map((group) => dueReads(context, ask, group, input, signal)));
  const otherSearches = input.otherSearches + groups.length;
  const budgeted = inBudget(context.config, input.source, due.flat(), otherSearches);
  tellRefused(context, input.source, budgeted.refused);
  const left = await readAll(context, ask, budgeted, input, signal);
  await checkData(context, ask, groups, input, budgeted.allowed - budgeted.reads.length, signal);
  return { standings: await Promise.all(groups.map((group) => standingOf(context, group))), ...left };
}

function tellRefused(context: LoopContext, source: string, refused: readonly DueRead[]): void {
  const { maxBuckets } = context.config;
  meterOf(context.meter, source).refused = refused.length;
  for (const { group, range, buckets } of refused) {
    context.log.warn(
      { dataset: group.dataset.name, source },
      `${formatInstant(range.start)} to ${formatInstant(range.end)} is not read: ${buckets} measures in one slice are more than maxBuckets (${maxBuckets}). Raise it.`,
    );
  }
}

/** As many at a time as the source allows, as many in all as its budget does. */
async function readAll(
  context: LoopContext,
  ask: Ask,
  { reads, allowed }: Budgeted,
  input: SourceInput,
  signal: AbortSignal,
): Promise<Omit<Collected, 'standings'>> {
  const { maxConcurrentSearches = 1, maxSearchesPerCycle = null } =
    context.config.sources[input.source] ?? {};
  const isOver = () => context.clock.now() - input.asOf > paceOf(context).cycleMs;
  const { progress } = input;
  const tell = () => context.progress?.({ phase: 'collect', ...progress });
  progress.total += reads.length;
  tell();
  let next = 0;
  const work = async () => {
    for (let read = reads[next]; read !== undefined && next < allowed; read = reads[next]) {
      if (next > 0 && isOver()) return;
      next++;
      const { group } = read;
      await guarded(context, group.dataset, () => readSeries(context, ask, read, input, signal));
      progress.done++;
      tell();
    }
  };
  await Promise.all(Array.from({ length: maxConcurrentSearches }, work));
  const putOff = reads.length - next;
  meterOf(context.meter, input.source).putOff = putOff;
  const last = reads[next];
  const goesOn = last !== undefined && next < allowed;
  if (last !== undefined) {
    const why = !goesOn ? `maxSearchesPerCycle is ${maxSearchesPerCycle}` : 'the cycle is over';
    context.log.warn(
      { source: input.source, putOff },
      `${putOff} reads, of ${formatInstant(last.range.end)} and before, are put off to the next cycle: ${why}.`,
    );
  }
  return { putOff, goesOn };
}

async function readSeries(
  context: LoopContext,
  ask: Ask,
  read: Pick<DueRead, 'group' | 'range' | 'series'>,
  input: CollectInput,
  signal: AbortSignal,
): Promise<void> {
  const { group, range, series } = read;
  const types = input.probes.get(group.dataset.name)?.types ?? {};
  try {
    await ask(group.dataset.source, signal, async (connector, abort, alive) => {
      const request = sliceRequest(group, range, series, input.asOf, types);
      for await (const batch of connector.readSlices(request, abort)) {
        abort.throwIfAborted();
        const evidence = withAccess(batch.evidence, input.changes.get(group.dataset.name));
        await saveBatch(context, group, series, { ...batch, evidence }, input.asOf);
        alive();
      }
    });
  } catch (error) {
    if (error instanceof DeadlineError) {
      const name = groupName(group);
      const half = Math.max(group.grain, (range.end - range.start) / 2);
      input.shorter.set(name, Math.min(half, input.shorter.get(name) ?? half));
    }
    // One measure that the source refuses must not take the others down with it.
    if (!(error instanceof ConnectorError) || error.retryable || series.length < 2) throw error;
    const half = Math.ceil(series.length / 2);
    for (const part of [series.slice(0, half), series.slice(half)]) {
      await guarded(context, group.dataset, () =>
        readSeries(context, ask, { group, series: part, range }, input, signal),
      );
    }
  }
}

const sliceRequest = (
  group: SeriesGroup,
  range: Interval,
  wanted: readonly WantedSeries[],
  asOf: Instant,
  types: FieldTypes,
) => ({
  dataset: group.dataset,
  types,
  grain: group.grain,
  range,
  asOf,
  measures: wanted.map(({ id, binding }) => ({ id: String(id), ...binding.request })),
  maxGroups: Math.max(1, ...wanted.map((one) => one.binding.maxGroups)),
  maxDistinct: MAX_DISTINCT,
});

async function saveBatch(
  context: LoopContext,
  group: SeriesGroup,
  wanted: readonly WantedSeries[],
  batch: SliceBatch,
  asOf: Instant,
): Promise<void> {
  const { grain, control, dataset } = group;
  const starts = batch.readings.map((reading) => reading.start);
  const range = { start: Math.min(...starts), end: Math.max(...starts) + grain };
  const known = await context.store.known(control.id, range);
  // The dataset changed since its other series read these slices: they are due again, too.
  const moved = batch.readings.filter((reading) => {
    const before = known.get(reading.start);
    return before !== undefined && !isSameSlice(before, reading);
  });
  if (moved.length > 0) {
    const all = await context.store.allSeries(dataset.name, grain);
    await context.store.uncover(
      all.filter((id) => id !== control.id && !wanted.some((one) => one.id === id)),
      moved.map(({ start }) => ({ start, end: start + grain })),
    );
  }
  const intervals = union(
    starts.map((start) => ({ start, end: start + grain })),
    [],
  );
  const lost = lostEvents(known, batch.readings);
  for (const text of lost) context.log.warn({ dataset: dataset.name, source: dataset.source }, text);
  const notices = await noticesNow(context.store, dataset.name, asOf);
  const warnings = [...batch.evidence.warnings, ...lost, ...notices];
  await context.store.saveSlices({
    read: { dataset: dataset.name, asOf, range, evidence: { ...batch.evidence, warnings } },
    grain,
    slices: batch.readings.flatMap((reading) => newSlices(reading, wanted, control, context)),
    covered: { seriesIds: [...wanted, control].map((one) => one.id), intervals },
  });
}

/** Events that were there, and are no more: deleted, moved in time, or past what the source keeps. */
function lostEvents(
  known: ReadonlyMap<Instant, KnownSlice>,
  readings: SliceBatch['readings'],
): readonly string[] {
  const shrunk = readings.flatMap(({ start, events }) => {
    const before = known.get(start)?.events ?? 0;
    return before > events ? [{ start, gone: before - events }] : [];
  });
  const [first] = shrunk;
  if (first === undefined) return [];
  const gone = shrunk.reduce((sum, one) => sum + one.gone, 0);
  return [
    `The source holds ${gone} ${gone === 1 ? 'event' : 'events'} fewer than when they were read before, the first from ${formatInstant(first.start)}. They may have been deleted, or be older than it keeps; what was known before stays readable (--as-of).`,
  ];
}

const isSameSlice = (a: KnownSlice, b: KnownSlice): boolean =>
  a.events === b.events && a.maxIngested === b.maxIngested && a.digest === b.digest;
