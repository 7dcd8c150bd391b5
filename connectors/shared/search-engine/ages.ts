/** When a slice is compared whole once more, however quiet it was: at a few ages, the last when it leaves `reviseFor`. */
import {
  DAY,
  type Grain,
  HOUR,
  type Instant,
  type Interval,
  union,
} from '../../../src/core/time/interval.ts';
import { sliceStart } from '../../../src/core/time/slice.ts';

/** Since a slice's end. What was changed or removed without a new stamp is found at up to about three times its age. */
const AGES = [6 * HOUR, DAY, 3 * DAY, 9 * DAY, 27 * DAY, 81 * DAY];

/**
 * The slices that reached one of the ages, or `reachMs`, after `last` and until `now`. Whatever the times of the calls:
 * one after the other they find each slice at each age, in the first call after it, and once.
 */
export function comingOfAge(last: Instant, now: Instant, grain: Grain, reachMs: number): Interval[] {
  const ages = [...AGES.filter((age) => age <= reachMs / 2), reachMs];
  return union(
    ages.map((age) => ({ start: sliceStart(last - age, grain), end: sliceStart(now - age, grain) })),
    [],
  );
}
