/**
 * A KPI definition after parsing, overlays and checks: what the rest of clause9 works with.
 * `schema.ts` is what a person writes; `parse.ts` turns one into the other.
 */
import type { Filter } from '../filter/model.ts';
import type { Aggregate } from '../measure/tally.ts';
import type { Instant } from '../time/interval.ts';

export interface EventsMeasure {
  readonly kind: 'events';
  readonly dataset: string;
  readonly where: Filter;
  readonly aggregate: Aggregate;
  /** No event at all that the filter matches is no sign of a wrong name: it looks for what should never happen. */
  readonly mayBeAbsent?: boolean;
}

/** Which records a window is about: opened, closed or due in it, or open at its end. */
export type Cohort = 'opened' | 'closed' | 'due' | 'open-at-end';

export type DurationUnit = 'seconds' | 'minutes' | 'hours' | 'days';

export type RecordAggregate =
  /** The records of the cohort; with `of`, those that it matches (undecided ones count either way). */
  | { readonly type: 'count'; readonly of?: Filter }
  /** The share, 0 to 1, of the cohort that `of` matches (undecided ones count either way). */
  | { readonly type: 'share'; readonly of: Filter }
  /** The share, 0 to 1, closed within `limitMs` of opening. */
  | { readonly type: 'within'; readonly limitMs: number }
  /** The share, 0 to 1, closed by the due time; open and past due is missed. */
  | { readonly type: 'within-due' }
  /** A percentile of the time from opened to closed, open ones right-censored (Kaplan–Meier). */
  | { readonly type: 'duration'; readonly percentile: number; readonly unit: DurationUnit }
  /** A percentile of the time since opening, of records open at the window's end. */
  | { readonly type: 'age'; readonly percentile: number; readonly unit: DurationUnit };

export interface RecordsMeasure {
  readonly kind: 'records';
  readonly dataset: string;
  /** The population: tested on the latest version known of each record. */
  readonly where: Filter;
  readonly cohort: Cohort;
  readonly aggregate: RecordAggregate;
  /** When a record's outcome can no longer change; null: at once. */
  readonly decidedWhen: Filter | null;
  /** Records are observed until the window's end + followUp. */
  readonly followUpMs: number;
  /** As of events: none at all is no sign of a wrong name. */
  readonly mayBeAbsent?: boolean;
}

/** A number of a query in the source's own language, which is asked once a window. */
export interface QueryMeasure {
  readonly kind: 'query';
  /** Of events. */
  readonly dataset: string;
  readonly language: QueryLanguage;
  readonly text: string;
  /** The number's name in the answer. */
  readonly value: string;
}

export const QUERY_LANGUAGES = ['sql', 'spl', 'esql', 'dsl'] as const;
export type QueryLanguage = (typeof QUERY_LANGUAGES)[number];

/** An events measure over a snapshot dataset is computed over the list in force at the window's end. */
export type Measure = EventsMeasure | RecordsMeasure | QueryMeasure;

export type WindowSpec =
  | { readonly kind: 'rolling'; readonly lengthMs: number; readonly everyMs: number }
  | {
      readonly kind: 'calendar';
      readonly unit: 'day' | 'week' | 'month' | 'quarter' | 'year';
      readonly timeZone: string;
    };

/** A condition on a value: `>= 95`, `between 3 and 5` (both ends belong to it). */
export type Condition =
  | { readonly op: '<' | '<=' | '>' | '>='; readonly limit: number }
  | { readonly op: 'between'; readonly low: number; readonly high: number };

export interface Target {
  /** The calendar day it comes into force, as `YYYY-MM-DD`, in the KPI's zone. */
  readonly from: string;
  /** The last calendar day it is in force, or null. */
  readonly until: string | null;
  readonly onTarget: Condition;
  /** What is not on target but meets this is at risk; null: no band. */
  readonly atRisk: Condition | null;
  /** Group field → value that it is narrowed to; null: all. */
  readonly for: Readonly<Record<string, string>> | null;
}

export type Benchmark =
  | { readonly kind: 'historic'; readonly basis: 'previous-window' | 'previous-year' }
  | { readonly kind: 'historic'; readonly basis: 'mean-of-last'; readonly windows: number }
  | {
      readonly kind: 'industry';
      readonly value: number;
      readonly unit: string;
      readonly source: string;
      readonly year: number;
      /** How well it can be compared: A same measure and kind of organisation … D only for orientation. */
      readonly comparability: 'A' | 'B' | 'C' | 'D';
    };

export interface NonconformityRule {
  readonly raise: { readonly offTarget: number; readonly of: number; readonly overlapping: boolean };
  readonly clear: { readonly onTarget: number };
  readonly unknownFor: number | null;
  readonly grade: 'minor' | 'major';
  readonly confirm: boolean;
}

export interface CorrectiveActionRule {
  readonly dueInMs: number;
  readonly ticket: string | null;
  readonly effectiveness: {
    readonly onTarget: number;
    readonly of: number;
    readonly withinMs: number;
  } | null;
  readonly mustNotWorsen: readonly string[];
}

export interface Exclusion {
  readonly start: Instant;
  readonly end: Instant;
  readonly reason: string;
  readonly approver: string;
}

export interface KpiDefinition {
  readonly id: string;
  readonly title: string;
  readonly informationNeed: string | null;
  readonly status: 'draft' | 'active' | 'retired';
  readonly headline: boolean;
  /** ISO/IEC 27002:2022 numbers as `A.8.5`. */
  readonly controls: readonly string[];
  readonly requirement: Readonly<Record<string, string>> | null;
  /** Role (owner, collector, analyst, approver, customer) → key of `people` in the configuration. */
  readonly roles: Readonly<Record<string, string>>;
  readonly approved: { readonly by: string; readonly on: string } | null;
  readonly reviewEveryMs: number | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly runbook: string | null;
  readonly unit: string;
  readonly direction: 'higher-is-better' | 'lower-is-better' | 'within-range';
  readonly measures: Readonly<Record<string, Measure>>;
  /** CEL over the measures' names, each a double. */
  readonly formula: string;
  readonly groupBy: readonly string[];
  readonly maxGroups: number;
  readonly rollup: 'total' | 'worst';
  readonly window: WindowSpec;
  /** The zone of targets' dates: the window's for a calendar, else UTC. */
  readonly timeZone: string;
  readonly minimumSample: { readonly measure: string; readonly atLeast: number } | null;
  readonly targets: readonly Target[];
  readonly benchmarks: readonly Benchmark[];
  readonly nonconformity: NonconformityRule | null;
  readonly correctiveAction: CorrectiveActionRule | null;
  readonly shownWith: readonly string[];
  /** Shares, 0 to 1, of a window's slices that may be missing, partial or silent without spoiling the verdict. */
  readonly tolerate: { readonly missing: number; readonly partial: number; readonly silent: number };
  readonly exclusions: readonly Exclusion[];
  readonly activeFrom: string | null;
  /** The measurement hash that this one carries on: a window may mix slices of both. */
  readonly continues: string | null;
  /** Of measures, formula, window, groupBy, minimumSample, exclusions. */
  readonly measurementHash: string;
  /** Of targets, bands, rule. */
  readonly evaluationHash: string;
}
