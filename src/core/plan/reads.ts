/** What is wanted of a dataset and not there yet, as the fewest reads: newest first, each within a budget. */
import { type Grain, type Interval, subtract, union } from '../time/interval.ts';

/** What one series wants, and what it has. */
export interface Want {
  readonly seriesId: number;
  readonly wanted: Interval;
  readonly covered: readonly Interval[];
}

/** One request to the source: all these series, over this range. */
export interface PlannedRead {
  readonly seriesIds: readonly number[];
  readonly range: Interval;
}

export interface ReadLimits {
  /** Slices × series of one request; a single slice is never cut, whatever its series. */
  readonly maxBuckets: number;
  readonly maxRangeMs: number;
}

/**
 * `together` lists series that a formula combines: they are read in one read or not at all, so that no result
 * divides today's count by last month's.
 */
export function planReads(
  wants: readonly Want[],
  together: readonly (readonly number[])[],
  grain: Grain,
  limits: ReadLimits,
): PlannedRead[] {
  const parts = components(
    wants.map((want) => want.seriesId),
    together,
  );
  const missing = parts.map((ids) => {
    const members = new Set(ids);
    const gaps = wants
      .filter((want) => members.has(want.seriesId))
      .flatMap((want) => subtract([want.wanted], want.covered));
    return { ids, gaps: union(gaps, []) };
  });
  return segments(missing)
    .flatMap((read) => split(read, grain, limits))
    .sort((a, b) => b.range.end - a.range.end);
}

/** Connected sets of series (union–find). */
function components(ids: readonly number[], together: readonly (readonly number[])[]): number[][] {
  const parent = new Map(ids.map((id) => [id, id]));
  const root = (id: number): number => {
    let at = id;
    for (let up = parent.get(at) ?? at; up !== at; up = parent.get(at) ?? at) {
      parent.set(at, parent.get(up) ?? up);
      at = up;
    }
    return at;
  };
  for (const [first, ...rest] of together) {
    for (const id of rest) if (first !== undefined) parent.set(root(id), root(first));
  }
  const sets = new Map<number, number[]>();
  for (const id of new Set(ids)) sets.set(root(id), [...(sets.get(root(id)) ?? []), id]);
  return [...sets.values()];
}

/** Cuts time at every gap's edge; neighbours that want the same series become one read again. */
function segments(missing: readonly { ids: readonly number[]; gaps: readonly Interval[] }[]): PlannedRead[] {
  const open = missing.filter((one) => one.gaps.length > 0);
  const byGaps = new Map<string, { ids: number[]; gaps: readonly Interval[] }>();
  for (const { ids, gaps } of open) {
    const name = JSON.stringify(gaps);
    const same = byGaps.get(name);
    if (same === undefined) byGaps.set(name, { ids: [...ids], gaps });
    else same.ids.push(...ids);
  }
  const kinds = [...byGaps.values()];
  const edges = [...new Set(kinds.flatMap(({ gaps }) => gaps.flatMap((gap) => [gap.start, gap.end])))].sort(
    (a, b) => a - b,
  );
  const reads: { seriesIds: number[]; range: Interval; name: string }[] = [];
  edges.forEach((start, index) => {
    const end = edges[index + 1];
    if (end === undefined) return;
    const inside = kinds.filter(({ gaps }) => gaps.some((gap) => gap.start <= start && gap.end >= end));
    if (inside.length === 0) return;
    const name = inside.map((kind) => kinds.indexOf(kind)).join();
    const last = reads.at(-1);
    if (last?.name === name && last.range.end === start) last.range = { start: last.range.start, end };
    else reads.push({ seriesIds: inside.flatMap((kind) => kind.ids), range: { start, end }, name });
  });
  return reads.map(({ seriesIds, range }) => ({ seriesIds, range }));
}

function split(read: PlannedRead, grain: Grain, { maxBuckets, maxRangeMs }: ReadLimits): PlannedRead[] {
  const slices = Math.min(Math.floor(maxBuckets / read.seriesIds.length), Math.floor(maxRangeMs / grain));
  const step = Math.max(1, slices) * grain;
  const pieces: PlannedRead[] = [];
  for (let end = read.range.end; end > read.range.start; end -= step) {
    pieces.push({ seriesIds: read.seriesIds, range: { start: Math.max(read.range.start, end - step), end } });
  }
  return pieces;
}
