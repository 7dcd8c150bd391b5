import { describe, expect, it } from 'vitest';
import { events, kpi } from '../../../test/fakes/loop.ts';
import { at, bench, between, hourly } from '../../../test/fakes/loop-bench.ts';
import { allLogons, failed, ratio } from '../../../test/fakes/loop-kpis.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';
import { DAY, HOUR } from '../../core/time/interval.ts';

describe('late data', () => {
  const started = (reviseForMs = 7 * DAY) =>
    bench({
      definitions: [failed, ratio],
      datasets: [events('logons', { reviseForMs })],
      rows: { logons: hourly(0, 999, { outcome: 'failure' }) },
    });
  const late = (hour: number, arrived: number) => [{ at: at(hour), in: at(arrived), outcome: 'failure' }];

  it('supersedes, and what was known before stays readable', async () => {
    const { restart, results, source, sliceReads, store } = await started();
    const { pass } = restart();
    await pass(at(10));
    await pass(at(11));
    source.append('logons', late(9.5, 10.9));
    source.append('logons', late(9.6, 11.2));
    expect(await pass(at(12))).toMatchObject({ results: 4 });
    expect(sliceReads()).toEqual(['9-10 ×2', '10-11 ×2', '11-12 ×2', '9-10 ×2']);
    const window = { to: at(10), from: at(9) };
    const [now] = await results('failed', window);
    const [then] = await results('failed', { ...window, asOf: at(11.9) });
    expect(now).toMatchObject({ value: 3, asOf: at(12), supersedes: then?.id });
    expect(then).toMatchObject({ value: 1, asOf: at(10) });
    expect(await results('failed', { ...window, asOf: at(9.9) })).toEqual([]);
    expect(await store.revisions('failed', between(9, 10), null)).toEqual([then, now]);
  });

  it('that had not come in when a slice was read is not counted before its time', async () => {
    const { restart, results, source } = await started();
    source.append('logons', late(9.5, 10.5));
    const { pass } = restart();
    await pass(at(10));
    expect(await results('failed')).toMatchObject([{ value: 1 }]);
    await pass(at(10.5));
    expect(await results('failed')).toMatchObject([{ value: 1 }]);
    await pass(at(10.6));
    expect(await results('failed')).toMatchObject([{ value: 2 }]);
  });

  it('is found also when nobody looked for longer than one looks back', async () => {
    const { restart, results, source } = await started(5 * HOUR);
    await restart().pass(at(10));
    source.append('logons', late(9.5, 12));
    await restart().pass(at(60));
    expect(await results('failed', { to: at(10) })).toMatchObject([{ value: 2, final: true }]);
  });

  it('that comes after the time in which one looks back is left out', async () => {
    const { restart, results, source } = await started(5 * HOUR);
    const { pass } = restart();
    await pass(at(10));
    await pass(at(16));
    source.append('logons', late(9.5, 16.5));
    await pass(at(17));
    expect(await results('failed', { to: at(10) })).toMatchObject([{ value: 1, final: true }]);
  });

  it('may still come while the source can not be asked: then no window is final', async () => {
    const { restart, results, source } = await started(5 * HOUR);
    const { pass } = restart();
    await pass(at(10));
    source.append('logons', late(9.5, 14));
    source.onCall = ({ kind }) => {
      if (kind === 'revised') throw unreachable();
    };
    await pass(at(16));
    expect(await results('failed', { to: at(10) })).toMatchObject([{ value: 1, final: false }]);
    source.onCall = () => {};
    await pass(at(17));
    expect(await results('failed', { to: at(10) })).toMatchObject([{ value: 2, final: true }]);
  });

  it('that is known of and can not be read yet: then no window is final', async () => {
    const { restart, results, source } = await started(5 * HOUR);
    const { pass } = restart();
    await pass(at(10));
    source.append('logons', late(9.5, 14));
    source.onCall = ({ kind }) => {
      if (kind === 'slices') throw unreachable();
    };
    await pass(at(16));
    expect(await results('failed', { to: at(10) })).toMatchObject([{ value: 1, final: false }]);
    source.onCall = () => {};
    await pass(at(17));
    expect(await results('failed', { to: at(10) })).toMatchObject([{ value: 2, final: true }]);
  });

  it('reaches a KPI also where it was away when the data came', async () => {
    const { restart, results, source } = await started();
    const all = kpi(allLogons);
    await restart({ definitions: [failed, all] }).pass(at(10));
    source.append('logons', late(9.5, 10.5));
    await restart({ definitions: [all] }).pass(at(11));
    expect(await results('all', { to: at(10) })).toMatchObject([{ value: 2 }]);
    await restart({ definitions: [failed, all] }).pass(at(12));
    expect(await results('failed', { to: at(10) })).toMatchObject([{ value: 2 }]);
  });

  it('revises the newest of many overlapping windows at once, the older ones once a day', async () => {
    const { restart, results, source } = await bench({
      definitions: [
        kpi({
          id: 'day',
          measures: { n: { dataset: 'logons', aggregate: 'count' } },
          window: { rolling: '24h', every: '1h' },
        }),
      ],
      datasets: [events('logons')],
      rows: { logons: hourly(-99, 999) },
    });
    const { pass } = restart();
    await pass(at(10));
    for (const hour of [12, 14, 20]) await pass(at(hour));
    source.append('logons', late(9.5, 20.5));
    expect(await pass(at(21))).toMatchObject({ results: 2 });
    const values = async () => (await results('day')).map(({ value }) => value);
    expect(await values()).toEqual([...Array(10).fill(24), 25, 25]);
    await pass(at(33));
    expect((await values()).slice(0, 10)).toEqual(Array(10).fill(24));
    expect(await pass(at(34.5))).toMatchObject({ results: 11 });
    expect((await values()).slice(0, 12)).toEqual(Array(12).fill(25));
    expect(await pass(at(60))).toMatchObject({ results: 26 });
  });

  it('is found by content where the source does not tell arrivals', async () => {
    const { restart, results, source } = await bench({
      definitions: [failed],
      datasets: [events('logons', { ingested: null })],
      rows: { logons: [{ at: at(9.5), outcome: 'failure' }] },
    });
    const { pass } = restart();
    await pass(at(10));
    source.replace('logons', [{ at: at(9.5), outcome: 'success' }]);
    await pass(at(10.5));
    expect(await results('failed')).toMatchObject([{ value: 0, supersedes: 1 }]);
  });

  it('of which the source holds less than before is told in the log and beside the evidence', async () => {
    const { restart, results, source, store } = await started();
    const { pass, warnings } = restart();
    await pass(at(10));
    expect(warnings).toEqual([]);
    source.replace('logons', hourly(10, 999, { outcome: 'failure' }));
    await pass(at(11));
    const told = /holds 1 event fewer than when they were read before, the first from 2026-03-02T09:00/;
    expect(warnings).toEqual([expect.stringMatching(told)]);
    const warned = (await store.reads('logons', at(99), 9)).flatMap(({ evidence }) => evidence.warnings);
    expect(warned).toEqual([expect.stringMatching(told)]);
    expect(await results('failed', { to: at(10), asOf: at(10.5) })).toMatchObject([{ value: 1 }]);
  });
});
