/** Which target a result is judged by: effective-dated, in the KPI's zone, the most specific one that is in force. */
import type { Target } from '../definition/model.ts';
import type { Instant } from '../time/interval.ts';
import { localDay } from '../time/zone.ts';

type Group = Readonly<Record<string, string>> | null;

/**
 * The target in force at an instant (a window's last one, its end − 1 ms) for a group; null for the total. The one
 * narrowed by the most group fields wins, then the one with the latest `from`. Null: none is in force.
 */
export function targetInForce(
  targets: readonly Target[],
  at: Instant,
  timeZone: string,
  group: Group,
): Target | null {
  const day = localDay(at, timeZone);
  let best: Target | null = null;
  for (const target of targets) {
    if (isInForce(target, day) && concerns(target, group) && (best === null || outranks(target, best))) {
      best = target;
    }
  }
  return best;
}

function isInForce({ from, until }: Target, day: string): boolean {
  return from <= day && (until === null || day <= until);
}

function concerns(target: Target, group: Group): boolean {
  return Object.entries(target.for ?? {}).every(([field, value]) => group?.[field] === value);
}

function outranks(a: Target, b: Target): boolean {
  const byFields = specificity(a) - specificity(b);
  return byFields === 0 ? a.from >= b.from : byFields > 0;
}

function specificity(target: Target): number {
  return Object.keys(target.for ?? {}).length;
}

/**
 * Pairs of indices of targets for the same groups whose dates contradict each other: both begin on one day, or the
 * earlier one is said to last into the later one's time. An open end is no contradiction: it lasts until the next.
 */
export function overlappingTargets(targets: readonly Target[]): readonly (readonly [number, number])[] {
  const pairs: [number, number][] = [];
  targets.forEach((a, i) => {
    targets.forEach((b, j) => {
      if (i < j && scope(a) === scope(b) && overlap(a, b)) pairs.push([i, j]);
    });
  });
  return pairs;
}

function scope(target: Target): string {
  return JSON.stringify(Object.entries(target.for ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function overlap(a: Target, b: Target): boolean {
  if (a.from === b.from) return true;
  const [earlier, later] = a.from < b.from ? [a, b] : [b, a];
  return earlier.until !== null && earlier.until >= later.from;
}

/** Whether a target is dated before the day, in the KPI's zone, on which it was first loaded. */
export function isRetroactive(target: Target, firstLoaded: Instant, timeZone: string): boolean {
  return target.from < localDay(firstLoaded, timeZone);
}
