/**
 * From the measures of a window (and group) to its value: the formula, its bounds, the sample, and the reason where
 * there is no value that can be trusted.
 */
import type { KpiDefinition } from '../definition/model.ts';
import type { Formula, FormulaValue } from './formula.ts';
import type { Evaluation, MeasureValue, Reason } from './model.ts';
import { type WindowQuality, withSample } from './quality.ts';

type Measures = Readonly<Record<string, MeasureValue>>;

/** Beyond so many measures with bounds (1,024 corners) a result says "unbounded" rather than compute for long. */
const MAX_BOUNDED = 10;

/** With these there is nothing to read: what was counted is not what the window is about. */
const WITHHELD: ReadonlySet<Reason> = new Set([
  'missing',
  'silent',
  'too-many-groups',
  'too-many-keys',
  'several-values',
  'excluded',
  'filter-never-matched',
  'field-vanished',
  'rolled-up',
]);

export interface CombineOptions {
  readonly minimumSample?: KpiDefinition['minimumSample'];
  /** Why what was measured can't stand for the window, whatever its quality: more groups than `maxGroups`, say. */
  readonly withheld?: Reason | null;
}

/**
 * Evaluates the formula. The reason is the quality's where it spoils the window, else what the arithmetic says. The
 * sample is the n of `minimumSample`'s measure, else the largest among the formula's measures; so is `undecided`, as
 * measures may count the same records.
 */
export function combine(
  formula: Formula,
  measures: Measures,
  quality: WindowQuality,
  { minimumSample = null, withheld = null }: CombineOptions = {},
): Evaluation {
  const used = formula.names.map((name) => measures[name]);
  const largest = (of: (measure: MeasureValue) => number) =>
    used.reduce((max, measure) => Math.max(max, measure === undefined ? 0 : of(measure)), 0);
  const sample = minimumSample === null ? largest(({ n }) => n) : (measures[minimumSample.measure]?.n ?? 0);
  const trust = minimumSample === null ? quality : withSample(quality, sample, minimumSample.atLeast);

  const outcome = formulaValue(formula, measures);
  const value = typeof outcome === 'number' ? outcome : null;
  const reason = trust.reason ?? withheld ?? (typeof outcome === 'number' ? null : outcome);
  const isWithheld = reason !== null && WITHHELD.has(reason);
  return {
    value: isWithheld ? null : value,
    ...(isWithheld ? UNBOUNDED : boundsOf(formula, measures, value)),
    sample,
    undecided: largest(({ undecided }) => undecided),
    quality: trust.quality,
    reason,
    measures,
  };
}

function formulaValue(formula: Formula, measures: Measures): number | Reason {
  const values: Record<string, number> = {};
  for (const name of formula.names) {
    const value = measures[name]?.value ?? null;
    if (value === null) return 'no-value';
    values[name] = value;
  }
  const result = formula.evaluate(values);
  return typeof result === 'object' ? 'formula-error' : result;
}

const UNBOUNDED = { lower: null, upper: null } as const;

/**
 * The formula's range over all corners of its measures' bounds, and its value. Exact where it rises or falls with
 * each measure between its bounds, as sums, differences, products and ratios of counts do; a formula that turns
 * inside (`abs(x - 5)`) may go further. An unbounded side of a measure is taken at infinity. A side that stays open
 * is null; both are where a measure is open on both sides or a corner divides by zero.
 */
function boundsOf(
  formula: Formula,
  measures: Measures,
  value: number | null,
): Pick<Evaluation, 'lower' | 'upper'> {
  const ranges = formula.names.map((name) => [name, rangeOf(measures[name])] as const);
  const isOpen = ranges.some(([, [low, high]]) => low === -Infinity && high === Infinity);
  if (isOpen || ranges.filter(([, range]) => range.length > 1).length > MAX_BOUNDED) return UNBOUNDED;
  let [lower, upper] = value === null ? [Infinity, -Infinity] : [value, value];
  for (const corner of cornersOf(ranges)) {
    const at: FormulaValue = formula.evaluateRaw(corner);
    if (typeof at !== 'number' || Number.isNaN(at)) return UNBOUNDED;
    lower = Math.min(lower, at);
    upper = Math.max(upper, at);
  }
  return { lower: Number.isFinite(lower) ? lower : null, upper: Number.isFinite(upper) ? upper : null };
}

function rangeOf(measure: MeasureValue | undefined): readonly number[] {
  const { value, lower, upper } = measure ?? { value: null, lower: null, upper: null };
  return value !== null && lower === value && upper === value
    ? [value]
    : [lower ?? -Infinity, upper ?? Infinity];
}

function cornersOf(ranges: readonly (readonly [string, readonly number[]])[]): Record<string, number>[] {
  let corners: Record<string, number>[] = [{}];
  for (const [name, range] of ranges) {
    corners = corners.flatMap((corner) => range.map((end) => ({ ...corner, [name]: end })));
  }
  return corners;
}
