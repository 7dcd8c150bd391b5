/**
 * What the API, the pages, /metrics and the commands show: read-only views, assembled once here so that
 * every face says the same. Implemented in `views.ts`.
 */
import type { Benchmark, KpiDefinition, Target } from '../core/definition/model.ts';
import type { Reason, Result, Verdict } from '../core/result/model.ts';
import type { Instant, Interval } from '../core/time/interval.ts';
import type { ResultQuery } from '../ports/store.ts';

/** A KPI's verdict as of now: as its newest result says, or `unknown: stale` when that is too old. */
export interface Status {
  readonly verdict: Verdict;
  readonly reason: Reason | null;
  /** The reason in words a manager understands; null where the verdict is known. */
  readonly sentence: string | null;
}

export interface BenchmarkValue {
  readonly benchmark: Benchmark;
  /** e.g. `previous month`, `industry (source, 2025, class B)`. */
  readonly label: string;
  readonly value: number | null;
}

export interface KpiView {
  readonly definition: KpiDefinition;
  /** Names of datasets that the configuration lacks: the KPI is *not configured*. */
  readonly missingDatasets: readonly string[];
  /** The KPI's own newest result (the total, or the worst group's by `rollup`); null: none yet. */
  readonly newest: Result | null;
  readonly status: Status;
  /** Groups of the newest window, worst first. */
  readonly groups: readonly {
    readonly result: Result;
    readonly status: Status;
    readonly target: Target | null;
  }[];
  /** In force at the newest window's last instant. */
  readonly target: Target | null;
  readonly benchmarks: readonly BenchmarkValue[];
  /** Milliseconds since the newest window's end; null: no result. */
  readonly ageMs: number | null;
}

/** A window in a KPI's chart: what was first reported, what is known now, and what was promised. */
export interface TrendPoint {
  readonly window: Interval;
  readonly first: Result;
  readonly newest: Result;
  readonly revisions: number;
  readonly target: Target | null;
}

/** A node of a number's derivation: `clause9 explain` prints it as a tree and as JSON. */
export interface Derivation {
  readonly label: string;
  /** e.g. a value, a hash, a query's text; null: only a heading. */
  readonly value: string | number | boolean | null;
  /** Where a person sees what it is about: a web address. */
  readonly link?: string;
  readonly children: readonly Derivation[];
}

export interface Explanation {
  readonly result: Result;
  readonly sentence: string;
  readonly tree: Derivation;
}

export interface ReadModel {
  /** Changes with all that `kpis` tells, but for ages, which may be a minute old. */
  version(): Promise<string>;
  /** Sorted: what needs a decision first (off target and unknown, at risk, on target, not configured), then by id. */
  kpis(): Promise<readonly KpiView[]>;
  kpi(id: string): Promise<KpiView | null>;
  results(query: ResultQuery): Promise<readonly Result[]>;
  /** The KPI's own (or one group's) windows, oldest first, at most `limit` newest ones. */
  trend(
    id: string,
    limit: number,
    group?: Readonly<Record<string, string>> | null,
  ): Promise<readonly TrendPoint[]>;
  /** For all KPIs at once: the newest `limit` windows' own results, oldest first (the list page's small lines). */
  sparklines(limit: number): Promise<ReadonlyMap<string, readonly Result[]>>;
  /** `at`: the window that starts there, else the newest that contains it; with neither, the newest. Null: none known then. */
  explain(
    id: string,
    selector: {
      readonly window?: Interval;
      readonly at?: Instant;
      readonly asOf?: Instant;
      readonly group?: Readonly<Record<string, string>> | null;
    },
  ): Promise<Explanation | null>;
  now(): Instant;
}

/** What the running service says of itself: /readyz, /metrics and the foot of each page. */
export interface Health {
  readonly ready: boolean;
  /** Why not ready, in words. */
  readonly waitingFor: string | null;
  readonly version: string;
  readonly definitions: number;
  readonly lastCycle: {
    readonly start: Instant;
    readonly durationMs: number;
    readonly error: string | null;
  } | null;
  /** End of the newest cycle that ran without an error; null: none yet. */
  readonly lastSuccess: Instant | null;
  readonly lastReload: {
    readonly at: Instant;
    readonly ok: boolean;
    readonly problems: readonly string[];
  } | null;
  readonly sources: readonly {
    readonly name: string;
    readonly lastError: string | null;
    readonly searches: number;
    readonly failures: number;
    readonly searchSeconds: number;
    /** `open`: it is left alone for a while, after it failed again and again. */
    readonly breaker: 'closed' | 'open' | 'half-open';
    /** Reads of the last cycle that a budget put off to the next, and that were refused for their size. */
    readonly putOff: number;
    readonly refused: number;
  }[];
  /** How far the collecting of events has come, by dataset and grain. */
  readonly datasets: readonly {
    readonly dataset: string;
    /** All slices that are wanted are there from this instant up to `until`; null: none is. */
    readonly completeSince: Instant | null;
    readonly until: Instant | null;
    readonly missing: number;
  }[];
  readonly missingSlices: number;
}

/** What HTTP may ask of the service beyond reading. */
export interface Control {
  health(): Health;
  /** Reloads configuration and definitions; a bad set leaves the good one in force. */
  reload(): Promise<{ readonly ok: boolean; readonly problems: readonly string[] }>;
}
