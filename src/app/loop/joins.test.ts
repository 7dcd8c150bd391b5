import { describe, expect, it } from 'vitest';
import { events, kpi, snapshot } from '../../../test/fakes/loop.ts';
import { at, bench, eventsAt, hourly, lines } from '../../../test/fakes/loop-bench.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';
import type { Row } from '../../core/filter/model.ts';
import { HOUR } from '../../core/time/interval.ts';
import { explainResult } from '../explain/explain.ts';

const DAILY = { calendar: 'day', timeZone: 'UTC' };
const IN_KEV = { 'cve|in': { dataset: 'kev', field: 'cveID' } };
const kev = (...ids: readonly string[]): Row[] => ids.map((cveID) => ({ cveID }));
const finding = (hour: number, cve: Row[string], more: Row = {}): Row[] => eventsAt([hour], { cve, ...more });

const counted = (id: string, where: object, more: object = {}) =>
  kpi({ id, measures: { n: { dataset: 'findings', where, aggregate: 'count' } }, window: DAILY, ...more });

const findings = (
  definitions: Parameters<typeof bench>[0]['definitions'],
  rows: readonly Row[],
  list: readonly Row[],
) =>
  bench({
    definitions,
    datasets: [events('findings'), snapshot('kev', { everyMs: HOUR })],
    rows: { findings: rows, kev: list },
  });

describe('events joined with a list', () => {
  const rows = [
    ...finding(1, 'CVE-1', { severity: 'high', team: 'blue' }),
    ...finding(2, 'CVE-1', { severity: 'low', team: 'red' }),
    ...finding(3, 'CVE-2', { severity: 'high', team: 'red' }),
    ...finding(4, null, { severity: 'high', team: 'blue' }),
  ];
  const definitions = [
    counted('in', IN_KEV),
    counted('not-in', { listed: IN_KEV, condition: 'not listed' }),
    counted('high', { severity: 'high', ...IN_KEV }),
    counted('either', { high: { severity: 'high' }, listed: IN_KEV, condition: 'high or listed' }),
    counted('by-team', IN_KEV, { groupBy: ['team'] }),
    counted('by-cve', IN_KEV, { groupBy: ['cve'] }),
  ];

  it('are counted where their value stands in it, or does not, beside other conditions, by groups', async () => {
    const { restart, results, sliceReads } = await findings(definitions, rows, kev('CVE-1', 'CVE-9'));
    const { pass } = restart();
    await pass(at(0));
    await pass(at(24));
    const value = async (id: string) => (await results(id, { from: at(0) })).map((one) => one.value);
    expect(await value('in')).toEqual([2]);
    expect(await value('not-in')).toEqual([2]);
    expect(await value('high')).toEqual([1]);
    expect(await value('either')).toEqual([4]);
    expect(lines(await results('by-team', { from: at(0) }))).toEqual([
      '03-03T00:00 2 unknown: no-target',
      '03-03T00:00 blue: 1 unknown: no-target',
      '03-03T00:00 red: 1 unknown: no-target',
    ]);
    expect(lines(await results('by-cve', { from: at(0) })).slice(1)).toEqual([
      '03-03T00:00 CVE-1: 2 unknown: no-target',
    ]);
    expect(sliceReads()).toHaveLength(2);
  });

  it('are joined with the list as it was at the end of the window', async () => {
    const { restart, results, source } = await findings(
      [counted('in', IN_KEV)],
      [...rows, ...finding(30, 'CVE-2')],
      kev('CVE-1'),
    );
    const { pass } = restart();
    await pass(at(0));
    await pass(at(24));
    source.replace('kev', kev('CVE-2'));
    await pass(at(26));
    await pass(at(48));
    expect((await results('in', { from: at(0) })).map(({ value }) => value)).toEqual([2, 1]);
  });

  it('tell the derivation which list that was', async () => {
    const { restart, results, store } = await findings(definitions, rows, kev('CVE-1', 'CVE-9'));
    const { pass } = restart();
    await pass(at(0));
    await pass(at(24));
    const [result] = await results('in', { from: at(0) });
    if (result === undefined) throw new Error('no result');
    const told = JSON.stringify((await explainResult(store, result)).tree);
    expect(told).toContain('"label":"looked up in","value":"kev"');
    expect(told).toContain('2 rows, taken 2026-03-02T00:00:00Z');
  });

  it('are missing where there was no list yet', async () => {
    const { restart, results } = await findings([counted('in', IN_KEV)], rows, kev('CVE-1'));
    await restart().pass(at(25));
    expect(await results('in')).toMatchObject([{ value: null, reason: 'missing' }]);
  });

  it('of which one has several values can not be counted once each', async () => {
    const { restart, results } = await findings(
      [counted('in', IN_KEV)],
      [...rows, ...finding(5, ['CVE-1', 'CVE-2'])],
      kev('CVE-1'),
    );
    const { pass } = restart();
    await pass(at(0));
    await pass(at(24));
    expect(await results('in', { from: at(0) })).toMatchObject([{ value: null, reason: 'several-values' }]);
  });

  it('with too many values are unknown, none of them cut off', async () => {
    const many = Array.from({ length: 20_001 }, (_, n) => finding(1 + n / 20_001, `CVE-${n}`)[0] ?? {});
    const { restart, results } = await findings([counted('in', IN_KEV)], many, kev('CVE-1'));
    const { pass } = restart();
    await pass(at(0));
    await pass(at(24));
    expect(await results('in', { from: at(0) })).toMatchObject([{ value: null, reason: 'too-many-keys' }]);
  });
});

describe('a list joined with events', () => {
  const silent = kpi({
    id: 'silent',
    measures: {
      n: {
        dataset: 'hosts',
        where: { sent: { 'name|in': { dataset: 'logs', field: 'host' } }, condition: 'not sent' },
        aggregate: 'count',
      },
    },
    window: { rolling: '24h', every: '1h' },
  });
  const hosts = ['a', 'b', 'c'].map((name) => ({ name }));
  const started = (logs: readonly Row[]) =>
    bench({
      definitions: [silent],
      datasets: [events('logs'), snapshot('hosts', { everyMs: HOUR })],
      rows: { logs, hosts },
    });

  it('says what did not occur in the window', async () => {
    const { restart, results } = await started([
      ...hourly(-30, 40, { host: 'a' }),
      ...eventsAt([2], { host: ['b', 'x'] }),
    ]);
    const { pass } = restart();
    for (const hour of [0, 24, 27]) await pass(at(hour));
    const values = new Map((await results('silent')).map(({ end, value }) => [end, value]));
    expect([24, 26, 27].map((hour) => values.get(at(hour)))).toEqual([1, 1, 2]);
  });

  it('is superseded when a late event says that it did', async () => {
    const { restart, results, source } = await started(hourly(-30, 40, { host: 'a' }));
    const { pass } = restart();
    for (const hour of [0, 24]) await pass(at(hour));
    expect(await results('silent', { from: at(23) })).toMatchObject([{ value: 2, final: false }]);
    source.append('logs', [{ at: at(20), in: at(24.5), host: 'c' }]);
    await pass(at(25));
    expect((await results('silent', { from: at(23) })).map(({ value }) => value)).toEqual([1, 1]);
  });

  it('is missing while the events are, and silent where there are none at all', async () => {
    const { restart, results, source } = await started(hourly(-30, 24, { host: 'a' }));
    const { pass } = restart();
    await pass(at(0));
    source.onCall = ({ kind }) => {
      if (kind === 'slices') throw unreachable();
    };
    await pass(at(24));
    expect((await results('silent', { from: at(23) }))[0]).toMatchObject({ value: null, reason: 'missing' });
    source.onCall = () => {};
    await pass(at(24.5));
    expect((await results('silent', { from: at(23) }))[0]).toMatchObject({ value: 2 });
    await pass(at(48));
    expect((await results('silent', { from: at(47) }))[0]).toMatchObject({ value: null, reason: 'silent' });
  });
});
