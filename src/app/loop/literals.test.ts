import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { events, kpi, sourceOf } from '../../../test/fakes/loop.ts';
import { at, bench, eventsAt, hourly, lines } from '../../../test/fakes/loop-bench.ts';
import { HOURLY, target } from '../../../test/fakes/loop-kpis.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';
import type { Row } from '../../core/filter/model.ts';
import { explainResult } from '../explain/explain.ts';
import type { Derivation } from '../read-model.ts';

/** The data says `logged-in`, and `success` until something else is put in. */
const spoken = hourly(0, 99, { action: 'logged-in', outcome: 'success' });

const counting = (where: object, more: object = {}) =>
  kpi({
    id: 'count',
    measures: { n: { dataset: 'logons', where, aggregate: 'count', ...more } },
    window: HOURLY,
    targets: target,
  });

const started = (where: object, more: object = {}, rows: readonly Row[] = spoken) =>
  bench({ definitions: [counting(where, more)], datasets: [events('logons')], rows: { logons: rows } });

const texts = ({ label, value, children }: Derivation): string[] => [
  `${label}: ${value}`,
  ...children.flatMap(texts),
];

describe('a filter that looks for what the data never held', () => {
  it('makes its zero unknown, and explain shows what is there instead', async () => {
    const { restart, results, store } = await started({ action: 'logon' });
    await restart().pass(at(10));
    const found = await results('count');
    expect(lines(found)).toEqual(['03-02T10:00 null unknown: filter-never-matched']);
    const [result] = found;
    if (result === undefined) throw new Error('no result');
    const explanation = await explainResult(store, result);
    expect(explanation.sentence).toContain('The filter looks for a value that the data never held');
    expect(texts(explanation.tree)).toEqual(
      expect.arrayContaining([
        'never matched: action = logon: no event of all that the source holds, as of 2026-03-02T10:00:00Z',
        'most frequent values of action: logged-in (10)',
      ]),
    );
  });

  it.each([
    [
      'each literal that is asked for together',
      { action: 'logged-in', outcome: 'failure' },
      'filter-never-matched',
    ],
    ['not one of several alternatives', { action: ['logon', 'LOGGED-IN'], outcome: ['success', 'ok'] }, null],
    ['not what is negated', { action: 'logged-in', 'outcome|neq': 'success' }, null],
    ['not a wildcard or an expression', { 'action|startswith': 'logon' }, null],
    ['a number as well', { code: 4625, action: 'logged-in' }, 'filter-never-matched'],
  ])('is looked at literal by literal: %s', async (_, where, reason) => {
    const rows = spoken.map((row) => ({ ...row, code: 4624 }));
    const { restart, results } = await started(where, {}, rows);
    await restart().pass(at(10));
    expect(await results('count')).toMatchObject([
      { reason, value: reason === null ? expect.any(Number) : null },
    ]);
  });

  it('is asked once a day, and heals with all its windows when the value comes', async () => {
    const { restart, results, source, calls } = await started({ action: 'logon' });
    const { pass } = restart();
    await pass(at(10));
    await pass(at(11));
    await restart().pass(at(12));
    expect(calls('top')).toHaveLength(2);
    await pass(at(35));
    expect(calls('top')).toHaveLength(4);
    source.append('logons', eventsAt([35.5], { action: 'logon' }));
    await pass(at(37));
    expect(calls('top')).toHaveLength(4);
    const all = await results('count');
    expect(all.map(({ value }) => value)).toEqual(all.map(({ end }) => (end === at(36) ? 1 : 0)));
  });

  it('is fine where the definition says that it may be absent', async () => {
    const { restart, results, calls } = await started({ action: 'logon' }, { mayBeAbsent: true });
    await restart().pass(at(10));
    expect(lines(await results('count'))).toEqual(['03-02T10:00 0 on-target']);
    expect(calls('top')).toEqual([]);
  });

  it('is no finding where the value occurred long ago: then zero is a number', async () => {
    const { restart, results, calls } = await started({ action: 'logon' }, {}, [
      ...spoken,
      ...eventsAt([-2_000], { action: 'Logon' }),
    ]);
    const { pass } = restart();
    await pass(at(10));
    await pass(at(40));
    expect((await results('count')).map(({ value }) => value)).toEqual(Array(31).fill(0));
    expect(calls('top')).toHaveLength(1);
  });

  it('is no finding where the dataset was silent, or has not been read', async () => {
    const { restart, results, source, calls } = await started(
      { action: 'logon' },
      {},
      eventsAt([-50], { action: 'x' }),
    );
    await restart().pass(at(10));
    expect(await results('count')).toMatchObject([{ reason: 'silent' }]);
    source.onCall = ({ kind }) => {
      if (kind === 'slices') throw unreachable();
    };
    await restart().pass(at(11));
    expect((await results('count')).at(-1)).toMatchObject({ reason: 'missing' });
    expect(calls('top')).toEqual([]);
  });

  it('is believed by no zero while the source does not answer', async () => {
    const { restart, results, source } = await started({ action: 'logged-in', outcome: 'failure' }, {}, [
      ...spoken,
      ...eventsAt([-2_000], { action: 'other', outcome: 'failure' }),
    ]);
    source.onCall = ({ kind }) => {
      if (kind === 'top') throw unreachable(true);
    };
    const { pass } = restart({ pace: { retries: 0 } });
    await pass(at(10));
    expect(await results('count')).toMatchObject([{ value: null, reason: 'filter-never-matched' }]);
    source.onCall = () => {};
    await pass(at(10));
    expect(await results('count')).toMatchObject([{ value: 0, reason: null }]);
  });

  it('is told without the values of a field that the dataset hides', async () => {
    vi.stubEnv('CLAUSE9_TEST_PSEUDONYMS', 'a key of a test');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { restart, results, store } = await bench({
      definitions: [counting({ action: 'logon' })],
      datasets: [events('logons', { pseudonymise: ['action'] })],
      rows: { logons: spoken },
      config: { pseudonymKey: { env: 'CLAUSE9_TEST_PSEUDONYMS' } },
    });
    await restart().pass(at(10));
    const [result] = await results('count');
    if (result === undefined) throw new Error('no result');
    expect(texts((await explainResult(store, result)).tree).join('\n')).toContain(
      'most frequent values of action: not kept, as the dataset hides them',
    );
  });

  it('stays a number where the source can not tell', async () => {
    const { restart, results, source } = await started({ action: 'logon' });
    source.onCall = ({ kind }) => {
      if (kind === 'top') throw unreachable(false);
    };
    await restart().pass(at(10));
    expect(await results('count')).toMatchObject([{ value: 0, reason: null }]);
  });

  it('takes its formula along, and every group', async () => {
    const share = kpi({
      id: 'share',
      measures: {
        failed: { dataset: 'logons', where: { outcome: 'failed' }, aggregate: 'count' },
        all: { dataset: 'logons', aggregate: 'count' },
      },
      formula: '100.0 * failed / all',
      groupBy: ['action'],
      window: HOURLY,
      targets: target,
    });
    const { restart, results } = await bench({
      definitions: [share],
      datasets: [events('logons')],
      rows: { logons: spoken },
    });
    await restart().pass(at(10));
    expect(lines(await results('share'))).toEqual(['03-02T10:00 null unknown: filter-never-matched']);
  });

  it('is believed by no zero until the source could be asked: waits for the next cycle where the searches of this one are used up', async () => {
    const made = await bench({
      definitions: [counting({ action: 'logged-in', outcome: 'failure' })],
      datasets: [events('logons')],
      rows: { logons: [...spoken, ...eventsAt([-2_000], { action: 'other', outcome: 'failure' })] },
      config: { sources: { memory: sourceOf('memory', { maxSearchesPerCycle: 4 }) } },
    });
    const { pass } = made.restart();
    await pass(at(10));
    expect(made.calls('top')).toHaveLength(1);
    const [result] = await made.results('count');
    if (result === undefined) throw new Error('no result');
    expect(result.reason).toBe('filter-never-matched');
    expect(texts((await explainResult(made.store, result)).tree).join()).toContain(
      'outcome = failure: the source has not been asked yet',
    );
    await pass(at(10) + 60_000);
    expect(made.calls('top')).toHaveLength(2);
    expect(await made.results('count')).toMatchObject([{ reason: null, value: 0 }]);
  });
});
