/**
 * Folds a series' slices into windows. Whole days come as blocks, merged once and kept in the store, so that a
 * window of 90 days costs little more than one of 7.
 */
import { mergeAllTallies } from '../core/measure/fold.ts';
import { NO_GROUP, type Tallies } from '../core/measure/tally.ts';
import { DAY, type Grain, type Instant, type Interval, subtract, union } from '../core/time/interval.ts';
import type { Block, Store, StoredSlice } from '../ports/store.ts';

/** A window's content of one series. */
export interface Fold {
  readonly tallies: Tallies;
  /** Slices that the window has, that were read, and that the source called partial. */
  readonly wanted: number;
  readonly read: number;
  readonly partial: number;
  /** Control series only: events of each slice in time order; NaN where it was not read. */
  readonly events: readonly number[];
}

export interface FoldRequest {
  readonly seriesId: number;
  readonly grain: Grain;
  /** Keep the events of each slice (control series). */
  readonly control: boolean;
}

/** The folds of the windows, in their order. Blocks that are missing are made and stored on the way. */
export async function foldWindows(
  store: Store,
  request: FoldRequest,
  windows: readonly Interval[],
): Promise<readonly Fold[]> {
  const parts = windows.map((window) => partsOf(window, request.grain));
  const blocks = await loadBlocks(store, request.seriesId, parts);
  const lacking = parts.flatMap(({ days }) => daysOf(days).filter((day) => !blocks.has(day)));
  const slices = await loadSlices(store, request.seriesId, [
    ...parts.flatMap(({ head, tail }) => [head, tail]),
    ...lacking.map((day) => ({ start: day, end: day + DAY })),
  ]);
  await makeBlocks(store, request, [...new Set(lacking)], blocks, slices);
  return parts.map((part) => foldParts(request, part, blocks, slices));
}

/** The folds of the windows without what is excluded from them, whose slices count as not wanted (control series: NaN). */
export async function foldWithout(
  store: Store,
  request: FoldRequest,
  windows: readonly Interval[],
  exclusions: readonly Interval[],
): Promise<readonly Fold[]> {
  if (exclusions.length === 0) return foldWindows(store, request, windows);
  const parts = windows.map((window) => subtract([window], exclusions));
  const folds = await foldWindows(store, request, parts.flat());
  let at = 0;
  return windows.map((window, index) => {
    const own = parts[index] ?? [];
    at += own.length;
    return joinFolds(request, window, own, folds.slice(at - own.length, at));
  });
}

function joinFolds(
  { grain, control }: FoldRequest,
  window: Interval,
  parts: readonly Interval[],
  folds: readonly Fold[],
): Fold {
  const sum = (of: (fold: Fold) => number) => folds.reduce((total, fold) => total + of(fold), 0);
  const events = control ? new Array<number>((window.end - window.start) / grain).fill(Number.NaN) : [];
  folds.forEach((fold, index) => {
    const first = ((parts[index]?.start ?? 0) - window.start) / grain;
    for (const [offset, count] of fold.events.entries()) events[first + offset] = count;
  });
  return {
    tallies: mergeAllTallies(folds.map((fold) => fold.tallies)),
    wanted: sum((fold) => fold.wanted),
    read: sum((fold) => fold.read),
    partial: sum((fold) => fold.partial),
    events,
  };
}

/** A window as whole UTC days and what is before and after them; all of it head where it has less than two days. */
interface Parts {
  readonly head: Interval;
  readonly days: Interval;
  readonly tail: Interval;
}

function partsOf(window: Interval, grain: Grain): Parts {
  const start = Math.ceil(window.start / DAY) * DAY;
  const end = Math.floor(window.end / DAY) * DAY;
  const nothing = { start: window.end, end: window.end };
  if (grain === DAY || end - start < 2 * DAY) return { head: window, days: nothing, tail: nothing };
  return {
    head: { start: window.start, end: start },
    days: { start, end },
    tail: { start: end, end: window.end },
  };
}

function daysOf(days: Interval): Instant[] {
  const starts: Instant[] = [];
  for (let day = days.start; day < days.end; day += DAY) starts.push(day);
  return starts;
}

async function loadBlocks(
  store: Store,
  seriesId: number,
  parts: readonly Parts[],
): Promise<Map<Instant, Block>> {
  const ranges = union(
    parts.map((part) => part.days),
    [],
  );
  const blocks = await Promise.all(ranges.map((range) => store.blocks(seriesId, range)));
  return new Map(blocks.flat().map((block) => [block.start, block]));
}

async function loadSlices(
  store: Store,
  seriesId: number,
  ranges: readonly Interval[],
): Promise<Map<Instant, StoredSlice>> {
  const slices = await Promise.all(union(ranges, []).map((range) => store.slices(seriesId, range)));
  return new Map(slices.flat().map((slice) => [slice.start, slice]));
}

/** A day whose slices are all there becomes a block. */
async function makeBlocks(
  store: Store,
  { seriesId, grain, control }: FoldRequest,
  days: readonly Instant[],
  blocks: Map<Instant, Block>,
  slices: ReadonlyMap<Instant, StoredSlice>,
): Promise<void> {
  const made: Block[] = [];
  for (const day of days) {
    const own = slicesIn({ start: day, end: day + DAY }, grain, slices);
    if (own.some((slice) => slice === undefined)) continue;
    const there = own.filter((slice) => slice !== undefined);
    made.push({
      start: day,
      tallies: mergeAllTallies(there.map((slice) => slice.tallies)),
      partial: there.filter((slice) => slice.quality === 'partial').length,
      events: control ? there.map((slice) => slice.tallies[NO_GROUP]?.n ?? 0) : null,
    });
  }
  for (const block of made) blocks.set(block.start, block);
  if (made.length > 0) await store.saveBlocks(seriesId, made);
}

function slicesIn(
  interval: Interval,
  grain: Grain,
  slices: ReadonlyMap<Instant, StoredSlice>,
): (StoredSlice | undefined)[] {
  const own: (StoredSlice | undefined)[] = [];
  for (let start = interval.start; start < interval.end; start += grain) own.push(slices.get(start));
  return own;
}

function foldParts(
  { grain, control }: FoldRequest,
  { head, days, tail }: Parts,
  blocks: ReadonlyMap<Instant, Block>,
  slices: ReadonlyMap<Instant, StoredSlice>,
): Fold {
  const tallies: Tallies[] = [];
  const events: number[] = [];
  let read = 0;
  let partial = 0;
  const takeSlices = (interval: Interval) => {
    for (const slice of slicesIn(interval, grain, slices)) {
      if (control) events.push(slice?.tallies[NO_GROUP]?.n ?? Number.NaN);
      if (slice === undefined) continue;
      read++;
      if (slice.quality === 'partial') partial++;
      tallies.push(slice.tallies);
    }
  };
  takeSlices(head);
  for (const day of daysOf(days)) {
    const block = blocks.get(day);
    if (block === undefined) {
      takeSlices({ start: day, end: day + DAY });
      continue;
    }
    read += DAY / grain;
    partial += block.partial;
    tallies.push(block.tallies);
    if (control) events.push(...(block.events ?? []));
  }
  takeSlices(tail);
  const wanted = (tail.end - head.start) / grain;
  return { tallies: mergeAllTallies(tallies), wanted, read, partial, events };
}
