import { afterEach, describe, expect, it, vi } from 'vitest';
import { configOf, events, kpi, records, snapshot } from '../../../test/fakes/loop.ts';
import { at, eventsAt } from '../../../test/fakes/loop-bench.ts';
import { HOURLY, target } from '../../../test/fakes/loop-kpis.ts';
import { memorySource } from '../../../test/fakes/memory-connector.ts';
import type { Config, Dataset } from '../../config/model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import type { Row } from '../../core/filter/model.ts';
import { pseudonymsBy } from '../../core/pseudonym.ts';
import type { Connector } from '../../ports/connector.ts';
import { type RowsAnswer, type RowsQuestion, rowsBehind } from './rows.ts';
import { rowsText } from './text.ts';

afterEach(() => vi.unstubAllEnvs());

const DAILY = { rolling: '1d', every: '1d' };

const asked = (
  setting: {
    readonly definition: KpiDefinition;
    readonly datasets: readonly Dataset[];
    readonly rows: Readonly<Record<string, readonly Row[]>>;
    readonly config?: Partial<Config>;
    readonly connector?: Connector;
  },
  question: Partial<RowsQuestion> = {},
): Promise<RowsAnswer> => {
  const source = memorySource(setting.rows);
  return rowsBehind(
    {
      config: configOf(setting.datasets, setting.config),
      definitions: [setting.definition],
      connector: async () => setting.connector ?? source.connector,
      clock: { now: () => at(30) },
    },
    { kpi: setting.definition.id, window: 'last', group: null, limit: 100, ...question },
    new AbortController().signal,
  );
};

const failures = kpi({
  id: 'failures',
  measures: {
    failed: { dataset: 'logons', where: { 'event.outcome': 'failure' }, aggregate: 'count' },
    all: { dataset: 'logons', aggregate: 'count' },
  },
  formula: 'failed / all',
  groupBy: ['user.name'],
  window: DAILY,
  exclusions: [
    { start: '2026-03-02T10:00:00Z', end: '2026-03-02T12:00:00Z', reason: 'patching', approver: 'me' },
  ],
  targets: target,
});
const logons = events('logons', {
  fields: { 'event.outcome': 'result', 'user.name': 'user' },
  values: { 'event.outcome': { failure: ['failed'] } },
});
const data = {
  logons: [
    ...eventsAt([1, 9, 11, 13, 25], { result: 'failed', user: 'ann', message: 'ann could not' }),
    ...eventsAt([2, 14], { result: 'ok', user: 'ann' }),
    ...eventsAt([3], { result: 'failed' }),
  ],
};
const setting = { definition: failures, datasets: [logons], rows: data };

describe('rows behind a number', () => {
  it('are the events of the newest window that is over, newest first, without what is excluded', async () => {
    const { window, measures } = await asked(setting);
    expect(window).toEqual({ start: at(0), end: at(24) });
    expect(measures.map(({ measure, total }) => [measure, total])).toEqual([
      ['failed', 4],
      ['all', 6],
    ]);
    const [failed] = measures;
    expect(failed?.rows.map((row) => row.at)).toEqual(
      [13, 9, 3, 1].map((hour) => new Date(at(hour)).toISOString()),
    );
    expect(failed?.rows[0]).toMatchObject({ 'event.outcome': 'failed', 'user.name': 'ann' });
    expect(failed?.notes).toEqual(['Without what the exclusions of the definition leave out.']);
  });

  it('are cut at the limit, and say how many there are in all', async () => {
    const answer = await asked(setting, { limit: 2, measure: 'failed' });
    expect(answer.measures.map(({ rows, total }) => [rows.length, total])).toEqual([[2, 4]]);
    expect(rowsText(answer)).toContain('failed: the newest 2 of 4 events of logons');
  });

  it('are counted by themselves where the source stops at the limit', async () => {
    const source = memorySource(data);
    const connector: Connector = {
      ...source.connector,
      readRows: async (request, signal) => ({
        ...(await source.connector.readRows(request, signal)),
        total: null,
      }),
    };
    const totals = async (limit: number) =>
      (await asked({ ...setting, connector }, { limit, measure: 'failed' })).measures.map(
        ({ total }) => total,
      );
    expect(await totals(1)).toEqual([4]);
    expect(await totals(100)).toEqual([4]);
  });

  it.each([
    ['ann', 3],
    ['(none)', 1],
    ['bob', 0],
  ])('are those of one group: %s', async (name, total) => {
    const { measures } = await asked(setting, { group: { 'user.name': name }, measure: 'failed' });
    expect(measures[0]?.total).toBe(total);
  });

  it('are of the window that begins at an instant, or holds it', async () => {
    for (const start of [at(0), at(5)]) {
      expect((await asked(setting, { window: { at: start } })).window).toEqual({ start: at(0), end: at(24) });
    }
    await expect(asked(setting, { window: { at: at(29) } })).rejects.toThrow('no window that is over');
    const crooked = { window: { start: at(1), end: at(25) } };
    await expect(asked(setting, { window: crooked })).rejects.toThrow('no such window');
  });

  it('stay under the pseudonyms of their dataset, and nothing beside tells who it is', async () => {
    vi.stubEnv('CLAUSE9_TEST_ROWS', 'a key of a test');
    const hidden = {
      ...setting,
      datasets: [{ ...logons, pseudonymise: ['user.name'] }],
      config: { pseudonymKey: { env: 'CLAUSE9_TEST_ROWS' } },
    };
    const ann = pseudonymsBy('a key of a test')('ann');
    const whole = await asked(hidden, { measure: 'failed' });
    expect(JSON.stringify(whole)).not.toContain('"ann');
    expect(whole.measures[0]?.rows[0]).toMatchObject({ 'user.name': ann });
    const group = await asked(hidden, { measure: 'failed', group: { 'user.name': ann } });
    expect(group.measures[0]?.total).toBe(3);
  });

  it('are the cases of the cohort, each in its latest version', async () => {
    const definition = kpi({
      id: 'closed',
      measures: {
        kept: {
          dataset: 'tickets',
          where: { kind: 'incident' },
          cohort: 'closed',
          aggregate: { count: { prio: 1 } },
        },
      },
      window: HOURLY,
      targets: target,
    });
    const version = (id: string, v: number, more: Row): Row => ({
      id,
      v,
      kind: 'incident',
      in: at(29),
      ...more,
    });
    const rows = {
      tickets: [
        version('a', 1, { opened: at(20), prio: 1 }),
        version('a', 2, { opened: at(20), closed: at(29.5), prio: 2 }),
        version('b', 1, { opened: at(21), closed: at(29.6), prio: 1 }),
        version('c', 1, { opened: at(29.1) }),
        version('d', 1, { opened: at(22), closed: at(29.7), kind: 'request' }),
      ],
    };
    const { measures } = await asked({ definition, datasets: [records('tickets')], rows });
    expect(measures[0]).toMatchObject({ total: 2, what: 'cases' });
    expect(measures[0]?.rows.map((row) => [row.id, row['matches of']])).toEqual([
      ['b', true],
      ['a', false],
    ]);
  });

  it('are looked up in lists as the number is', async () => {
    const definition = kpi({
      id: 'leavers',
      measures: {
        seen: {
          dataset: 'logons',
          where: { 'user.name|in': { dataset: 'leavers', field: 'name' } },
          aggregate: 'count',
        },
        gone: { dataset: 'leavers', aggregate: 'count' },
      },
      formula: 'seen / gone',
      window: DAILY,
      targets: target,
    });
    const rows = { ...data, leavers: [{ name: 'ann' }, { name: 'bob' }] };
    const { measures } = await asked({ definition, datasets: [logons, snapshot('leavers')], rows });
    expect(measures.map(({ what, total }) => [what, total])).toEqual([
      ['events', 6],
      ['rows of the list', 2],
    ]);
  });

  it('leave out of a table what a terminal would obey', async () => {
    const nasty = eventsAt([1], { result: 'failed', user: `\u001b[2Jann\n${'x'.repeat(80)}` });
    const text = rowsText(await asked({ ...setting, rows: { logons: nasty } }, { measure: 'failed' }));
    expect(text).not.toContain('\u001b');
    expect(text.split('\n').every((line) => line.length <= 100)).toBe(true);
  });

  it.each([
    [{ kpi: 'fialures' }, 'there is no KPI "fialures"'],
    [{ measure: 'fial' }, 'has no measure "fial"'],
    [{ group: { host: 'a' } }, 'has no groups by host'],
  ])('are refused in words: %j', async (question, message) => {
    await expect(asked(setting, question)).rejects.toThrow(message);
  });
});
