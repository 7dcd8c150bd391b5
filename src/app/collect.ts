/** Collect: asks each source for the slices that are wanted and not there, or that late data has changed. */

import type { EventsDataset } from '../config/model.ts';
import { ConnectorError } from '../core/errors.ts';
import { MAX_DISTINCT } from '../core/measure/distinct.ts';
import { standardTallies } from '../core/measure/standard.ts';
import { OVERFLOW } from '../core/measure/tally.ts';
import { type PlannedRead, planReads } from '../core/plan/reads.ts';
import { type Grain, type Instant, type Interval, intersect, union } from '../core/time/interval.ts';
import { sliceStart } from '../core/time/slice.ts';
import { latestWindow } from '../core/time/window.ts';
import type { FieldTypes, KnownSlice, Probe, SliceBatch, SliceReading } from '../ports/connector.ts';
import type { KpiState, NewSlice, Store } from '../ports/store.ts';
import { type Ask, sentence } from './ask.ts';
import type { BoundKpi, SeriesBinding } from './bind.ts';
import type { LoopContext } from './context.ts';

/** A series with its id and what the KPIs want of it. */
interface WantedSeries {
  readonly id: number;
  readonly binding: SeriesBinding;
  readonly wanted: Interval;
}

/** All series of one dataset at one grain. */
interface SeriesGroup {
  readonly dataset: EventsDataset;
  readonly grain: Grain;
  readonly control: WantedSeries;
  readonly series: readonly WantedSeries[];
  readonly together: readonly (readonly number[])[];
}

/** Series ids by `fingerprint grain`, as the store gave them. */
export type SeriesIds = ReadonlyMap<string, number>;

export const seriesKey = (binding: SeriesBinding): string => `${binding.fingerprint} ${binding.grain}`;

/** Every series that a KPI's measures use, the control series included. */
export const seriesOf = (kpi: BoundKpi): SeriesBinding[] =>
  Object.values(kpi.measures).flatMap((bound) =>
    bound.kind === 'series'
      ? [bound.total, bound.control, ...(bound.grouped === null ? [] : [bound.grouped])]
      : [],
  );

/** The store's ids for all series of these KPIs. */
export async function registerSeries(context: LoopContext, kpis: readonly BoundKpi[]): Promise<SeriesIds> {
  const bindings = [
    ...new Map(kpis.flatMap(seriesOf).map((binding) => [seriesKey(binding), binding])).values(),
  ];
  const stored = await context.store.series(
    bindings.map(({ dataset, grain, fingerprint }) => ({ dataset: dataset.name, grain, fingerprint })),
  );
  return new Map(stored.map((one) => [`${one.fingerprint} ${one.grain}`, one.id]));
}

export interface CollectInput {
  readonly kpis: readonly BoundKpi[];
  readonly states: ReadonlyMap<string, KpiState>;
  readonly ids: SeriesIds;
  readonly probes: ReadonlyMap<string, Probe>;
  /** What is known is what the sources hold now. */
  readonly asOf: Instant;
  /** No slice beyond this instant is wanted, but for those that join a KPI's older windows to its newer ones. */
  readonly until: Instant;
}

/** How far a KPI's windows may reach now: to what the pass is about, and not before the data has settled. */
export const reachOf = (settleMs: number, { asOf, until }: { asOf: Instant; until: Instant }): Instant =>
  Math.min(until, asOf - settleMs);

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

/** Runs a dataset's work; an error is logged and leaves the others alone, an abort goes up. */
export async function guarded(
  context: LoopContext,
  dataset: { readonly name: string; readonly source: string },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    const { name, source } = dataset;
    context.log.warn({ dataset: name, source, retryable: error.retryable }, sentence(error));
  }
}

function groupSeries(input: CollectInput, startFrom: Instant): SeriesGroup[] {
  const groups = new Map<
    string,
    { control: SeriesBinding; series: Map<number, WantedSeries>; together: number[][] }
  >();
  for (const kpi of input.kpis) {
    const state = input.states.get(kpi.definition.id);
    if (state === undefined) continue;
    const first = latestWindow(kpi.definition.window, state.wantedFrom).start;
    const until = Math.max(input.until, state.evaluated?.start ?? 0);
    const sets = new Map<string, number[]>();
    for (const bound of Object.values(kpi.measures)) {
      if (bound.kind !== 'series') continue;
      const name = `${bound.control.dataset.name} ${seriesKey(bound.control)}`;
      const group = groups.get(name) ?? { control: bound.control, series: new Map(), together: [] };
      groups.set(name, group);
      for (const binding of [
        bound.total,
        bound.control,
        ...(bound.grouped === null ? [] : [bound.grouped]),
      ]) {
        const id = input.ids.get(seriesKey(binding)) ?? -1;
        const { dataset, grain } = binding;
        const start = Math.max(first, sliceStart(startFrom, grain));
        const end = sliceStart(reachOf(dataset.settleMs, { asOf: input.asOf, until }), grain);
        const one = { id, binding, wanted: { start, end } };
        group.series.set(id, wantedByBoth(group.series.get(id) ?? one, one));
        if (binding !== bound.control) sets.set(name, [...(sets.get(name) ?? []), id]);
      }
    }
    for (const [name, ids] of sets) groups.get(name)?.together.push(ids);
  }
  return [...groups.values()].flatMap(({ control, series, together }) => {
    const id = input.ids.get(seriesKey(control)) ?? -1;
    const wanted = series.get(id);
    series.delete(id);
    return wanted === undefined
      ? []
      : [
          {
            dataset: control.dataset,
            grain: control.grain,
            control: wanted,
            series: [...series.values()],
            together,
          },
        ];
  });
}

/** Two KPIs' wish for one series: the longer time, and the larger number of groups. */
function wantedByBoth(a: WantedSeries, b: WantedSeries): WantedSeries {
  const wanted = {
    start: Math.min(a.wanted.start, b.wanted.start),
    end: Math.max(a.wanted.end, b.wanted.end),
  };
  return { ...(a.binding.maxGroups >= b.binding.maxGroups ? a : b), wanted };
}

/** A new KPI may combine series that were read at different times: those slices are read again together. */
async function uncoverMixed(context: LoopContext, group: SeriesGroup): Promise<void> {
  const { store } = context;
  for (const ids of group.together) {
    if (ids.length < 2) continue;
    const name = `together ${ids.join()}`;
    if ((await store.cursor(name)) !== null) continue;
    const mixed = await store.mixedReads(ids, group.control.wanted, group.grain);
    await store.uncover(ids, mixed, { key: name, value: 'read together' });
  }
}

/** Slices that had more groups than were allowed are read again once more are. */
async function uncoverOverflown(context: LoopContext, group: SeriesGroup): Promise<void> {
  const { store } = context;
  for (const { id, binding, wanted } of group.series) {
    if (binding.groupBy.length === 0) continue;
    const key = `groups ${id}`;
    const before = await store.cursor(key);
    if (before !== null && Number(before) >= binding.maxGroups) continue;
    const slices = before === null ? [] : await store.slices(id, wanted);
    const overflown = slices.filter(({ tallies }) => Object.hasOwn(tallies, OVERFLOW));
    const intervals = overflown.map(({ start }) => ({ start, end: start + group.grain }));
    await store.uncover([id], intervals, { key, value: String(binding.maxGroups) });
  }
}

/** When a source was last asked for late data, and what it gave for the next time. */
interface Look {
  readonly asOf: Instant;
  readonly cursor: string | null;
}

/** The last look for late data behind a control series; null: there was none. */
export async function lastLook(store: Store, controlId: number): Promise<Look | null> {
  const text = await store.cursor(lookKey(controlId));
  return text === null ? null : JSON.parse(text);
}

const lookKey = (controlId: number): string => `revised ${controlId}`;

/**
 * Asks for slices that are not any more what was read. What came in since the last look may be as old as
 * `reviseFor` was then: a service that was away looks back further.
 */
async function uncoverRevised(
  context: LoopContext,
  ask: Ask,
  group: SeriesGroup,
  input: CollectInput,
  signal: AbortSignal,
): Promise<void> {
  const { dataset, grain, control } = group;
  const { store } = context;
  const { asOf } = input;
  const before = await lastLook(store, control.id);
  const since = Math.min(before?.asOf ?? 0, asOf) - dataset.settleMs - dataset.reviseForMs;
  const covered = (await store.coverage([control.id])).get(control.id) ?? [];
  const looked = intersect(covered, [{ start: sliceStart(since, grain), end: asOf }]);
  const [first, last] = [looked[0], looked.at(-1)];
  let cursor = before?.cursor ?? null;
  let starts: readonly Instant[] = [];
  if (first !== undefined && last !== undefined) {
    const range = { start: first.start, end: last.end };
    const known = await store.known(control.id, range);
    const types = input.probes.get(dataset.name)?.types ?? {};
    const reply = await ask(dataset.source, signal, (connector, abort) =>
      connector.findRevised({ dataset, types, grain, range, asOf, known, cursor }, abort),
    );
    starts = reply.starts.filter((start) => known.has(start));
    cursor = reply.cursor;
  }
  await store.uncover(
    await store.allSeries(dataset.name, grain),
    starts.map((start) => ({ start, end: start + grain })),
    { key: lookKey(control.id), value: JSON.stringify({ asOf, cursor } satisfies Look) },
  );
}

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
