import { describe, expect, it } from 'vitest';
import { EXAMPLE } from '../../../test/fakes/definition.ts';
import { DAY, HOUR } from '../time/interval.ts';
import { parseDefinition } from './parse.ts';

function parsed(change: Readonly<Record<string, unknown>> = {}) {
  const { definition, problems } = parseDefinition({ ...EXAMPLE, ...change });
  if (definition === null) throw new Error(JSON.stringify(problems));
  return definition;
}

/** The smallest definition, with one measure of records. */
function ofRecords(
  measure: Readonly<Record<string, unknown>>,
  change: Readonly<Record<string, unknown>> = {},
) {
  const written = { id: 'a', title: 'A', window: { calendar: 'month', timeZone: 'Europe/Oslo' }, ...change };
  return parseDefinition({ ...written, measures: { only: { dataset: 'incidents', ...measure } } });
}

describe('a definition as written becomes one that the rest can trust', () => {
  it('has durations in milliseconds, controls by their full number, shares as fractions, instants as numbers', () => {
    expect(parsed()).toMatchObject({
      controls: ['A.8.5', 'A.8.16'],
      reviewEveryMs: 90 * DAY,
      window: { kind: 'rolling', lengthMs: DAY, everyMs: HOUR },
      timeZone: 'UTC',
      tolerate: { missing: 0.01, partial: 0, silent: 0 },
      exclusions: [{ start: Date.UTC(2026, 2, 1, 22), end: Date.UTC(2026, 2, 2, 4) }],
      correctiveAction: { dueInMs: 14 * DAY, effectiveness: { onTarget: 3, of: 3, withinMs: 28 * DAY } },
    });
  });

  it('has targets, benchmarks and the rule as data', () => {
    const { targets, benchmarks, nonconformity } = parsed();
    expect(targets[1]).toEqual({
      from: '2026-01-01',
      until: null,
      onTarget: { op: '<=', limit: 1 },
      atRisk: { op: '<=', limit: 2 },
      for: { 'user.domain': 'ADMIN' },
    });
    expect(benchmarks).toEqual([
      { kind: 'historic', basis: 'previous-year' },
      { kind: 'historic', basis: 'mean-of-last', windows: 6 },
      { kind: 'industry', value: 4.1, unit: 'percent', source: 'A survey', year: 2025, comparability: 'B' },
    ]);
    expect(nonconformity).toEqual({
      raise: { offTarget: 3, of: 4, overlapping: false },
      clear: { onTarget: 3 },
      unknownFor: 6,
      grade: 'minor',
      confirm: true,
    });
  });

  it('fills in what was left out', () => {
    const { definition } = ofRecords({ cohort: 'opened', aggregate: 'count' });
    expect(definition).toMatchObject({
      status: 'active',
      headline: false,
      controls: [],
      roles: {},
      unit: 'count',
      direction: 'within-range',
      formula: 'only',
      groupBy: [],
      maxGroups: 100,
      rollup: 'total',
      timeZone: 'Europe/Oslo',
      minimumSample: null,
      targets: [],
      nonconformity: null,
      activeFrom: null,
      continues: null,
      measures: { only: { kind: 'records', where: { op: 'everything' }, decidedWhen: null, followUpMs: 0 } },
    });
  });

  it('takes the direction from the first target', () => {
    const direction = (onTarget: string) =>
      ofRecords({ cohort: 'opened', aggregate: 'count' }, { targets: [{ from: '2026-01-01', onTarget }] })
        .definition?.direction;
    expect(['<= 5', '> 5', 'between 3 and 5'].map(direction)).toEqual([
      'lower-is-better',
      'higher-is-better',
      'within-range',
    ]);
  });

  const aggregates: readonly (readonly [written: unknown, parsed: unknown])[] = [
    ['count', { type: 'count' }],
    [{ sum: 'bytes' }, { type: 'sum', field: 'bytes' }],
    [{ min: 'bytes' }, { type: 'min', field: 'bytes' }],
    [{ max: 'bytes' }, { type: 'max', field: 'bytes' }],
    [{ mean: 'bytes' }, { type: 'mean', field: 'bytes' }],
    [{ distinct: 'host.name' }, { type: 'distinct', field: 'host.name' }],
    [
      { percentile: 95, of: 'bytes' },
      { type: 'percentile', field: 'bytes', percentile: 95 },
    ],
  ];
  it.each(aggregates)('reads the aggregate %j of events', (written, expected) => {
    const measures = { only: { dataset: 'web', aggregate: written } };
    const { definition } = parseDefinition({ id: 'a', title: 'A', window: EXAMPLE.window, measures });
    expect(definition?.measures.only).toEqual({
      kind: 'events',
      dataset: 'web',
      where: { op: 'everything' },
      aggregate: expected,
    });
  });

  const closed = {
    op: 'test',
    field: 'state',
    predicate: { kind: 'text', pattern: [{ literal: 'Closed' }], cased: false },
  };
  const ofCases: readonly (readonly [written: Readonly<Record<string, unknown>>, parsed: unknown])[] = [
    [
      { cohort: 'opened', aggregate: { count: { state: 'Closed' } } },
      { aggregate: { type: 'count', of: closed } },
    ],
    [
      { cohort: 'closed', aggregate: { share: { state: 'Closed' } } },
      { aggregate: { type: 'share', of: closed } },
    ],
    [
      { cohort: 'closed', aggregate: { within: '72h' } },
      { aggregate: { type: 'within', limitMs: 72 * HOUR } },
    ],
    [{ cohort: 'due', aggregate: 'within-due' }, { aggregate: { type: 'within-due' } }],
    [
      { cohort: 'opened', aggregate: { duration: 'median', unit: 'hours' } },
      { aggregate: { type: 'duration', percentile: 50, unit: 'hours' } },
    ],
    [
      { cohort: 'opened', aggregate: { duration: 'p90', unit: 'days' } },
      { aggregate: { type: 'duration', percentile: 90, unit: 'days' } },
    ],
    [
      { cohort: 'open-at-end', aggregate: { age: 99.5, unit: 'days' } },
      { aggregate: { type: 'age', percentile: 99.5, unit: 'days' } },
    ],
    [
      { cohort: 'closed', aggregate: 'count', decidedWhen: { state: 'Closed' }, followUp: '72h' },
      { decidedWhen: closed, followUpMs: 72 * HOUR },
    ],
  ];
  it.each(ofCases)('reads the measure %j of records', (written, expected) => {
    expect(ofRecords(written).definition?.measures.only).toMatchObject({
      kind: 'records',
      cohort: written.cohort,
      ...Object(expected),
    });
  });
});

describe('two hashes tell what changed', () => {
  const { measurementHash, evaluationHash } = parsed();

  it.each([
    ['title', { title: 'Another' }],
    ['owner', { roles: { owner: 'other' } }],
    ['labels', { labels: {} }],
    ['benchmarks', { benchmarks: [] }],
    ['corrective action', { correctiveAction: { dueIn: '7d' } }],
    ['the order of keys', Object.fromEntries(Object.entries(EXAMPLE).reverse())],
    ['the spelling of a duration', { window: { rolling: '1d', every: '60m' } }],
  ])('neither changes with the %s', (_what, change) => {
    expect(parsed(change)).toMatchObject({ measurementHash, evaluationHash });
  });

  it.each([
    [
      'measures',
      { measures: { ...EXAMPLE.measures, failed: { dataset: 'authentication', aggregate: 'count' } } },
    ],
    ['formula', { formula: 'failed / all' }],
    ['window', { window: { rolling: '48h', every: '1h' } }],
    ['grouping', { groupBy: ['user.domain', 'host.name'] }],
    ['minimum sample', { minimumSample: { measure: 'all', atLeast: 51 } }],
    ['exclusions', { exclusions: [] }],
  ])('the measurement hash changes with the %s, the evaluation hash does not', (_what, change) => {
    const changed = parsed(change);
    expect(changed.measurementHash).not.toBe(measurementHash);
    expect(changed.evaluationHash).toBe(evaluationHash);
  });

  it.each([
    ['targets', { targets: [{ from: '2026-01-01', onTarget: '<= 4' }] }],
    ['rule', { nonconformity: { raise: { offTarget: 2, of: 4 } } }],
    ['tolerance', { tolerate: {} }],
    ['roll-up', { rollup: 'worst' }],
    ['number of groups', { maxGroups: 7 }],
  ])('the evaluation hash changes with the %s, the measurement hash does not', (_what, change) => {
    const changed = parsed(change);
    expect(changed.evaluationHash).not.toBe(evaluationHash);
    expect(changed.measurementHash).toBe(measurementHash);
  });
});
