/**
 * What is stored of an interval of one series: its slices, and where retention merged them, whole hours and days. The
 * finest that is complete counts; what was merged counts only as a whole, never in part.
 */
import { NO_GROUP, type Tallies } from '../../core/measure/tally.ts';
import { DAY, type Grain, HOUR, type Instant, type Interval } from '../../core/time/interval.ts';
import type { RolledSlice, SliceContent } from '../../ports/store.ts';

/** A slice's length, or an hour's or a day's that was merged. */
export interface Cell extends Interval {
  /** Null: it is not there, or (`isCut`) only merged with what lies outside of the interval. */
  readonly content: Content | null;
  readonly isCut: boolean;
}

interface Content {
  readonly tallies: Tallies;
  /** Number of partial slices in it. */
  readonly partial: number;
  /** Of what was merged (control series): the events of each slice. */
  readonly events: readonly number[] | null;
}

export interface Cells {
  /** In time order, without a gap. */
  in(interval: Interval): readonly Cell[];
}

export function cellsOf(
  slices: ReadonlyMap<Instant, SliceContent>,
  rolled: readonly RolledSlice[],
  grain: Grain,
): Cells {
  const merged = new Map(rolled.map((one) => [nameOf(one), one]));
  // From the coarsest, and only those that anything was merged to.
  const lengths = [DAY, HOUR].filter((length) => rolled.some(({ start, end }) => end - start === length));

  const tile = (interval: Interval, [length, ...finer]: readonly number[]): Cell[] => {
    if (length === undefined) return slicesIn(interval, grain, slices);
    const cells: Cell[] = [];
    for (let start = Math.floor(interval.start / length) * length; start < interval.end; start += length) {
      const end = start + length;
      const own = { start: Math.max(start, interval.start), end: Math.min(end, interval.end) };
      const parts = tile(own, finer);
      const whole = merged.get(nameOf({ start, end }));
      if (whole === undefined || parts.every(({ content }) => content !== null)) cells.push(...parts);
      else if (own.start === start && own.end === end) cells.push(cellOf(whole));
      else cells.push(...parts.map((part) => (part.content === null ? { ...part, isCut: true } : part)));
    }
    return cells;
  };
  return { in: (interval) => tile(interval, lengths) };
}

export const nameOf = ({ start, end }: Interval): string => `${start} ${end}`;

const cellOf = ({ start, end, tallies, partial, events }: RolledSlice): Cell => ({
  start,
  end,
  content: { tallies, partial, events },
  isCut: false,
});

function slicesIn(interval: Interval, grain: Grain, slices: ReadonlyMap<Instant, SliceContent>): Cell[] {
  const cells: Cell[] = [];
  for (let start = interval.start; start < interval.end; start += grain) {
    const slice = slices.get(start);
    cells.push({
      start,
      end: start + grain,
      content: slice === undefined ? null : contentOf(slice),
      isCut: false,
    });
  }
  return cells;
}

const contentOf = ({ tallies, quality }: SliceContent): Content => ({
  tallies,
  partial: quality === 'partial' ? 1 : 0,
  events: null,
});

/** The events of each slice in a cell of a control series; NaN where that is not known. */
export function eventsOf({ start, end, content }: Cell, grain: Grain): readonly number[] {
  if (content?.events != null) return content.events;
  if (content !== null && end - start === grain) return [content.tallies[NO_GROUP]?.n ?? 0];
  return new Array<number>((end - start) / grain).fill(Number.NaN);
}
