/** Compares what a test expects of a window with the result that came out. Only what is written is compared. */
import type { Expectation } from '../../config/kpi-tests.ts';
import type { Result } from '../../core/result/model.ts';

/** One thing that is other than expected, in words. */
export interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

/** Numbers that differ by rounding alone are the same. */
const TOLERANCE = 1e-9;

type ExpectedNumber = number | null | { readonly between: readonly [number, number] };

/** What differs, in the order in which results are shown; nothing where all is as expected. */
export function differences(expected: Expectation, result: Result | null, groups: number): Difference[] {
  const found: Difference[] = [];
  const differ = (what: string, wanted: unknown, got: unknown) =>
    found.push({ what, expected: inWords(wanted), got: inWords(got) });
  if (expected.groups !== undefined && expected.groups !== groups) differ('groups', expected.groups, groups);
  if (result === null) {
    differ('result', 'a result', expected.group === undefined ? 'none' : 'no such group');
    return found;
  }
  for (const name of ['value', 'lower', 'upper'] as const) {
    const wanted = expected[name];
    if (wanted !== undefined && !isNear(wanted, result[name])) differ(name, wanted, result[name]);
  }
  for (const name of ['verdict', 'reason', 'quality', 'final', 'sample', 'undecided'] as const) {
    const wanted = expected[name];
    if (wanted !== undefined && wanted !== result[name]) differ(name, wanted, result[name]);
  }
  for (const [name, wanted] of Object.entries(expected.measures ?? {})) {
    const got = result.measures[name];
    if (got === undefined) differ(`measure ${name}`, wanted, 'no such measure');
    else if (!isNear(wanted, got.value)) differ(`measure ${name}`, wanted, got.value);
  }
  return found;
}

function isNear(wanted: ExpectedNumber, got: number | null): boolean {
  if (wanted === null || got === null) return wanted === got;
  if (typeof wanted === 'object') return got >= wanted.between[0] && got <= wanted.between[1];
  return Math.abs(wanted - got) <= TOLERANCE * Math.max(1, Math.abs(wanted));
}

function inWords(value: unknown): string {
  if (value === null) return 'none';
  if (typeof value === 'object' && value !== null && 'between' in value && Array.isArray(value.between))
    return value.between.join(' to ');
  return String(value);
}
