import { describe, expect, it } from 'vitest';
import { kpi, records } from '../../../test/fakes/loop.ts';
import { at, bench, lines } from '../../../test/fakes/loop-bench.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';
import type { Row } from '../../core/filter/model.ts';
import { explainResult } from '../explain/explain.ts';
import type { Derivation } from '../read-model.ts';

/** A case of each hour, known and closed within it. */
const cases = (from: number, to: number, fields: Row): Row[] =>
  Array.from({ length: to - from }, (_, index) => from + index).map((hour) => ({
    id: `case ${hour} ${fields.severity}`,
    v: 1,
    opened: at(hour),
    closed: at(hour + 0.5),
    due: null,
    in: at(hour + 0.5),
    ...fields,
  }));

const counting = (measure: object) =>
  kpi({
    id: 'cases',
    measures: { n: { dataset: 'tickets', cohort: 'closed', aggregate: 'count', ...measure } },
    window: { calendar: 'day', timeZone: 'UTC' },
    targets: [{ from: '2026-01-01', onTarget: '<= 99' }],
  });

const started = (measure: object, more: object = {}) =>
  bench({
    definitions: [counting(measure)],
    datasets: [records('tickets', more)],
    rows: { tickets: cases(0, 99, { severity: 'sev-1', state: 'done' }) },
  });

const texts = ({ label, value, children }: Derivation): string[] => [
  `${label}: ${value}`,
  ...children.flatMap(texts),
];

describe('a filter of records that looks for what the data never held', () => {
  it('makes its zero unknown, and explain shows what is there instead', async () => {
    const { restart, results, store } = await started({ where: { severity: 'critical' } });
    await restart().pass(at(24));
    const found = await results('cases');
    expect(lines(found)).toEqual(['03-03T00:00 null unknown: filter-never-matched']);
    const [result] = found;
    if (result === undefined) throw new Error('no result');
    expect(texts((await explainResult(store, result)).tree)).toEqual(
      expect.arrayContaining([
        'never matched: severity = critical: no event of all that the source holds, as of 2026-03-03T00:00:00Z',
        'most frequent values of severity: sev-1 (24)',
      ]),
    );
  });

  it.each<[string, object, string]>([
    ['what is counted among them', { aggregate: { share: { state: 'closed' } } }, 'filter-never-matched'],
    ['one of several alternatives', { aggregate: { count: { state: ['closed', 'done'] } } }, '24'],
    ['a value that has another name in the data', { where: { severity: 'high' } }, '24'],
    ['what may be absent', { where: { severity: 'critical' }, mayBeAbsent: true }, '0'],
    ['what is negated', { where: { 'severity|neq': 'critical' } }, '24'],
  ])('is looked at literal by literal: %s', async (_, measure, expected) => {
    const { restart, results } = await started(measure, { values: { severity: { high: ['sev-1'] } } });
    await restart().pass(at(24));
    const [result] = await results('cases');
    expect(String(result?.reason ?? result?.value)).toBe(expected);
  });

  it('is asked once a day, and heals with all its windows when the value comes', async () => {
    const { restart, results, source, calls } = await started({ where: { severity: 'critical' } });
    const { pass } = restart();
    await pass(at(24));
    await restart().pass(at(47));
    expect(calls('top')).toHaveLength(2);
    await pass(at(48));
    expect(calls('top')).toHaveLength(4);
    source.append('tickets', cases(50, 51, { severity: 'critical', state: 'done' }));
    await pass(at(72));
    await pass(at(97));
    expect(calls('top')).toHaveLength(5);
    expect((await results('cases')).map(({ value, reason }) => reason ?? value)).toEqual([0, 0, 1, 0]);
  });

  it('is believed by no zero until the source could be asked, and stays a number where it can not tell', async () => {
    const { restart, results, source } = await started({ where: { severity: 'critical' } });
    source.append('tickets', cases(-50, -49, { severity: 'critical', state: 'done' }));
    source.onCall = ({ kind }) => {
      if (kind === 'top') throw unreachable(true);
    };
    const { pass } = restart({ pace: { retries: 0 } });
    await pass(at(24));
    expect(await results('cases')).toMatchObject([{ value: null, reason: 'filter-never-matched' }]);
    source.onCall = () => {};
    await pass(at(25));
    expect(await results('cases')).toMatchObject([{ value: 0, reason: null }]);
    const other = await started({ where: { severity: 'critical' } });
    other.source.onCall = ({ kind }) => {
      if (kind === 'top') throw unreachable(false);
    };
    await other.restart().pass(at(24));
    expect(await other.results('cases')).toMatchObject([{ value: 0, reason: null }]);
  });
});
