/**
 * Folds a series' slices into windows. Whole days come as blocks, merged once and kept in the store, so that a
 * window of 90 days costs little more than one of 7.
 */
import { mergeAllTallies } from '../core/measure/fold.ts';
import type { Tallies } from '../core/measure/tally.ts';
import { DAY, type Grain, type Instant, type Interval, subtract, union } from '../core/time/interval.ts';
import type { Block, RolledSlice, Store, StoredSlice } from '../ports/store.ts';
import { type Cells, cellsOf, eventsOf } from './cells.ts';

/** A window's content of one series. */
export interface Fold {
  readonly tallies: Tallies;
  /** Slices that the window has, that were read, and that the source called partial. */
  readonly wanted: number;
  readonly read: number;
  readonly partial: number;
  /** Control series only: events of each slice in time order; NaN where it was not read. */
  readonly events: readonly number[];
  /** Slices (among those that were read) that are there only merged with others outside of the window: without value. */
  readonly cut: number;
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
  const cells = await loadCells(store, request, [
    ...parts.flatMap(({ head, tail }) => [head, tail]),
    ...lacking.map((day) => ({ start: day, end: day + DAY })),
  ]);
  await makeBlocks(store, request, [...new Set(lacking)], blocks, cells);
  return parts.map((part) => foldParts(request, part, blocks, cells));
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
    cut: sum((fold) => fold.cut),
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

/** What is stored of a series in some ranges; what was merged is looked up only where slices are not there. */
async function loadCells(
  store: Store,
  { seriesId, grain }: FoldRequest,
  ranges: readonly Interval[],
): Promise<Cells> {
  const slices = new Map<Instant, StoredSlice>();
  const rolled: RolledSlice[] = [];
  for (const range of union(ranges, [])) {
    const found = await store.slices(seriesId, range);
    for (const slice of found) slices.set(slice.start, slice);
    if (found.length < (range.end - range.start) / grain)
      rolled.push(...(await store.rolled(seriesId, range)));
  }
  return cellsOf(slices, rolled, grain);
}

/** A day whose slices are all there becomes a block; one that was merged as a whole is one already. */
async function makeBlocks(
  store: Store,
  { seriesId, grain, control }: FoldRequest,
  days: readonly Instant[],
  blocks: Map<Instant, Block>,
  cells: Cells,
): Promise<void> {
  const made: Block[] = [];
  for (const day of days) {
    const own = cells.in({ start: day, end: day + DAY });
    if (own.some(({ content }) => content === null)) continue;
    const there = own.flatMap(({ content }) => content ?? []);
    const block = {
      start: day,
      tallies: mergeAllTallies(there.map(({ tallies }) => tallies)),
      partial: there.reduce((sum, { partial }) => sum + partial, 0),
      events: control ? own.flatMap((cell) => eventsOf(cell, grain)) : null,
    };
    blocks.set(day, block);
    if (own.length > 1) made.push(block);
  }
  if (made.length > 0) await store.saveBlocks(seriesId, made);
}

function foldParts(
  { grain, control }: FoldRequest,
  { head, days, tail }: Parts,
  blocks: ReadonlyMap<Instant, Block>,
  cells: Cells,
): Fold {
  const tallies: Tallies[] = [];
  const events: number[] = [];
  let [read, partial, cut] = [0, 0, 0];
  const takeCells = (interval: Interval) => {
    for (const cell of cells.in(interval)) {
      const { content, isCut } = cell;
      const slices = (cell.end - cell.start) / grain;
      if (control) events.push(...eventsOf(cell, grain));
      if (content !== null || isCut) read += slices;
      if (isCut) cut += slices;
      if (content === null) continue;
      partial += content.partial;
      tallies.push(content.tallies);
    }
  };
  takeCells(head);
  for (const day of daysOf(days)) {
    const block = blocks.get(day);
    if (block === undefined) {
      takeCells({ start: day, end: day + DAY });
      continue;
    }
    read += DAY / grain;
    partial += block.partial;
    tallies.push(block.tallies);
    if (control) events.push(...(block.events ?? []));
  }
  takeCells(tail);
  const wanted = (tail.end - head.start) / grain;
  return { tallies: mergeAllTallies(tallies), wanted, read, partial, events, cut };
}
