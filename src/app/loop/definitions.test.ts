import { describe, expect, it } from 'vitest';
import { configOf, events, kpi } from '../../../test/fakes/loop.ts';
import { at, bench, between, hourly, lines } from '../../../test/fakes/loop-bench.ts';
import { allLogons, failed, failedAsWritten, HOURLY } from '../../../test/fakes/loop-kpis.ts';
import { ConnectorError } from '../../core/errors.ts';
import { HOUR } from '../../core/time/interval.ts';

describe('a dataset', () => {
  it('that is another now, and can’t be read, leaves no number of the old one where the window is open', async () => {
    const { restart, results, source } = await bench({
      definitions: [kpi(allLogons)],
      datasets: [events('logons', { reviseForMs: 2 * HOUR })],
      rows: { logons: hourly(0, 24) },
    });
    for (const hour of [9.5, 10.5, 11.5, 12.5]) await restart().pass(at(hour));
    const final = ['03-02T09:00 1 unknown: no-target final', '03-02T10:00 1 unknown: no-target final'];
    const open = ['03-02T11:00 1 unknown: no-target', '03-02T12:00 1 unknown: no-target'];
    expect(lines(await results('all'))).toEqual([...final, ...open]);
    source.onCall = ({ kind }) => {
      if (kind !== 'probe') throw new ConnectorError('no such index', { retryable: false });
    };
    const options = { index: 'misspelt' };
    const config = configOf([events('logons', { reviseForMs: 2 * HOUR, options })]);
    await restart({ config }).pass(at(12.6));
    expect(lines(await results('all'))).toEqual([
      ...final,
      '03-02T11:00 null unknown: missing',
      '03-02T12:00 null unknown: missing',
    ]);
    source.onCall = () => {};
    await restart().pass(at(12.7));
    expect(lines(await results('all'))).toEqual([...final, ...open]);
  });
});

describe('a definition', () => {
  const rows = { logons: hourly(0, 999, { outcome: 'failure' }) };
  const started = () => bench({ definitions: [failed], datasets: [events('logons')], rows });

  it('that is new begins with the newest window', async () => {
    const { restart, results } = await started();
    for (const hour of [10, 11, 12]) await restart().pass(at(hour));
    await restart({ definitions: [failed, kpi(allLogons)] }).pass(at(12.5));
    expect(await results('failed')).toHaveLength(3);
    expect(await results('all')).toMatchObject([between(11, 12)]);
  });

  it('that measures something else begins anew, beside what the old one said', async () => {
    const { restart, results } = await started();
    for (const hour of [10, 11]) await restart().pass(at(hour));
    const changed = kpi({
      id: 'failed',
      measures: {
        n: { dataset: 'logons', where: { outcome: 'locked' }, aggregate: 'count', mayBeAbsent: true },
      },
      window: HOURLY,
    });
    await restart({ definitions: [changed] }).pass(at(11.5));
    const { measurementHash } = changed;
    expect(await results('failed', { measurementHash })).toMatchObject([{ ...between(10, 11), value: 0 }]);
    const old = await results('failed', { measurementHash: failed.measurementHash });
    expect(old).toMatchObject([{ value: 1 }, { value: 1 }]);
  });

  it('with other targets is judged again in all windows, and nothing is read for it', async () => {
    const { restart, results, sliceReads, store } = await started();
    for (const hour of [10, 11]) await restart().pass(at(hour));
    const stricter = kpi({
      id: 'failed',
      measures: { failed: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' } },
      window: HOURLY,
      targets: [{ from: '2026-01-01', onTarget: '<= 0' }],
    });
    expect(stricter.measurementHash).toBe(failed.measurementHash);
    expect(await restart({ definitions: [stricter] }).pass(at(11.5))).toMatchObject({ results: 2 });
    expect(lines(await results('failed'))).toEqual(['03-02T10:00 1 off-target', '03-02T11:00 1 off-target']);
    expect(lines(await results('failed', { asOf: at(11) }))).toEqual([
      '03-02T10:00 1 on-target',
      '03-02T11:00 1 on-target',
    ]);
    expect(sliceReads()).toEqual(['9-10 ×1', '10-11 ×1']);
    const states = await store.kpiStates();
    expect(states).toMatchObject([{ evaluationHash: stricter.evaluationHash, firstLoaded: at(11.5) }]);
  });

  it('with another title or owner changes nothing', async () => {
    const { restart } = await started();
    await restart().pass(at(10));
    const renamed = kpi({ ...failedAsWritten, title: 'Failed logons', roles: { owner: 'ciso' } });
    expect(await restart({ definitions: [renamed] }).pass(at(10.5))).toMatchObject({ results: 0 });
  });

  it('whose target is dated before it was loaded says so', async () => {
    const { restart, results } = await bench({
      definitions: [
        kpi({ ...failedAsWritten, targets: [{ from: '2026-03-01', onTarget: '<= 5' }] }),
        kpi({ ...failedAsWritten, id: 'on-the-day', targets: [{ from: '2026-03-02', onTarget: '<= 5' }] }),
        kpi({ ...failedAsWritten, id: 'without', targets: [] }),
        kpi({ ...failedAsWritten, id: 'later', targets: [{ from: '2026-03-03', onTarget: '<= 5' }] }),
      ],
      datasets: [events('logons')],
      rows,
    });
    await restart().pass(at(10));
    expect(await results('failed')).toMatchObject([{ verdict: 'on-target', retroactive: true }]);
    expect(await results('on-the-day')).toMatchObject([{ verdict: 'on-target', retroactive: false }]);
    expect(await results('without')).toMatchObject([{ reason: 'no-target', retroactive: false }]);
    expect(await results('later')).toMatchObject([{ reason: 'no-target' }]);
  });

  it('that comes back after a while goes on where it was', async () => {
    const { restart, results } = await started();
    await restart().pass(at(10));
    await restart({ definitions: [kpi(allLogons)] }).pass(at(12));
    await restart().pass(at(14));
    expect((await results('failed')).map(({ end }) => end)).toEqual([10, 11, 12, 13, 14].map(at));
  });
});
