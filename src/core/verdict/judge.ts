/** Judges a result by a target: a verdict is given only where it is the same whatever the undecided come to. */
import type { Target } from '../definition/model.ts';
import type { Evaluation, Reason, Verdict } from '../result/model.ts';
import { limitsOf, meets } from './condition.ts';

export interface Judgement {
  readonly verdict: Verdict;
  /** Why the verdict is unknown; null where it is known. */
  readonly reason: Reason | null;
}

/** The verdict on a result. A null bound is unbounded: then only what holds however far the value goes is said. */
export function judge(
  evaluation: Pick<Evaluation, 'value' | 'lower' | 'upper' | 'reason'>,
  target: Target | null,
): Judgement {
  const { value, lower, upper, reason } = evaluation;
  if (reason !== null) return unknown(reason);
  if (value === null) return unknown('no-value');
  if (target === null) return unknown('no-target');
  const verdict = verdictOn(target, value);
  const isCertain = pointsIn(target, lower ?? -Infinity, upper ?? Infinity).every(
    (point) => verdictOn(target, point) === verdict,
  );
  return isCertain ? { verdict, reason: null } : unknown('undecided');
}

function unknown(reason: Reason): Judgement {
  return { verdict: 'unknown', reason };
}

/** What a target says of a value, were it certain. */
export function verdictOn(target: Target, value: number): Exclude<Verdict, 'unknown'> {
  if (meets(target.onTarget, value)) return 'on-target';
  return target.atRisk !== null && meets(target.atRisk, value) ? 'at-risk' : 'off-target';
}

/**
 * Points that stand for all values from `low` to `high`: the ends, and the target's limits between them. Both ends
 * may be off target and the middle on it, where the target is a range.
 */
function pointsIn({ onTarget, atRisk }: Target, low: number, high: number): readonly number[] {
  const limits = [...limitsOf(onTarget), ...(atRisk === null ? [] : limitsOf(atRisk))];
  return [low, ...limits.filter((limit) => limit > low && limit < high), high];
}
