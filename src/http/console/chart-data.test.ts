import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeDefinition, fakeResult, fakeTarget, months } from '../../../test/fakes/kpi.ts';
import type { TrendPoint } from '../../app/read-model.ts';
import type { Target } from '../../core/definition/model.ts';
import { axisDomain, chartPoints, followsGap, region, targetRuns } from './chart-data.ts';

const definition = fakeDefinition({ id: 'k' });
const windows = months(Date.UTC(2016, 5, 1), 6);
const easy = fakeTarget({ op: '>=', limit: 50 }, null);
const hard = fakeTarget({ op: '>=', limit: 60 }, null);

function points(values: readonly (number | null)[], targets: readonly (Target | null)[] = []) {
  const trend = values.flatMap((value, index): TrendPoint[] => {
    const window = windows[index];
    if (window === undefined) return [];
    const result = fakeResult({ kpi: 'k', ...window, value });
    return [{ window, first: result, newest: result, revisions: 1, target: targets[index] ?? null }];
  });
  return chartPoints(definition, trend);
}

describe('targets in a chart', () => {
  it('are one band as long as they stay the same, and break where they change or none was in force', () => {
    const runs = targetRuns(points([1, 2, 3, 4, 5, 6], [easy, easy, hard, null, hard, hard]));
    expect(runs.map(({ target, start, end }) => [target, start, end])).toEqual([
      [easy, windows[0]?.start, windows[1]?.end],
      [hard, windows[2]?.start, windows[2]?.end],
      [hard, windows[4]?.start, windows[5]?.end],
    ]);
  });

  it.each([
    [{ op: '>=', limit: 60 } as const, [60, 100]],
    [{ op: '<', limit: 60 } as const, [0, 60]],
    [{ op: 'between', low: 3, high: 5 } as const, [3, 5]],
    [{ op: '>=', limit: 120 } as const, [100, 100]],
    [{ op: 'between', low: -5, high: 5 } as const, [0, 5]],
  ])('%j cover %j of an axis from 0 to 100', (condition, area) => {
    expect(region(condition, [0, 100])).toEqual(area);
  });
});

describe('a line in a chart', () => {
  it('breaks where a window is missing from the trend', () => {
    const [first, second, third] = points([1, 2, 3]);
    if (first === undefined || second === undefined || third === undefined) throw new Error('three points');
    expect(followsGap(second, first)).toBe(false);
    expect(followsGap(third, first)).toBe(true);
    expect(followsGap(first, undefined)).toBe(false);
  });
});

describe('the value axis', () => {
  it.each([
    ['starts at zero where values are spread', [10, 40], 'hours', 0],
    ['starts near the values where zero would hide what they do', [990, 1000], 'hours', 988],
    ['of percentages does not pass 100', [40, 99], 'percent', 0],
  ])('%s', (_promise, values, unit, low) => {
    const domain = axisDomain(points(values), [], unit);
    expect(domain[0]).toBe(low);
    if (unit === 'percent') expect(domain[1]).toBe(100);
  });

  it('holds every value, limit and benchmark, and has a length', () => {
    const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 6 }), fc.array(value, { maxLength: 2 }), (values, worth) => {
        const benchmarks = worth.map((one) => ({
          benchmark: { kind: 'historic', basis: 'previous-year' } as const,
          label: '',
          value: one,
        }));
        const [low, high] = axisDomain(points(values, [easy]), benchmarks, 'hours');
        expect(low).toBeLessThan(high);
        const drawn = [...values, ...worth, ...(values.length > 0 ? [50] : [])];
        for (const one of drawn) {
          expect(one).toBeGreaterThanOrEqual(low);
          expect(one).toBeLessThanOrEqual(high);
        }
      }),
    );
  });
});
