/** Numbers and their units as people read them: as many decimals as a KPI's values need, the same for all of them. */
import type { Condition } from '../../core/definition/model.ts';

const NO_BREAK = '\u00a0';
const MAX_DECIMALS = 8;

/** Decimals that tell values of this size apart: none for whole numbers, two up to 1,000, more for the very small. */
function decimalsFor(values: readonly number[]): number {
  if (values.every(Number.isInteger)) return 0;
  const largest = Math.max(...values.map(Math.abs));
  if (largest >= 100_000) return 0;
  if (largest >= 1000) return 1;
  return largest >= 0.1 || largest === 0 ? 2 : Math.min(MAX_DECIMALS, 2 + Math.ceil(-Math.log10(largest)));
}

export interface NumberStyle {
  /** The number alone: `53.10`. */
  readonly plain: (value: number) => string;
  /** With its unit: `53.10 %`, `18.06 hours`. */
  readonly withUnit: (value: number) => string;
  /** In a table: `53.10 %`; any longer unit is said beside it, by `longUnit`. */
  readonly inColumn: (value: number) => string;
  /** The unit where `inColumn` leaves it out, else null. */
  readonly longUnit: string | null;
}

/** Made once: making one costs more than a thousand uses. */
const EXACT = Array.from(
  { length: MAX_DECIMALS + 1 },
  (_, decimals) =>
    new Intl.NumberFormat('en-GB', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      signDisplay: 'negative',
    }),
);
const SHORT = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 2 });

/** The way to write a KPI's numbers, given all those that will be shown together. */
export function numberStyle(values: readonly (number | null)[], unit: string): NumberStyle {
  const known = values.filter((value) => value !== null);
  const decimals = known.length === 0 ? 2 : decimalsFor(known);
  const exact = EXACT[decimals] ?? SHORT;
  const plain = (value: number): string => (Math.abs(value) >= 1e9 ? SHORT : exact).format(value);
  const withUnit = (value: number): string => appendUnit(plain(value), unit);
  const short = unit === 'percent' || UNSPOKEN.has(unit);
  return {
    plain,
    withUnit,
    inColumn: short ? withUnit : plain,
    longUnit: short ? null : unit,
  };
}

/** Units that say no more than the number. */
const UNSPOKEN = new Set(['', 'count']);

const appendUnit = (text: string, unit: string): string => {
  if (UNSPOKEN.has(unit)) return text;
  return `${text}${NO_BREAK}${unit === 'percent' ? '%' : unit}`;
};

const whole = new Intl.NumberFormat('en-GB');
const brief = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 6 });

/** A count: `6,878`. */
export const countText = (count: number): string => whole.format(count);

/** A condition as a target is spoken of: `at least 60 %`, `3 to 5 accounts`. Limits stand as they were written. */
export function conditionText(condition: Condition, unit: string): string {
  const limit = (value: number): string => appendUnit(brief.format(value), unit);
  switch (condition.op) {
    case 'between':
      return `${brief.format(condition.low)} to ${limit(condition.high)}`;
    case '>=':
      return `at least ${limit(condition.limit)}`;
    case '>':
      return `more than ${limit(condition.limit)}`;
    case '<=':
      return `at most ${limit(condition.limit)}`;
    case '<':
      return `less than ${limit(condition.limit)}`;
  }
}
