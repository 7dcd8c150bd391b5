/** A result: what one KPI says for one group and one window, and how far it may be trusted. */
import type { Instant } from '../time/interval.ts';

/** From the worst to the best (design §2). */
export const QUALITIES = ['missing', 'partial', 'silent', 'stale', 'small-sample', 'complete'] as const;
export type Quality = (typeof QUALITIES)[number];

export const VERDICTS = ['on-target', 'at-risk', 'off-target', 'unknown'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Why a verdict is `unknown`. Each has its sentence for people in `reasons.ts`. */
export const REASONS = [
  'missing',
  'partial',
  'silent',
  'stale',
  'small-sample',
  'undecided',
  'no-target',
  'no-value',
  'division-by-zero',
  'not-finite',
  'too-many-groups',
  'too-many-keys',
  'several-values',
  'excluded',
  'filter-never-matched',
  'field-vanished',
  'rolled-up',
  'formula-error',
] as const;
export type Reason = (typeof REASONS)[number];

/** A measure's value in a window; `lower`/`upper` count each undecided record either way (null: unbounded). */
export interface MeasureValue {
  readonly value: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  /** Events or records that the value rests on. */
  readonly n: number;
  readonly undecided: number;
  /** Records still open when their observation ended (window's end + followUp): in the bounds either way, but for good. */
  readonly censored?: number;
  /** Records of the cohort without the opened or due time that the measure needs: in neither value nor n. */
  readonly leftOut?: number;
  /** Slices (of records: records) that the definition's exclusions leave out … */
  readonly excluded?: number;
  /** … and the value with them. */
  readonly withExcluded?: number | null;
  /** Relative error of an estimate (sketch, HyperLogLog); absent where the value is exact. */
  readonly relativeError?: number;
}

/** Which stored data a measure's value was made from. */
export type MeasureInput = (
  | { readonly kind: 'series'; readonly series: number; readonly control: number; readonly grain: number }
  /** `clock`: which time counted, in words; absent: all of it. */
  | { readonly kind: 'records'; readonly recordSet: number; readonly clock?: string }
  | { readonly kind: 'snapshot'; readonly snapshot: string }
  | { readonly kind: 'query'; readonly query: number }
) & {
  /** What its filter looked values up in; absent: nothing. */
  readonly lookups?: readonly LookupInput[];
};

export type LookupInput = { readonly dataset: string } & (
  | { readonly kind: 'snapshot'; readonly snapshot: string }
  | { readonly kind: 'series'; readonly series: number; readonly grain: number }
);

/** A result without its verdict: what `core/result` computes. */
export interface Evaluation {
  readonly value: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly sample: number;
  readonly undecided: number;
  readonly quality: Quality;
  /** Why there is no trustworthy value; null where there is one. */
  readonly reason: Reason | null;
  readonly measures: Readonly<Record<string, MeasureValue>>;
}

/** A result as stored and shown. Revisions supersede, never overwrite. */
export interface Result {
  readonly id: number;
  readonly kpi: string;
  /** Field → value; null is the KPI's own (ungrouped) result. */
  readonly group: Readonly<Record<string, string>> | null;
  readonly start: Instant;
  readonly end: Instant;
  readonly value: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly sample: number;
  readonly undecided: number;
  readonly quality: Quality;
  readonly verdict: Verdict;
  readonly reason: Reason | null;
  readonly final: boolean;
  readonly asOf: Instant;
  readonly supersedes: number | null;
  readonly measurementHash: string;
  readonly evaluationHash: string;
  /** The target that gave the verdict was dated before the definition was first loaded. */
  readonly retroactive: boolean;
  readonly measures: Readonly<Record<string, MeasureValue>>;
  readonly inputs: Readonly<Record<string, MeasureInput>>;
}
