/** Which of several results needs a decision first. */
import type { KpiDefinition } from '../definition/model.ts';
import type { Verdict } from '../result/model.ts';

const RANK: Readonly<Record<Verdict, number>> = { 'off-target': 0, unknown: 1, 'at-risk': 2, 'on-target': 3 };

interface Judged {
  readonly verdict: Verdict;
  readonly value: number | null;
}

/** Orders results from the worst: by verdict, then by value against the direction; no value comes first. */
export const worstFirst =
  (direction: KpiDefinition['direction']) =>
  (a: Judged, b: Judged): number =>
    RANK[a.verdict] - RANK[b.verdict] || worseValue(direction, a.value, b.value);

function worseValue(direction: KpiDefinition['direction'], a: number | null, b: number | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return direction === 'lower-is-better' ? b - a : a - b;
}
