/** Slices: intervals of a fixed grain, aligned to the UTC epoch, that windows are put together from. */
import type { WindowSpec } from '../definition/model.ts';
import { Clause9Error } from '../errors.ts';
import {
  formatDuration,
  formatInstant,
  GRAINS,
  type Grain,
  HOUR,
  type Instant,
  type Interval,
} from './interval.ts';
import { hasWholeHourOffsets } from './zone.ts';

const QUARTER_HOUR = GRAINS[2];

/**
 * The grain of a window's slices. Rolling: the largest that divides length and step, or null where none does.
 * Calendar: 1h, or 15m for a zone that had or will have an offset of no whole hour between 1990 and 2060.
 * Slices begin at `edges`, too: what is excluded from windows begins and ends there.
 */
export function sliceGrain(spec: WindowSpec, edges: readonly Instant[] = []): Grain | null {
  const isEven = (grain: Grain) => edges.every((edge) => edge % grain === 0);
  if (spec.kind === 'rolling') {
    const divides = (grain: Grain) => spec.lengthMs % grain === 0 && spec.everyMs % grain === 0;
    return GRAINS.findLast((grain) => divides(grain) && isEven(grain)) ?? null;
  }
  const largest = hasWholeHourOffsets(spec.timeZone) ? HOUR : QUARTER_HOUR;
  return GRAINS.findLast((grain) => grain <= largest && isEven(grain)) ?? null;
}

/** The start of the slice that an instant falls into. */
export function sliceStart(instant: Instant, grain: Grain): Instant {
  return Math.floor(instant / grain) * grain;
}

/** The starts of a window's slices, in time order. Throws where the window doesn't lie on the grain's edges. */
export function slicesOf(window: Interval, grain: Grain): Instant[] {
  if (window.start % grain !== 0 || window.end % grain !== 0) {
    throw new Clause9Error(
      `The window ${formatInstant(window.start)} to ${formatInstant(window.end)} can't be put together from slices of ${formatDuration(grain)}`,
      { help: 'Its zone had an odd offset then (before 1990): choose a later window or the zone UTC.' },
    );
  }
  const starts: Instant[] = [];
  for (let start = window.start; start < window.end; start += grain) starts.push(start);
  return starts;
}
