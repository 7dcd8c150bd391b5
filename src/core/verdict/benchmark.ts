/** What a value is compared with beside its target: the KPI's own past, and figures of the industry. */
import type { Benchmark, WindowSpec } from '../definition/model.ts';

type Historic = Extract<Benchmark, { readonly kind: 'historic' }>;
type Industry = Extract<Benchmark, { readonly kind: 'industry' }>;

export interface Comparison {
  readonly benchmark: Benchmark;
  /** e.g. `previous month`, `mean of the last 12 windows`, `industry (source, 2025, class B)`. */
  readonly label: string;
  /** Null: there is no such value (yet), or it is in another unit. */
  readonly value: number | null;
  /** The result's value minus the benchmark's, in the KPI's unit; null where one of them is missing. */
  readonly difference: number | null;
  /** How well it can be compared: the KPI's own past always can (A). */
  readonly comparability: Industry['comparability'];
}

/**
 * Values of the KPI's earlier results that a historic benchmark takes, newest first; null: a window without a value.
 * One for the previous window or year, the last N for a mean.
 */
export type EarlierValues = (benchmark: Historic) => readonly (number | null)[];

/** Compares a result's value with each of its definition's benchmarks, in their order. */
export function compareWithBenchmarks(
  definition: {
    readonly benchmarks: readonly Benchmark[];
    readonly unit: string;
    readonly window: WindowSpec;
  },
  value: number | null,
  earlier: EarlierValues,
): readonly Comparison[] {
  return definition.benchmarks.map((benchmark) => {
    const known =
      benchmark.kind === 'industry'
        ? industryValue(benchmark, definition.unit)
        : historicValue(benchmark, earlier);
    return {
      benchmark,
      label: labelOf(benchmark, definition.window),
      value: known,
      difference: known === null || value === null ? null : value - known,
      comparability: benchmark.kind === 'industry' ? benchmark.comparability : 'A',
    };
  });
}

function industryValue({ value, unit }: Industry, ownUnit: string): number | null {
  return unit === ownUnit ? value : null;
}

/** A mean is that of the windows that have a value; only where none has, there is none. */
function historicValue(benchmark: Historic, earlier: EarlierValues): number | null {
  const values = earlier(benchmark).filter((value) => value !== null);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function labelOf(benchmark: Benchmark, window: WindowSpec): string {
  if (benchmark.kind === 'industry') {
    return `industry (${benchmark.source}, ${benchmark.year}, class ${benchmark.comparability})`;
  }
  const windowName = window.kind === 'calendar' ? window.unit : 'window';
  if (benchmark.basis === 'mean-of-last') return `mean of the last ${benchmark.windows} ${windowName}s`;
  return benchmark.basis === 'previous-year' ? 'a year before' : `previous ${windowName}`;
}
