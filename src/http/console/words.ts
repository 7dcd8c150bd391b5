/** What pages say in words: verdicts, qualities, and the one sentence that a reader should take away from a KPI. */
import type { BenchmarkValue, KpiView } from '../../app/read-model.ts';
import type { Target } from '../../core/definition/model.ts';
import type { Quality, Result, Verdict } from '../../core/result/model.ts';
import { standing } from '../standing.ts';
import { windowPhrase } from './dates.ts';
import { conditionText, type NumberStyle } from './numbers.ts';

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  'on-target': 'On target',
  'at-risk': 'At risk',
  'off-target': 'Off target',
  unknown: 'Unknown',
};

export const QUALITY_WORDS: Readonly<Record<Quality, string>> = {
  missing: 'data missing',
  partial: 'data partial',
  silent: 'source silent',
  stale: 'stale',
  'small-sample': 'small sample',
  complete: 'complete',
};

/** `{user.domain: ADMIN}` as `user.domain = ADMIN`. */
export const groupText = (group: Readonly<Record<string, string>>): string =>
  Object.entries(group)
    .map(([field, value]) => `${field} = ${value}`)
    .join(', ');

/** `at least 60 %, at risk: at least 50 %`. */
export function targetText(target: Target, unit: string): string {
  const atRisk = target.atRisk === null ? '' : `, at risk: ${conditionText(target.atRisk, unit)}`;
  return `${conditionText(target.onTarget, unit)}${atRisk}`;
}

/** A benchmark's name where there is little room; its label says all. */
export const benchmarkName = ({ benchmark, label }: BenchmarkValue): string =>
  benchmark.kind === 'industry' ? `industry ${benchmark.year}, class ${benchmark.comparability}` : label;

/** All numbers that are shown of results together, for one style. */
export const numbersOf = (results: readonly (Result | null)[]): readonly (number | null)[] =>
  results.flatMap((result) => (result === null ? [] : [result.value, result.lower, result.upper]));

/** `31.00 to 53.11`; null where the bounds say no more than the value. */
export function boundsText(
  shown: { readonly value: number; readonly lower: number | null; readonly upper: number | null },
  style: NumberStyle,
): string | null {
  if (shown.lower === shown.value && shown.upper === shown.value) return null;
  if (shown.lower === null && shown.upper === null) return 'unbounded';
  if (shown.lower === null) return `up to ${style.plain(shown.upper ?? shown.value)}`;
  if (shown.upper === null) return `${style.plain(shown.lower)} or more`;
  return `${style.plain(shown.lower)} to ${style.plain(shown.upper)}`;
}

/** The sentence that a reader should take away: what, how much, when, and against which promise. */
export function takeaway(view: KpiView, style: NumberStyle): string {
  const { definition, newest, status, target, missingDatasets } = view;
  if (missingDatasets.length > 0) return `${definition.title}: not configured`;
  if (newest === null) return `${definition.title}: not measured yet`;
  const when = windowPhrase(definition.window, newest);
  const shown = standing(newest, status);
  if (shown === null) return `${definition.title}: unknown ${when}`;
  const promise = target === null ? null : conditionText(target.onTarget, definition.unit);
  return `${definition.title}: ${statement(shown.value, boundsText(shown, style), style, when)}, ${judged(status.verdict, promise)}`;
}

const statement = (value: number, bounds: string | null, style: NumberStyle, when: string): string =>
  bounds === null
    ? `${style.withUnit(value)} ${when}`
    : `${style.withUnit(value)} so far ${when} (${bounds})`;

function judged(verdict: Verdict, promise: string | null): string {
  if (promise === null) return 'with no target in force';
  switch (verdict) {
    case 'on-target':
      return `on target (${promise})`;
    case 'at-risk':
      return `at risk: the target is ${promise}`;
    case 'off-target':
      return `off target: it should be ${promise}`;
    case 'unknown':
      return `and not yet decided against its target of ${promise}`;
  }
}
