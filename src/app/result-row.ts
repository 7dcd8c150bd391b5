/** A result as every machine-readable face shows it: the API's rows and the lines of `clause9 results --output json`. */
import type { Quality, Reason, Result, Verdict } from '../core/result/model.ts';
import type { Instant } from '../core/time/interval.ts';

export interface ResultRow {
  readonly kpi: string;
  readonly group: Readonly<Record<string, string>> | null;
  /** Instants are ISO 8601 texts in UTC. */
  readonly start: string;
  readonly end: string;
  readonly value: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly sample: number;
  readonly undecided: number;
  readonly quality: Quality;
  readonly verdict: Verdict;
  readonly reason: Reason | null;
  readonly final: boolean;
  readonly asOf: string;
  readonly supersedes: number | null;
  readonly measurementHash: string;
  readonly evaluationHash: string;
}

/** `2016-04-01T00:00:00Z`; milliseconds only where there are any. */
export const isoInstant = (instant: Instant): string => new Date(instant).toISOString().replace('.000Z', 'Z');

/** The result with its instants as text and its keys in the documented order. */
export const resultRow = (result: Result): ResultRow => ({
  kpi: result.kpi,
  group: result.group,
  start: isoInstant(result.start),
  end: isoInstant(result.end),
  value: result.value,
  lower: result.lower,
  upper: result.upper,
  sample: result.sample,
  undecided: result.undecided,
  quality: result.quality,
  verdict: result.verdict,
  reason: result.reason,
  final: result.final,
  asOf: isoInstant(result.asOf),
  supersedes: result.supersedes,
  measurementHash: result.measurementHash,
  evaluationHash: result.evaluationHash,
});
