import { describe, expect, it } from 'vitest';
import type { Benchmark } from '../definition/model.ts';
import { compareWithBenchmarks, type EarlierValues } from './benchmark.ts';

const month = { kind: 'calendar', unit: 'month', timeZone: 'UTC' } as const;
const industry: Benchmark = {
  kind: 'industry',
  value: 4.5,
  unit: 'percent',
  source: 'CERT',
  year: 2025,
  comparability: 'B',
};

function compare(benchmark: Benchmark, value: number | null, earlier: EarlierValues = () => []) {
  return compareWithBenchmarks(
    { benchmarks: [benchmark], unit: 'percent', window: month },
    value,
    earlier,
  )[0];
}

describe('A benchmark', () => {
  it.each<[string, Benchmark, (number | null)[], number | null, string]>([
    ['of the window before', { kind: 'historic', basis: 'previous-window' }, [6], 6, 'previous month'],
    ['of the year before', { kind: 'historic', basis: 'previous-year' }, [null], null, 'a year before'],
    [
      'of the last windows that have a value',
      { kind: 'historic', basis: 'mean-of-last', windows: 3 },
      [6, null, 9],
      7.5,
      'mean of the last 3 months',
    ],
  ])('%s', (_, benchmark, earlier, value, label) => {
    const difference = value === null ? null : 10 - value;
    expect(compare(benchmark, 10, () => earlier)).toEqual({
      benchmark,
      label,
      value,
      difference,
      comparability: 'A',
    });
  });

  it('of the industry comes with its source and class', () => {
    expect(compare(industry, 4)).toEqual({
      benchmark: industry,
      label: 'industry (CERT, 2025, class B)',
      value: 4.5,
      difference: -0.5,
      comparability: 'B',
    });
  });

  it('in another unit is not compared', () => {
    expect(compare({ ...industry, unit: 'hours' }, 4)).toMatchObject({ value: null, difference: null });
  });

  it('stands alone where the result has no value', () => {
    expect(compare(industry, null)).toMatchObject({ value: 4.5, difference: null });
  });
});
