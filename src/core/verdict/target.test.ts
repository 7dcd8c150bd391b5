import { describe, expect, it } from 'vitest';
import type { Target } from '../definition/model.ts';
import { isRetroactive, overlappingTargets, targetInForce } from './target.ts';

function target(from: string, limit: number, more: Partial<Target> = {}): Target {
  return { from, until: null, onTarget: { op: '<=', limit }, atRisk: null, for: null, ...more };
}

const at = (text: string) => Date.parse(text);

describe('The target in force', () => {
  const targets = [
    target('2026-01-01', 5),
    target('2026-03-01', 4, { until: '2026-03-31' }),
    target('2026-02-01', 1, { for: { domain: 'ADMIN' } }),
    target('2026-01-01', 2, { for: { domain: 'ADMIN', site: 'OSL' } }),
  ];
  it.each([
    ['none before the first', '2025-12-31T23:59:59Z', null, null],
    ['the first from its day on', '2026-01-01T00:00:00Z', null, 5],
    ['the later one while it lasts', '2026-03-31T23:59:59Z', null, 4],
    ['the open one again after it', '2026-04-01T00:00:00Z', null, 5],
    ['the total never has a group’s', '2026-02-10T00:00:00Z', null, 5],
    ['another group has the general one', '2026-02-10T00:00:00Z', { domain: 'HR' }, 5],
    ['the group’s own wins over a later general one', '2026-03-10T00:00:00Z', { domain: 'ADMIN' }, 1],
    ['more fields win over a later `from`', '2026-03-10T00:00:00Z', { domain: 'ADMIN', site: 'OSL' }, 2],
    ['the general one until the group’s own begins', '2026-01-10T00:00:00Z', { domain: 'ADMIN' }, 5],
  ])('%s', (_, instant, group, limit) => {
    const found = targetInForce(targets, at(instant), 'UTC', group);
    expect(found?.onTarget ?? null).toEqual(limit === null ? null : { op: '<=', limit });
  });

  it('does not depend on the order in which targets are written', () => {
    const day = at('2026-03-10T00:00:00Z');
    expect(targetInForce([...targets].reverse(), day, 'UTC', null)).toBe(targets[1]);
  });

  it('goes by the calendar day of the KPI’s zone', () => {
    const lastOfMonthInOslo = at('2026-03-31T21:59:59.999Z');
    expect(targetInForce(targets, lastOfMonthInOslo, 'Europe/Oslo', null)).toBe(targets[1]);
    expect(targetInForce(targets, lastOfMonthInOslo + 1, 'Europe/Oslo', null)).toBe(targets[0]);
  });
});

describe('Targets overlap', () => {
  it.each<[string, Target[], [number, number][]]>([
    ['not when an open one is followed by another', [target('2026-01-01', 5), target('2027-01-01', 4)], []],
    [
      'not when one ends the day before',
      [target('2026-01-01', 5, { until: '2026-12-31' }), target('2027-01-01', 4)],
      [],
    ],
    [
      'when one is said to last into the next',
      [target('2027-01-01', 4), target('2026-01-01', 5, { until: '2027-01-01' })],
      [[0, 1]],
    ],
    ['when both begin on one day', [target('2026-01-01', 5), target('2026-01-01', 4)], [[0, 1]]],
    [
      'not when they are for different groups',
      [target('2026-01-01', 5), target('2026-01-01', 4, { for: { a: 'x' } })],
      [],
    ],
    [
      'whatever the order of a group’s fields',
      [
        target('2026-01-01', 5, { for: { a: 'x', b: 'y' } }),
        target('2026-01-01', 4, { for: { b: 'y', a: 'x' } }),
      ],
      [[0, 1]],
    ],
  ])('%s', (_, targets, pairs) => {
    expect(overlappingTargets(targets)).toEqual(pairs);
  });
});

describe('A target is retroactive', () => {
  it.each([
    ['when dated before the day it was first loaded', '2026-01-01', '2026-01-02T00:00:00Z', 'UTC', true],
    ['not on that day', '2026-01-02', '2026-01-02T18:00:00Z', 'UTC', false],
    ['by the day of the KPI’s zone', '2026-01-02', '2026-01-02T18:00:00Z', 'Asia/Tokyo', true],
  ])('%s', (_, from, loaded, zone, expected) => {
    expect(isRetroactive(target(from, 1), at(loaded), zone)).toBe(expected);
  });
});
