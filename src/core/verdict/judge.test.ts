import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Condition, Target } from '../definition/model.ts';
import { judge, verdictOn } from './judge.ts';

function target(onTarget: Condition, atRisk: Condition | null): Target {
  return { from: '2026-01-01', until: null, for: null, onTarget, atRisk };
}

const low = target({ op: '<=', limit: 5 }, { op: '<=', limit: 8 });
const high = target({ op: '>=', limit: 95 }, null);
const range = target({ op: 'between', low: 3, high: 5 }, { op: 'between', low: 2, high: 6 });

const result = (lower: number | null, value: number | null, upper: number | null) => ({
  value,
  lower,
  upper,
  reason: null,
});

describe('A verdict', () => {
  it.each([
    ['at most 5', low, 5, 'on-target'],
    ['at most 5', low, 8, 'at-risk'],
    ['at most 5', low, 8.1, 'off-target'],
    ['at least 95', high, 95, 'on-target'],
    ['at least 95, no band', high, 94.9, 'off-target'],
    ['a range', range, 4, 'on-target'],
    ['a range', range, 2, 'at-risk'],
    ['a range', range, 6.5, 'off-target'],
  ] as const)('%s: %#', (_, by, value, verdict) => {
    expect(judge(result(value, value, value), by)).toEqual({ verdict, reason: null });
  });

  it.each([
    ['both bounds on target', low, result(1, 3, 5), 'on-target'],
    ['bounds on both sides of a limit', low, result(4, 4, 6), 'unknown'],
    ['both bounds in the band', low, result(6, 7, 8), 'at-risk'],
    ['both bounds off target, on either side of a range', range, result(1, 4, 7), 'unknown'],
    ['both bounds and the value off it, the middle on it', range, result(1, 1.5, 7), 'unknown'],
    ['both bounds off it on one side', range, result(7, 8, 9), 'off-target'],
    ['both bounds in the band of a range, the middle on target', range, result(2, 2.5, 6), 'unknown'],
    ['open above, and already off', low, result(9, 10, null), 'off-target'],
    ['open above, and not yet off', low, result(4, 4, null), 'unknown'],
    ['open below, off whatever it is', high, result(null, 20, 90), 'off-target'],
    ['open above, on whatever it is', high, result(95, 96, null), 'on-target'],
    ['open on both sides', high, result(null, 96, null), 'unknown'],
  ] as const)('is given where it is certain: %s', (_, by, evaluation, verdict) => {
    const reason = verdict === 'unknown' ? 'undecided' : null;
    expect(judge(evaluation, by)).toEqual({ verdict, reason });
  });

  it('is right for any value between the bounds', () => {
    const number = fc.integer({ min: 0, max: 40 }).map((n) => n / 4);
    fc.assert(
      fc.property(number, number, number, fc.constantFrom(low, range), (a, b, c, by) => {
        const [lower = 0, value = 0, upper = 0] = [a, b, c].sort((x, y) => x - y);
        const { verdict } = judge(result(lower, value, upper), by);
        const all = new Set<string>();
        for (let x = lower; x <= upper; x += 0.125) all.add(verdictOn(by, x));
        expect(verdict).toBe(all.size === 1 ? [...all][0] : 'unknown');
      }),
      { numRuns: 300 },
    );
  });
});

describe('A verdict is unknown', () => {
  it.each([
    [
      'for the reason why there is no trustworthy value',
      { ...result(1, 1, 1), reason: 'partial' as const },
      low,
      'partial',
    ],
    ['before it asks for a target', { ...result(1, 1, 1), reason: 'stale' as const }, null, 'stale'],
    ['without a target', result(1, 1, 1), null, 'no-target'],
    ['without a value', result(9, null, null), low, 'no-value'],
  ])('%s', (_, evaluation, by, reason) => {
    expect(judge(evaluation, by)).toEqual({ verdict: 'unknown', reason });
  });
});
