/**
 * Folds a series' slices into windows. Whole days and hours come as blocks, merged once and kept in the store, so that
 * a window of 90 days costs little more than one of 7, and one of a day little more than one of two hours.
 */
import { mergeAllTallies } from '../../core/measure/fold.ts';
import type { Tallies } from '../../core/measure/tally.ts';
import {
  DAY,
  type Grain,
  HOUR,
  type Instant,
  type Interval,
  subtract,
  union,
} from '../../core/time/interval.ts';
import type { Block, RolledSlice, SliceContent, Store } from '../../ports/store.ts';
import { type Cells, cellsOf, eventsOf, nameOf } from './cells.ts';

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
  /** Series of one grain: loaded together, since a query each would cost more than what it gives. */
  readonly seriesIds: readonly number[];
  readonly grain: Grain;
  /** Keep the events of each slice (control series). */
  readonly control: boolean;
}

/** By series: the folds of the windows, in their order. */
export type Folds = ReadonlyMap<number, readonly Fold[]>;

/** Blocks that are missing are made and stored on the way. */
async function foldWindows(store: Store, request: FoldRequest, windows: readonly Interval[]): Promise<Folds> {
  const lengths = BLOCKS.filter((length) => length > request.grain);
  const parts = windows.map((window) => partsOf(window, lengths));
  const wanted = distinct(parts.flat());
  const blocks = await loadBlocks(store, request, wanted);
  const isThere = (part: Part) => request.seriesIds.every((id) => blocks.get(id)?.has(nameOf(part)));
  const loose = wanted.filter((part) => !part.isBlock || !isThere(part));
  const lacking = loose.filter(({ isBlock }) => isBlock);
  const slices = loose.reduce((sum, { start, end }) => sum + (end - start) / request.grain, 0);
  const size = Math.max(1, Math.floor(AT_ONCE / Math.max(1, slices)));
  const folds = new Map<number, readonly Fold[]>();
  for (let at = 0; at < request.seriesIds.length; at += size) {
    const some = { ...request, seriesIds: request.seriesIds.slice(at, at + size) };
    const cells = await loadCells(store, some, loose);
    await makeBlocks(store, some, lacking, blocks, cells);
    for (const id of some.seriesIds) {
      const own = cells(id);
      const fold = (window: Interval, index: number) =>
        foldParts(request, window, parts[index] ?? [], blocks.get(id), own);
      folds.set(id, windows.map(fold));
    }
  }
  return folds;
}

/** Slices that are held at a time, of however many series: these are many where blocks were not made yet. */
const AT_ONCE = 5_000;

/** The folds of the windows without what is excluded from them, whose slices count as not wanted (control series: NaN). */
export async function foldWithout(
  store: Store,
  request: FoldRequest,
  windows: readonly Interval[],
  exclusions: readonly Interval[],
): Promise<Folds> {
  if (exclusions.length === 0) return foldWindows(store, request, windows);
  const parts = windows.map((window) => subtract([window], exclusions));
  const found = await foldWindows(store, request, parts.flat());
  const joined = (folds: readonly Fold[]): Fold[] => {
    let at = 0;
    return windows.map((window, index) => {
      const own = parts[index] ?? [];
      at += own.length;
      return joinFolds(request, window, own, folds.slice(at - own.length, at));
    });
  };
  return new Map([...found].map(([id, folds]) => [id, joined(folds)]));
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

/** From the longest; each is a multiple of the next. */
const BLOCKS = [DAY, HOUR] as const;

/** A part of a window: a whole UTC day or hour, which may be a block, or what is left over between such, slice by slice. */
interface Part extends Interval {
  readonly isBlock: boolean;
}

/** In time order, without a gap. Of what has less than two of a length, blocks of it are not worth making. */
function partsOf(window: Interval, [length, ...shorter]: readonly number[]): Part[] {
  if (window.start >= window.end) return [];
  if (length === undefined) return [{ ...window, isBlock: false }];
  const start = Math.ceil(window.start / length) * length;
  const end = Math.floor(window.end / length) * length;
  if (end - start < 2 * length) return partsOf(window, shorter);
  const whole = Array.from({ length: (end - start) / length }, (_, index) => ({
    start: start + index * length,
    end: start + (index + 1) * length,
    isBlock: true,
  }));
  return [
    ...partsOf({ start: window.start, end: start }, shorter),
    ...whole,
    ...partsOf({ start: end, end: window.end }, shorter),
  ];
}

const distinct = (parts: readonly Part[]): Part[] => [
  ...new Map(parts.map((part) => [nameOf(part), part])).values(),
];

type Blocks = ReadonlyMap<number, Map<string, Block>>;

async function loadBlocks(store: Store, { seriesIds }: FoldRequest, parts: readonly Part[]): Promise<Blocks> {
  const blocks: Blocks = new Map(seriesIds.map((id) => [id, new Map()]));
  for (const length of BLOCKS) {
    const own = parts.filter(({ isBlock, start, end }) => isBlock && end - start === length);
    for (const range of union(own, [])) {
      for (const [id, found] of await store.blocks(seriesIds, range, length)) {
        for (const block of found) blocks.get(id)?.set(nameOf(block), block);
      }
    }
  }
  return blocks;
}

/** What is stored in some ranges, by series; what was merged is looked up only where slices are not there. */
async function loadCells(
  store: Store,
  { seriesIds, grain }: FoldRequest,
  ranges: readonly Interval[],
): Promise<(seriesId: number) => Cells> {
  const slices = new Map(seriesIds.map((id) => [id, new Map<Instant, SliceContent>()]));
  const rolled = new Map<number, RolledSlice[]>();
  for (const range of union(ranges, [])) {
    const found = await store.contents(seriesIds, range);
    for (const id of seriesIds) {
      const own = found.get(id) ?? [];
      for (const slice of own) slices.get(id)?.set(slice.start, slice);
      if (own.length === (range.end - range.start) / grain) continue;
      rolled.set(id, [...(rolled.get(id) ?? []), ...(await store.rolled(id, range))]);
    }
  }
  return (id) => cellsOf(slices.get(id) ?? new Map(), rolled.get(id) ?? [], grain);
}

/** An hour or day whose slices are all there becomes a block; one that was merged as a whole is one already. */
async function makeBlocks(
  store: Store,
  { seriesIds, grain, control }: FoldRequest,
  wanted: readonly Interval[],
  blocks: Blocks,
  cells: (seriesId: number) => Cells,
): Promise<void> {
  const made = new Map<number, Block[]>();
  for (const id of seriesIds) {
    const own = cells(id);
    for (const { start, end } of wanted) {
      if (blocks.get(id)?.has(nameOf({ start, end }))) continue;
      const parts = own.in({ start, end });
      if (parts.some(({ content }) => content === null)) continue;
      const there = parts.flatMap(({ content }) => content ?? []);
      const block = {
        start,
        end,
        tallies: mergeAllTallies(there.map(({ tallies }) => tallies)),
        partial: there.reduce((sum, { partial }) => sum + partial, 0),
        events: control ? parts.flatMap((cell) => eventsOf(cell, grain)) : null,
      };
      blocks.get(id)?.set(nameOf(block), block);
      if (parts.length > 1) made.set(id, [...(made.get(id) ?? []), block]);
    }
  }
  if (made.size > 0) await store.saveBlocks(made);
}

function foldParts(
  { grain, control }: FoldRequest,
  window: Interval,
  parts: readonly Part[],
  blocks: ReadonlyMap<string, Block> | undefined,
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
  // What has no blocks is taken together: a day that was merged counts as a whole only.
  let from = window.start;
  for (const part of parts) {
    const block = blocks?.get(nameOf(part));
    if (block === undefined) continue;
    takeCells({ start: from, end: part.start });
    from = part.end;
    read += (part.end - part.start) / grain;
    partial += block.partial;
    tallies.push(block.tallies);
    if (control) events.push(...(block.events ?? []));
  }
  takeCells({ start: from, end: window.end });
  const wanted = (window.end - window.start) / grain;
  return { tallies: mergeAllTallies(tallies), wanted, read, partial, events, cut };
}
