/** The functions of stats: what each makes of the values of a field over some rows. Several values each count. */
import type { Dialect } from '../model.ts';
import { type Cell, compareTexts, formatNumber, notKnown, parseNumber } from './value.ts';

export interface Sample {
  readonly text: string;
  /** `_time` of the row it came from. */
  readonly time: number;
}

export type Aggregate = (samples: readonly Sample[], dialect: Dialect) => Cell | null;

function numbers(samples: readonly Sample[], dialect: Dialect): readonly number[] {
  return samples.map((sample) => parseNumber(sample.text, dialect)).filter((number) => number !== null);
}

/** Texts that are no numbers are left out; nothing has no sum. */
function numeric(run: (values: readonly number[]) => number | null): Aggregate {
  return (samples, dialect) => {
    const values = numbers(samples, dialect);
    return values.length === 0 ? null : run(values);
  };
}

/** By number where all are numbers, else by text. */
function extreme(sign: 1 | -1): Aggregate {
  return (samples, dialect) => {
    if (samples.length === 0) return null;
    const values = numbers(samples, dialect);
    if (values.length === samples.length) {
      return values.reduce((best, value) => (sign * value > sign * best ? value : best));
    }
    return samples
      .map((sample) => sample.text)
      .reduce((best, text) => (sign * compareTexts(text, best) > 0 ? text : best));
  };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function variance(values: readonly number[], divisor: number): number | null {
  if (divisor <= 0) return values.length === 1 ? 0 : null;
  const mean = total(values) / values.length;
  return total(values.map((value) => (value - mean) ** 2)) / divisor;
}

/** Nearest rank: the smallest value that has at least this share of all at or below it. */
export function percentile(percent: number): Aggregate {
  return numeric((values) => {
    const sorted = [...values].sort((a, b) => a - b);
    const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
    return sorted[rank - 1] ?? null;
  });
}

function chronological(sign: 1 | -1, pick: (sample: Sample, dialect: Dialect) => string): Aggregate {
  return (samples, dialect) => {
    const [first] = samples;
    if (first === undefined) return null;
    return pick(
      samples.reduce((best, sample) => (sign * (sample.time - best.time) > 0 ? sample : best)),
      dialect,
    );
  };
}

const distinct = (samples: readonly Sample[]): ReadonlySet<string> =>
  new Set(samples.map((sample) => sample.text));
const textOf = (sample: Sample): string => sample.text;
const timeOf = (sample: Sample, dialect: Dialect): string => formatNumber(sample.time, dialect);

export const LIST_LIMIT = 100;

export const AGGREGATES: Readonly<Record<string, Aggregate>> = {
  count: (samples) => samples.length,
  c: (samples) => samples.length,
  dc: (samples) => distinct(samples).size,
  distinct_count: (samples) => distinct(samples).size,
  estdc: (samples) => {
    if (distinct(samples).size > 1000) throw notKnown('estdc() of more than 1,000 values');
    return distinct(samples).size;
  },
  sum: numeric(total),
  sumsq: numeric((values) => total(values.map((value) => value * value))),
  avg: numeric((values) => total(values) / values.length),
  mean: numeric((values) => total(values) / values.length),
  min: extreme(-1),
  max: extreme(1),
  range: numeric((values) => Math.max(...values) - Math.min(...values)),
  var: numeric((values) => variance(values, values.length - 1)),
  varp: numeric((values) => variance(values, values.length)),
  stdev: numeric((values) => Math.sqrt(variance(values, values.length - 1) ?? 0)),
  stdevp: numeric((values) => Math.sqrt(variance(values, values.length) ?? 0)),
  median: percentile(50),
  values: (samples) => [...distinct(samples)].sort(compareTexts),
  list: (samples) => samples.slice(0, LIST_LIMIT).map(textOf),
  first: (samples) => samples[0]?.text ?? null,
  last: (samples) => samples.at(-1)?.text ?? null,
  earliest: chronological(-1, textOf),
  latest: chronological(1, textOf),
  earliest_time: chronological(-1, timeOf),
  latest_time: chronological(1, timeOf),
};

/** `perc95`, `p95`, `exactperc99.9`: exact up to 1,000 distinct values, which is all that this fake knows of the others. */
export function aggregateNamed(name: string): Aggregate | undefined {
  const known = AGGREGATES[name];
  if (known !== undefined) return known;
  const match = /^(exactperc|perc|p|upperperc)(\d+(?:\.\d+)?)$/.exec(name);
  if (match === null) return undefined;
  const exact = percentile(Number(match[2]));
  if (match[1] === 'exactperc') return exact;
  return (samples, dialect) => {
    if (distinct(samples).size > 1000) throw notKnown(`${name}() of more than 1,000 values`);
    return exact(samples, dialect);
  };
}
