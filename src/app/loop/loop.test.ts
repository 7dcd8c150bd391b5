import { describe, expect, it } from 'vitest';
import { events, kpi } from '../../../test/fakes/loop.ts';
import { at, bench, between, hourly, lines, MONDAY } from '../../../test/fakes/loop-bench.ts';
import { failed, HOURLY, one, ratio, target } from '../../../test/fakes/loop-kpis.ts';
import { HOUR, MINUTE } from '../../core/time/interval.ts';

describe('a first pass', () => {
  it('gives the newest window that has closed, and no other', async () => {
    const { restart, results, sliceReads } = await bench({
      definitions: [failed],
      datasets: [events('logons')],
      rows: { logons: [...one('failure', 8.5, 9.1, 9.2, 10.1), ...one('success', 9.3)] },
    });
    const report = await restart().pass(at(10.5));
    expect(report).toMatchObject({ asOf: at(10.5), results: 1, missingSlices: 0, putOff: 0 });
    expect(await results('failed')).toMatchObject([
      {
        ...between(9, 10),
        group: null,
        value: 2,
        sample: 2,
        quality: 'complete',
        verdict: 'on-target',
        final: false,
        asOf: at(10.5),
        supersedes: null,
      },
    ]);
    expect(sliceReads()).toEqual(['9-10 ×1']);
  });

  it('waits until the data has settled', async () => {
    const { restart, results, sliceReads } = await bench({
      definitions: [failed],
      datasets: [events('logons', { settleMs: 30 * MINUTE })],
      rows: { logons: one('failure', 8.5, 9.5) },
    });
    const { pass } = restart();
    await pass(at(10.25));
    expect(await results('failed')).toMatchObject([between(8, 9)]);
    await pass(at(10.5));
    expect(await results('failed')).toMatchObject([between(8, 9), between(9, 10)]);
    expect(sliceReads()).toEqual(['8-9 ×1', '9-10 ×1']);
  });

  it('passes over a KPI whose dataset is not configured, and a retired one; a draft is measured', async () => {
    const { restart, results } = await bench({
      definitions: [
        kpi({ id: 'elsewhere', measures: { n: { dataset: 'none', aggregate: 'count' } }, window: HOURLY }),
        { ...failed, id: 'retired', status: 'retired' },
        { ...failed, id: 'draft', status: 'draft' },
      ],
      datasets: [events('logons')],
      rows: { logons: one('failure', 9.5) },
    });
    expect(await restart().pass(at(10))).toMatchObject({ results: 1 });
    expect(lines(await results('draft'))).toEqual(['03-02T10:00 1 on-target']);
  });
});

describe('zero', () => {
  const quiet = { outcome: 'success' };
  it('is a number where the dataset spoke, and unknown where it was silent', async () => {
    const { restart, results } = await bench({
      definitions: [failed],
      datasets: [events('logons')],
      rows: { logons: [...one('failure', -1), ...one('success', 9.5)] },
    });
    const { pass } = restart();
    await pass(at(10));
    await pass(at(11));
    expect(lines(await results('failed'))).toEqual([
      '03-02T10:00 0 on-target',
      '03-02T11:00 null unknown: silent',
    ]);
  });

  it('is silence where fewer events came than are expected, as far as that is tolerated', async () => {
    const daily = kpi({
      id: 'daily',
      measures: { n: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' } },
      window: { calendar: 'day', timeZone: 'UTC' },
      targets: target,
    });
    const tolerant = kpi({
      id: 'tolerant',
      measures: { n: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' } },
      window: { calendar: 'day', timeZone: 'UTC' },
      targets: target,
      tolerate: { silent: '5%' },
    });
    const { restart, results } = await bench({
      definitions: [daily, tolerant],
      datasets: [events('logons', { expectEvents: { atLeast: 1, everyMs: HOUR, during: null } })],
      rows: { logons: [...one('failure', -1), ...hourly(0, 13, quiet), ...hourly(14, 24, quiet)] },
    });
    await restart().pass(at(24));
    expect(await results('daily')).toMatchObject([{ value: null, quality: 'silent', reason: 'silent' }]);
    expect(await results('tolerant')).toMatchObject([{ value: 0, quality: 'silent', verdict: 'on-target' }]);
  });

  it('divided by is unknown', async () => {
    const { restart, results } = await bench({
      definitions: [
        kpi({
          id: 'share',
          measures: {
            a: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' },
            b: { dataset: 'logons', where: { outcome: 'locked' }, aggregate: 'count' },
          },
          formula: 'a / b',
          window: HOURLY,
        }),
      ],
      datasets: [events('logons')],
      rows: { logons: [...one('locked', -1), ...one('failure', 9.5)] },
    });
    await restart().pass(at(10));
    expect(await results('share')).toMatchObject([{ value: null, reason: 'division-by-zero' }]);
  });

  it('and any other number are unknown where the sample is too small', async () => {
    const { restart, results } = await bench({
      definitions: [
        kpi({
          id: 'few',
          measures: { n: { dataset: 'logons', aggregate: 'count' } },
          window: HOURLY,
          targets: target,
          minimumSample: { measure: 'n', atLeast: 3 },
        }),
      ],
      datasets: [events('logons')],
      rows: { logons: one('failure', 9.1, 9.2, 10.1, 10.2, 10.3) },
    });
    const { pass } = restart();
    await pass(at(10));
    await pass(at(11));
    expect(await results('few')).toMatchObject([
      { value: 2, sample: 2, verdict: 'unknown', reason: 'small-sample', quality: 'small-sample' },
      { value: 3, sample: 3, verdict: 'on-target', reason: null, quality: 'complete' },
    ]);
  });
});

describe('a pass after the first', () => {
  it('changes nothing where nothing changed, and reads nothing again', async () => {
    const { restart, results, source, store } = await bench({
      definitions: [failed, ratio],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 12, { outcome: 'failure' }) },
    });
    const { pass } = restart();
    await pass(at(10));
    const before = [await results('failed'), await results('ratio'), await store.reads('logons', at(99), 99)];
    source.calls.length = 0;
    expect(await pass(at(10))).toMatchObject({ results: 0, missingSlices: 0 });
    expect(await restart().pass(at(10.5))).toMatchObject({ results: 0, missingSlices: 0 });
    expect(source.calls.map(({ kind }) => kind)).toEqual(['revised', 'probe', 'revised']);
    expect([
      await results('failed'),
      await results('ratio'),
      await store.reads('logons', at(99), 99),
    ]).toEqual(before);
    expect((await store.touched()).rows).toEqual([]);
  });

  it('reads the new slice of a long window, not all of it', async () => {
    const month = kpi({
      id: 'month',
      measures: { n: { dataset: 'logons', aggregate: 'count' } },
      window: { rolling: '30d', every: '1h' },
    });
    const { restart, results, sliceReads } = await bench({
      definitions: [month],
      datasets: [events('logons')],
      rows: { logons: hourly(-800, 100, { outcome: 'x' }) },
    });
    const { pass } = restart();
    await pass(at(10));
    await pass(at(11));
    expect(sliceReads()).toEqual(['-710-10 ×1', '10-11 ×1']);
    expect(await results('month')).toMatchObject([{ value: 720 }, { value: 720 }]);
  });

  it('catches up all windows that ended while nobody ran it', async () => {
    const { restart, results, sliceReads } = await bench({
      definitions: [failed],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 99, { outcome: 'failure' }) },
    });
    await restart().pass(at(10));
    await restart().pass(at(40));
    expect((await results('failed')).map(({ end, value }) => [end, value])).toEqual(
      Array.from({ length: 31 }, (_, index) => [at(10 + index), 1]),
    );
    expect(sliceReads()).toEqual(['9-10 ×1', '10-40 ×1']);
  });

  it('reads much as several requests, the newest first', async () => {
    const { restart, sliceReads } = await bench({
      definitions: [failed],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 99, { outcome: 'failure' }) },
      config: { maxBuckets: 24 },
    });
    const { pass } = restart();
    await pass(at(10));
    await pass(at(40));
    expect(sliceReads()).toEqual(['9-10 ×1', '28-40 ×1', '16-28 ×1', '10-16 ×1']);
  });
});

it('Monday is one', () => expect(new Date(MONDAY).getUTCDay()).toBe(1));
