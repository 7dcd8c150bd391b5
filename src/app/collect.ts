/** Collect: asks each source for the slices that are wanted and not there, or that late data has changed. */
import { ConnectorError } from '../core/errors.ts';
import { MAX_DISTINCT } from '../core/measure/distinct.ts';
import { standardTallies } from '../core/measure/standard.ts';
import { OVERFLOW } from '../core/measure/tally.ts';
import { type PlannedRead, planReads } from '../core/plan/reads.ts';
import { type Instant, type Interval, union } from '../core/time/interval.ts';
import type { FieldTypes, KnownSlice, SliceBatch, SliceReading } from '../ports/connector.ts';
import type { NewSlice } from '../ports/store.ts';
import { type Ask, guarded } from './ask.ts';
import type { LoopContext } from './context.ts';
import { uncoverMixed, uncoverOverflown, uncoverRevised } from './revise.ts';
import { type CollectInput, groupSeries, type SeriesGroup, type WantedSeries } from './series.ts';

/**
 * Reads what is missing or was revised. A source that fails delays no other; what it did not give stays missing.
 * Returns how many slices that are, over all series.
 */
export async function collectSlices(
  context: LoopContext,
  ask: Ask,
  input: CollectInput,
  signal: AbortSignal,
): Promise<number> {
  const groups = groupSeries(input, context.config.startFrom ?? 0);
  await Promise.all(groups.map((group) => uncoverMixed(context, group)));
  await Promise.all(groups.map((group) => uncoverOverflown(context, group)));
  await Promise.all(
    groups.map((group) =>
      guarded(context, group.dataset, () => uncoverRevised(context, ask, group, input, signal)),
    ),
  );
  const planned = (await Promise.all(groups.map((group) => plan(context, group)))).flat();
  let done = 0;
  context.progress?.({ phase: 'collect', done, total: planned.length });
  await Promise.all(
    planned.map(async ({ group, read }) => {
      await guarded(context, group.dataset, () => readSeries(context, ask, group, read, input, signal));
      context.progress?.({ phase: 'collect', done: ++done, total: planned.length });
    }),
  );
  const left =
    planned.length === 0 ? [] : (await Promise.all(groups.map((group) => plan(context, group)))).flat();
  return left.reduce((sum, { group, read }) => sum + sizeOf(group, read), 0);
}

const sizeOf = ({ grain }: SeriesGroup, { range, seriesIds }: PlannedRead): number =>
  ((range.end - range.start) / grain) * seriesIds.length;

async function plan(
  context: LoopContext,
  group: SeriesGroup,
): Promise<{ group: SeriesGroup; read: PlannedRead }[]> {
  const all = [...group.series, group.control];
  const coverage = await context.store.coverage(all.map((one) => one.id));
  const wants = all.map(({ id, wanted }) => ({ seriesId: id, wanted, covered: coverage.get(id) ?? [] }));
  const reads = planReads(wants, group.together, group.grain, context.config.maxBuckets);
  return reads.map((read) => ({ group, read }));
}

async function readSeries(
  context: LoopContext,
  ask: Ask,
  group: SeriesGroup,
  read: PlannedRead,
  input: CollectInput,
  signal: AbortSignal,
): Promise<void> {
  const types = input.probes.get(group.dataset.name)?.types ?? {};
  const wanted = group.series.filter((one) => read.seriesIds.includes(one.id));
  try {
    await ask(group.dataset.source, signal, async (connector, abort) => {
      const request = sliceRequest(group, read.range, wanted, input.asOf, types);
      for await (const batch of connector.readSlices(request, abort)) {
        await saveBatch(context, group, wanted, batch, input.asOf);
      }
    });
  } catch (error) {
    // One measure that the source refuses must not take the others down with it.
    if (!(error instanceof ConnectorError) || error.retryable || wanted.length < 2) throw error;
    const half = Math.ceil(wanted.length / 2);
    for (const part of [wanted.slice(0, half), wanted.slice(half)]) {
      const seriesIds = part.map((one) => one.id);
      await guarded(context, group.dataset, () =>
        readSeries(context, ask, group, { seriesIds, range: read.range }, input, signal),
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
  await context.store.saveSlices({
    read: { dataset: dataset.name, asOf, range, evidence: batch.evidence },
    grain,
    slices: batch.readings.flatMap((reading) => newSlices(reading, wanted, control)),
    covered: { seriesIds: [...wanted, control].map((one) => one.id), intervals },
  });
}

const isSameSlice = (a: KnownSlice, b: KnownSlice): boolean =>
  a.events === b.events && a.maxIngested === b.maxIngested && a.digest === b.digest;

function newSlices(
  reading: SliceReading,
  wanted: readonly WantedSeries[],
  control: WantedSeries,
): NewSlice[] {
  const { start, quality, notes, events, maxIngested, digest } = reading;
  const slices = wanted.map(({ id, binding }): NewSlice => {
    const overflow = reading.overflow.includes(String(id));
    const tallies = overflow ? { [OVERFLOW]: { n: 0 } } : (reading.tallies[String(id)] ?? {});
    const standard = standardTallies(tallies, binding.groupBy, binding.dataset.values);
    const skipped = Object.values(standard).reduce((sum, tally) => sum + (tally.skipped ?? 0), 0);
    if (skipped === 0) return { seriesId: id, start, quality, notes, tallies: standard, known: null };
    const { aggregate } = binding.request;
    const field = aggregate.type === 'count' ? '' : aggregate.field;
    const note = `${skipped} events left out: their ${field} is no number, or several values`;
    return {
      seriesId: id,
      start,
      quality: 'partial',
      notes: [...notes, note],
      tallies: standard,
      known: null,
    };
  });
  const counted: NewSlice = {
    seriesId: control.id,
    start,
    quality,
    notes,
    tallies: { '[]': { n: events } },
    known: { events, maxIngested, digest },
  };
  return [...slices, counted];
}
