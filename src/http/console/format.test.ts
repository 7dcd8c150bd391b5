import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WindowSpec } from '../../core/definition/model.ts';
import { DAY, HOUR, MINUTE } from '../../core/time/interval.ts';
import { agoText, axisText, dateText, durationText, instantText, windowPhrase, windowText } from './dates.ts';
import { conditionText, numberStyle } from './numbers.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
const at = (text: string): number => Date.parse(text);

describe('numbers', () => {
  it.each([
    [[53.1, 42.53, 31], 'percent', 53.1, '53.10 %'],
    [[4, 5], 'accounts', 4, '4 accounts'],
    [[928], 'count', 928, '928'],
    [[0.0123, 0.05], '', 0.05, '0.0500'],
    [[6878.25, 12], 'hours', 6878.25, '6,878.3 hours'],
    [[123456.7], '', 123456.7, '123,457'],
    [[1.49e12, 2e11], 'bytes', 1.49e12, '1.49T bytes'],
    [[-0.004, 2], '', -0.004, '0.00'],
    [[0], 'percent', 0, '0 %'],
    [[0.6849], 'percent', 0.6849, '0.68 %'],
  ])('of %j with unit %j: %d is %s', (values, unit, value, text) => {
    expect(plain(numberStyle(values, unit).withUnit(value))).toBe(text);
  });

  it('of one KPI have the same number of decimals', () => {
    const magnitude = fc.double({ min: 1e-4, max: 1e8, noNaN: true });
    fc.assert(
      fc.property(fc.array(magnitude, { minLength: 1, maxLength: 5 }), (values) => {
        const style = numberStyle(values, '');
        const decimals = values.map((value) => style.plain(value).split('.')[1]?.length ?? 0);
        expect(new Set(decimals).size).toBe(1);
      }),
    );
  });

  it.each([
    [{ op: '>=', limit: 95 } as const, 'at least 95 %'],
    [{ op: '>', limit: 99.95 } as const, 'more than 99.95 %'],
    [{ op: '<=', limit: 5 } as const, 'at most 5 %'],
    [{ op: '<', limit: 0.1 } as const, 'less than 0.1 %'],
    [{ op: 'between', low: 3, high: 5 } as const, '3 to 5 %'],
  ])('of a target %j are spoken as %s', (condition, text) => {
    expect(plain(conditionText(condition, 'percent'))).toBe(text);
  });
});

describe('dates', () => {
  it('are written as 1 Apr 2016, in the zone, which is named beside a time', () => {
    const midnight = at('2016-03-31T22:00:00Z');
    expect(plain(dateText(midnight, 'Europe/Oslo'))).toBe('1 Apr 2016');
    expect(plain(instantText(midnight, 'Europe/Oslo'))).toBe('1 Apr 2016, 00:00 Europe/Oslo');
    expect(plain(instantText(midnight, 'UTC'))).toBe('31 Mar 2016, 22:00 UTC');
  });

  const oslo = (unit: 'day' | 'week' | 'month' | 'quarter' | 'year'): WindowSpec => ({
    kind: 'calendar',
    unit,
    timeZone: 'Europe/Oslo',
  });
  const start = at('2016-03-31T22:00:00Z');

  it.each([
    [oslo('day'), 'on 1 Apr 2016', '1 Apr'],
    [oslo('week'), 'in the week of 1 Apr 2016', '1 Apr'],
    [oslo('month'), 'in April 2016', 'Apr'],
    [oslo('quarter'), 'in Q2 2016', 'Q2'],
    [oslo('year'), 'in 2016', '2016'],
  ])('of a window %j are named %s', (spec, phrase, axis) => {
    expect(plain(windowPhrase(spec, { start, end: start + DAY }))).toBe(phrase);
    if (spec.kind === 'calendar')
      expect(plain(axisText(spec, { start, end: start + DAY }, false))).toBe(axis);
  });

  it('of a rolling window name its length and its end', () => {
    const spec: WindowSpec = { kind: 'rolling', lengthMs: 30 * DAY, everyMs: HOUR };
    const end = at('2016-06-02T06:00:00Z');
    expect(plain(windowText(spec, { start: end - 30 * DAY, end }))).toBe('30 days to 2 Jun 2016, 06:00 UTC');
  });

  it.each([
    [90 * MINUTE, '90 minutes'],
    [HOUR, '1 hour'],
    [DAY, '24 hours'],
    [72 * HOUR, '3 days'],
    [250, '250 ms'],
  ])('a duration of %d ms is %s', (ms, text) => {
    expect(plain(durationText(ms))).toBe(text);
  });

  it.each([
    [-5, 'just now'],
    [MINUTE, 'just now'],
    [5 * MINUTE, '5 minutes ago'],
    [30 * HOUR, '30 hours ago'],
    [50 * HOUR, '2 days ago'],
  ])('an age of %d ms is %s', (ms, text) => {
    expect(plain(agoText(ms))).toBe(text);
  });
});
