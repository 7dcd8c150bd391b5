/** A result as every machine-readable face shows it: the API's rows and the lines of `clause9 results --output json`. */
import type { Quality, Reason, Result, Verdict } from '../../core/result/model.ts';
import { formatInstant } from '../../core/time/interval.ts';

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

/** The result with its instants as text and its keys in the documented order. */
export const resultRow = (result: Result): ResultRow => ({
  kpi: result.kpi,
  group: result.group,
  start: formatInstant(result.start),
  end: formatInstant(result.end),
  value: result.value,
  lower: result.lower,
  upper: result.upper,
  sample: result.sample,
  undecided: result.undecided,
  quality: result.quality,
  verdict: result.verdict,
  reason: result.reason,
  final: result.final,
  asOf: formatInstant(result.asOf),
  supersedes: result.supersedes,
  measurementHash: result.measurementHash,
  evaluationHash: result.evaluationHash,
});
