import { describe, expect, it } from 'vitest';
import { configOf, events, kpi, sourceOf } from '../../../test/fakes/loop.ts';
import { hourly } from '../../../test/fakes/loop-bench.ts';
import { HOURLY, target } from '../../../test/fakes/loop-kpis.ts';
import { type MemorySource, memorySource, unreachable } from '../../../test/fakes/memory-connector.ts';
import type { Dataset } from '../../config/model.ts';
import { DAY, HOUR, MINUTE } from '../../core/time/interval.ts';
import type { Connector, Probe } from '../../ports/connector.ts';
import { type Diagnosis, diagnose, isIll } from './doctor.ts';
import { doctorText } from './text.ts';

const rows = hourly(0, 100, { action: 'logged-in', outcome: 'success' });
const NOW = Math.max(...rows.map((row) => Number(row.at))) + HOUR;

const counting = (where: object, more: object = {}) =>
  kpi({
    id: 'count',
    measures: { n: { dataset: 'logons', where, aggregate: 'count', ...more } },
    window: HOURLY,
    targets: target,
  });

interface Setting {
  readonly where?: object;
  readonly measure?: object;
  readonly datasets?: readonly Dataset[];
  readonly source?: MemorySource;
  readonly connector?: (name: string) => Promise<Connector>;
  readonly probe?: Partial<Probe>;
}

async function examined(setting: Setting = {}, options: object = {}): Promise<Diagnosis> {
  const {
    where = { action: 'logged-in' },
    datasets = [events('logons', { settleMs: 5 * MINUTE })],
    source = memorySource({ logons: rows }),
    probe = {},
  } = setting;
  const memory: Connector = {
    ...source.connector,
    probe: async (dataset, signal) => ({ ...(await source.connector.probe(dataset, signal)), ...probe }),
  };
  const config = configOf(datasets, {
    sources: Object.fromEntries(datasets.map((one) => [one.source, sourceOf(one.source)])),
  });
  return diagnose(
    {
      config,
      definitions: [counting(where, setting.measure)],
      connector: setting.connector ?? (async () => memory),
      clock: { now: () => NOW },
    },
    { signal: new AbortController().signal, ...options },
  );
}

const said = ({ sources }: Diagnosis, level: string, check?: string): string[] =>
  sources
    .flatMap(({ findings, datasets }) => [...findings, ...datasets.flatMap((one) => one.findings)])
    .filter((one) => one.level === level && (check === undefined || one.check === check))
    .map(({ text }) => text);

describe('doctor', () => {
  it('finds nothing wrong where nothing is', async () => {
    const diagnosis = await examined();
    expect(said(diagnosis, 'error')).toEqual([]);
    expect(said(diagnosis, 'warning')).toEqual([]);
    expect(isIll(diagnosis)).toBe(false);
    expect(said(diagnosis, 'ok', 'literal')).toEqual([
      'action = logged-in: 100 events; most frequent: logged-in (100)',
    ]);
    expect(doctorText(diagnosis, { color: false })).toMatch(
      /^memory: memory\n {2}✓ It answers\n(?:.*\n)*0 errors, 0 warnings\.$/,
    );
  });

  it('shows what the data says beside a literal that never matched, and who looks for it', async () => {
    const diagnosis = await examined({ where: { action: 'loged-in' } });
    expect(said(diagnosis, 'error', 'literal')).toEqual([
      'action = loged-in: no event at all; most frequent: logged-in (100); n of count can never match. Did you mean `logged-in`?',
    ]);
    expect(isIll(diagnosis)).toBe(true);
  });

  it('says less of one of several alternatives, and of what may be absent', async () => {
    const alternatives = await examined({ where: { action: ['logged-in', 'logon'] } });
    expect(said(alternatives, 'error')).toEqual([]);
    expect(said(alternatives, 'warning', 'literal')).toHaveLength(1);
    const absent = await examined({ where: { action: 'logon' }, measure: { mayBeAbsent: true } });
    expect(said(absent, 'error')).toEqual([]);
  });

  it('shows no values of a field that the dataset hides', async () => {
    const datasets = [events('logons', { settleMs: 5 * MINUTE, pseudonymise: ['action'] })];
    const diagnosis = await examined({ datasets, where: { action: 'loged-in' } });
    expect(said(diagnosis, 'error', 'literal')).toEqual([
      'action = loged-in: no event at all; the dataset hides what else there is; n of count can never match',
    ]);
    expect(JSON.stringify(diagnosis)).not.toContain('logged-in');
  });

  it('names a filter that is silent although each of its literals occurs', async () => {
    const source = memorySource({
      logons: [...rows, ...hourly(0, 1, { action: 'logged-out', outcome: 'failure' })],
    });
    const diagnosis = await examined({ source, where: { action: 'logged-in', outcome: 'failure' } });
    expect(said(diagnosis, 'error')).toEqual([]);
    expect(said(diagnosis, 'warning', 'filter')).toEqual([
      'action = logged-in and outcome = failure (n of count): silent, no event of all that are kept matches',
    ]);
  });

  it('names a field that is not there, and the one that was meant', async () => {
    const diagnosis = await examined({ where: { actoin: 'logged-in' } });
    expect(said(diagnosis, 'error', 'field')).toEqual([
      'There is no field actoin, used by n of count. Did you mean `action`?',
    ]);
  });

  it('says once of a field that is not there, though the source refuses each filter over it', async () => {
    const source = memorySource({ logons: rows });
    source.onCall = ({ kind }) => {
      if (kind === 'rows') throw unreachable();
    };
    expect(said(await examined({ where: { actoin: 'logged-in' }, source }), 'error')).toHaveLength(1);
    expect(said(await examined({ source }), 'error', 'filter')).toHaveLength(1);
  });

  it('compares the clocks, however long the source took to answer', async () => {
    const ahead = await examined({ probe: { now: NOW + 10 * MINUTE } });
    expect(said(ahead, 'error', 'clock')).toEqual([
      'Its clock is 10 minutes ahead of ours: set both by the same time server',
    ]);
    const behind = await examined({ probe: { now: NOW - 31_000 } });
    expect(said(behind, 'warning', 'clock')).toEqual([
      'Its clock is 30 seconds behind ours: set both by the same time server',
    ]);
    expect(said(await examined({ probe: { now: NOW - 900 } }), 'ok', 'clock')).toHaveLength(1);
  });

  it('holds the oldest event against the longest window, and the newest against what is expected', async () => {
    const young = memorySource({
      logons: rows.slice(-1).map((row) => ({ ...row, at: NOW - MINUTE, in: NOW })),
    });
    expect(said(await examined({ source: young }), 'warning', 'retention')[0]).toContain(
      'sees less than it says',
    );
    const expectEvents = { atLeast: 1, everyMs: 15 * MINUTE, during: null };
    const silent = await examined({ datasets: [events('logons', { expectEvents })] });
    expect(said(silent, 'error', 'newest')[0]).toContain('though `expectEvents` says at least 1 every 15m');
  });

  it('measures the lag against settle and reviseFor', async () => {
    const late = (ms: number) =>
      memorySource({ logons: rows.map((row) => ({ ...row, in: Number(row.at) + ms })) });
    const slow = await examined({ source: late(20 * MINUTE) });
    expect(said(slow, 'warning', 'lag')).toEqual([
      'Events come in after 20 minutes (half of them), 20 minutes (99 of 100), 20 minutes (all). `settle` is 5m, so that values are often revised: raise it',
    ]);
    expect(said(await examined({ source: late(9 * DAY) }), 'error', 'lag')[0]).toContain('is never counted');
  });

  it('tells of fields that were in the events of the days before', async () => {
    const renamed = (from: number) =>
      memorySource({
        logons: [
          ...hourly(-240, from, { action: 'logged-in' }),
          ...hourly(from, 100, { act: 'logged-in', host: 'h' }),
        ],
      });
    const gone = await examined({ source: renamed(70) });
    expect(said(gone, 'error', 'field')).toEqual([
      'action is in 0 of 24 events of the last whole day, where 100 of 100 had it before: was it renamed?',
    ]);
    const spared = await examined({ source: renamed(70), measure: { mayBeAbsent: true } });
    expect(said(spared, 'error', 'field')).toEqual([]);
    expect(said(await examined({ source: renamed(90) }), 'error', 'field')).toEqual([]);
  });

  it('counts events that are there twice, where the dataset says what names one', async () => {
    const named = rows.map((row, index) => ({ ...row, uid: `e${index}` }));
    const last = named.at(-1) ?? {};
    const datasets = [events('logons', { settleMs: 5 * MINUTE, id: 'uid' })];
    const again = await examined({ source: memorySource({ logons: [...named, last, last] }), datasets });
    expect(said(again, 'warning', 'twice')[0]).toMatch(
      /^2 of 3 events between .* their uid has only 1 value\./,
    );
    const once = await examined({ source: memorySource({ logons: named }), datasets });
    expect(said(once, 'ok', 'twice')).toEqual(["Each of the newest hour's events is there once, by uid: 1"]);
    const unknown = await examined({ datasets });
    expect(said(unknown, 'error', 'twice')[0]).toContain('no event has a field "uid"');
  });

  it('tells of an empty dataset, and of times that are not there', async () => {
    const empty = await examined({ source: memorySource({ logons: [] }) });
    expect(said(empty, 'error', 'data')).toEqual(['It is empty: check what it names, and the rights']);
    const misnamed = await examined({ datasets: [events('logons', { time: 'att' })] });
    expect(said(misnamed, 'error', 'time')[0]).toContain('`time` is att, and there is no such field');
  });

  it('says once of a source that it does not answer, and goes on with the others', async () => {
    const away = memorySource();
    away.onCall = () => {
      throw unreachable(true);
    };
    const there = memorySource({ logons: rows });
    const datasets = [events('logons'), ...['a', 'b'].map((name) => events(name, { source: 'dead' }))];
    const connector = async (name: string) => (name === 'dead' ? away : there).connector;
    const diagnosis = await examined({ datasets, connector });
    expect(said(diagnosis, 'error')).toEqual(['the source is away. Wait until it is back.']);
    expect(said(diagnosis, 'ok', 'literal')).toHaveLength(1);
  });

  it('says what there was no time for', async () => {
    const hanging: Connector = { ...memorySource().connector, probe: () => new Promise(() => {}) };
    const one = await examined(
      { connector: async () => hanging },
      { patience: { callMs: 20, allMs: 60_000 } },
    );
    expect(said(one, 'error', 'reachable')[0]).toMatch(/^memory: gave no answer within 20ms/);
    const datasets = ['a', 'b', 'c', 'd'].map((name) => events(name));
    const all = await examined(
      { datasets: [events('logons'), ...datasets], connector: async () => hanging },
      { patience: { callMs: 60_000, allMs: 20 } },
    );
    expect(said(all, 'error', 'reachable')).toEqual([
      'there was no time left to look at it. Its source is slow: look at one source at a time, by --source.',
    ]);
  });
});
