import { describe, expect, it } from 'vitest';
import { events, kpi } from '../../test/fakes/loop.ts';
import { at, bench, between, eventsAt, hourly, lines, MONDAY } from '../../test/fakes/loop-bench.ts';
import { unreachable } from '../../test/fakes/memory-connector.ts';
import { DAY, HOUR, MINUTE } from '../core/time/interval.ts';

const HOURLY = { rolling: '1h', every: '1h' };
const target = [{ from: '2026-01-01', onTarget: '<= 5', atRisk: '<= 8' }];

const failed = kpi({
  id: 'failed',
  measures: { failed: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' } },
  window: HOURLY,
  targets: target,
});

const ratio = kpi({
  id: 'ratio',
  measures: {
    failed: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' },
    all: { dataset: 'logons', aggregate: 'count' },
  },
  formula: '100.0 * failed / all',
  window: HOURLY,
  targets: target,
});

const one = (outcome: string, ...hours: readonly number[]) => eventsAt(hours, { outcome });

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
  it('is a number where the dataset spoke, and unknown where it was silent', async () => {
    const { restart, results } = await bench({
      definitions: [failed],
      datasets: [events('logons')],
      rows: { logons: one('success', 9.5) },
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
      rows: { logons: [...hourly(0, 13, { outcome: 'success' }), ...hourly(14, 24, { outcome: 'success' })] },
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
      rows: { logons: one('failure', 9.5) },
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

describe('a source that fails', () => {
  const started = () =>
    bench({
      definitions: [failed],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 99, { outcome: 'failure' }) },
    });

  it('leaves its windows unknown: missing, and they heal when it is back', async () => {
    const { restart, results, source } = await started();
    const { pass, warnings } = restart();
    await pass(at(10));
    source.onCall = ({ kind }) => {
      if (kind !== 'probe') throw unreachable();
    };
    expect(await pass(at(12))).toMatchObject({ results: 2, missingSlices: 4 });
    expect(warnings.join()).toMatch(/the source is away.* Wait until it is back/);
    expect(lines(await results('failed', { from: at(10) }))).toEqual([
      '03-02T11:00 null unknown: missing',
      '03-02T12:00 null unknown: missing',
    ]);
    source.onCall = () => {};
    expect(await pass(at(13))).toMatchObject({ results: 3, missingSlices: 0 });
    expect(lines(await results('failed', { from: at(10) }))).toEqual([
      '03-02T11:00 1 on-target',
      '03-02T12:00 1 on-target',
      '03-02T13:00 1 on-target',
    ]);
    expect(await results('failed', { from: at(10), to: at(11), asOf: at(12) })).toMatchObject([
      { value: null, reason: 'missing' },
    ]);
  });

  it('for a moment is asked again in the same pass', async () => {
    const { restart, results, source } = await started();
    let failures = 1;
    source.onCall = ({ kind }) => {
      if (kind === 'slices' && failures-- > 0) throw unreachable(true);
    };
    expect(await restart().pass(at(10))).toMatchObject({ missingSlices: 0 });
    expect(await results('failed')).toMatchObject([{ value: 1 }]);
  });

  it('in the middle of an answer has given what came before', async () => {
    const { restart, results, source, sliceReads } = await started();
    source.batchSize = 3;
    source.onCall = (_, batch) => {
      if (batch === 1) throw unreachable();
    };
    const { pass } = restart();
    await pass(at(10));
    expect(await pass(at(18))).toMatchObject({ missingSlices: 10 });
    source.onCall = () => {};
    expect(await pass(at(18))).toMatchObject({ missingSlices: 0 });
    expect(sliceReads()).toEqual(['9-10 ×1', '10-18 ×1', '13-18 ×1']);
    expect((await results('failed')).map(({ value }) => value)).toEqual(Array(9).fill(1));
  });

  it('and says that a part was left out makes the window unknown: partial', async () => {
    const { restart, results, source, store } = await started();
    source.partial = (_, start) => (start === at(9) ? 'one shard of five failed' : null);
    await restart().pass(at(10));
    const [result] = await results('failed');
    expect(result).toMatchObject({ value: 1, quality: 'partial', verdict: 'unknown', reason: 'partial' });
    const input = result?.inputs.failed;
    const series = input?.kind === 'series' ? input.series : -1;
    expect(await store.slices(series, between(9, 10))).toMatchObject([
      { notes: ['one shard of five failed'] },
    ]);
  });

  it('is believed as it last described itself, also after a restart', async () => {
    const { restart, results, source } = await started();
    await restart().pass(at(10));
    source.onCall = ({ kind }) => {
      if (kind === 'probe') throw unreachable();
    };
    await restart().pass(at(11));
    expect(await results('failed')).toMatchObject([{ value: 1 }, { value: 1 }]);
  });

  it('holds up no other source', async () => {
    const other = kpi({
      id: 'other',
      measures: { n: { dataset: 'mails', aggregate: 'count' } },
      window: HOURLY,
    });
    const { restart, results, source } = await bench({
      definitions: [failed, other],
      datasets: [events('logons'), events('mails')],
      rows: { logons: hourly(0, 20, { outcome: 'failure' }), mails: hourly(0, 20) },
    });
    source.onCall = (call) => {
      if (call.kind === 'slices' && call.dataset.name === 'logons') throw unreachable();
    };
    await restart().pass(at(10));
    expect(await results('failed')).toMatchObject([{ reason: 'missing' }]);
    expect(await results('other')).toMatchObject([{ value: 1 }]);
  });

  it('and a pass that is stopped end at once; the next one goes on', async () => {
    const { restart, results, source } = await started();
    const stop = new AbortController();
    const reason = new Error('stopping');
    source.batchSize = 3;
    source.onCall = (_, batch) => {
      if (batch === 1) stop.abort(reason);
    };
    const { pass } = restart();
    await pass(at(1));
    await expect(pass(at(10), { signal: stop.signal })).rejects.toThrow(reason);
    source.onCall = () => {};
    await pass(at(10));
    expect((await results('failed')).map(({ value }) => value)).toEqual(Array(10).fill(1));
  });

  it('has no call left waiting for ever after a pass was stopped', async () => {
    const { restart, results, source } = await bench({
      definitions: [failed],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 999, { outcome: 'failure' }) },
      config: { maxBuckets: 2 },
    });
    const { pass } = restart();
    await pass(at(1));
    const stop = new AbortController();
    source.onCall = ({ kind }) => {
      if (kind === 'slices') stop.abort(new Error('stopping'));
    };
    await expect(pass(at(30), { signal: stop.signal })).rejects.toThrow('stopping');
    source.onCall = () => {};
    await pass(at(30));
    expect(await results('failed')).toHaveLength(30);
  });
});

describe('windows', () => {
  it('are provisional until late data is over, then final', async () => {
    const { restart, results } = await bench({
      definitions: [failed],
      datasets: [events('logons', { reviseForMs: 5 * HOUR, settleMs: HOUR })],
      rows: { logons: hourly(0, 99, { outcome: 'failure' }) },
    });
    const { pass } = restart();
    await pass(at(11));
    await pass(at(15.9));
    expect(await results('failed', { to: at(10) })).toMatchObject([{ final: false, asOf: at(11) }]);
    await pass(at(16));
    expect(await results('failed', { to: at(10) })).toMatchObject([{ final: true, asOf: at(16), value: 1 }]);
    expect(await pass(at(16))).toMatchObject({ results: 0 });
  });

  it('of a calendar follow its zone over a change of the clocks', async () => {
    const daily = kpi({
      id: 'daily',
      measures: { n: { dataset: 'logons', aggregate: 'count' } },
      window: { calendar: 'day', timeZone: 'Europe/Oslo' },
    });
    const sunday = (27 - 1) * 24 + 1 * 24;
    const { restart, results } = await bench({
      definitions: [daily],
      datasets: [events('logons')],
      rows: { logons: hourly(sunday - 100, sunday + 100) },
    });
    const { pass } = restart();
    await pass(at(sunday - 1));
    await pass(at(sunday + 46));
    const hours = (await results('daily')).map(({ start, end, value }) => [(end - start) / HOUR, value]);
    expect(hours).toEqual([
      [24, 24],
      [23, 23],
      [24, 24],
    ]);
  });

  it('of the past are filled in from a day on, by the same pass', async () => {
    const { restart, results, sliceReads } = await bench({
      definitions: [failed],
      datasets: [events('logons', { settleMs: 5 * MINUTE })],
      rows: { logons: hourly(0, 99, { outcome: 'failure' }) },
    });
    const { pass } = restart();
    await pass(at(50.5));
    expect(await pass(at(50.5), { from: at(40) })).toMatchObject({ results: 9 });
    expect((await results('failed')).map(({ end }) => end)).toEqual(
      Array.from({ length: 10 }, (_, index) => at(41 + index)),
    );
    expect(sliceReads()).toEqual(['49-50 ×1', '40-49 ×1']);
    expect(await pass(at(50.5), { from: at(45) })).toMatchObject({ results: 0 });
  });

  it('of the past are filled in up to a day, which belongs to them', async () => {
    const { restart, results, sliceReads } = await bench({
      definitions: [failed],
      datasets: [events('logons', { settleMs: 5 * MINUTE })],
      rows: { logons: hourly(0, 99, { outcome: 'failure' }) },
    });
    const { pass } = restart();
    expect(await pass(at(50.5), { from: at(10), until: at(13) })).toMatchObject({ results: 3 });
    expect(lines(await results('failed'))).toEqual(
      [11, 12, 13].map((hour) => `03-02T${hour}:00 1 on-target`),
    );
    expect(sliceReads()).toEqual(['10-13 ×1']);
  });

  it('of the past that end before those known are joined to them', async () => {
    const { restart, results } = await bench({
      definitions: [failed],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 99, { outcome: 'failure' }) },
    });
    const { pass } = restart();
    await pass(at(30));
    await pass(at(30), { from: at(10), until: at(13) });
    expect((await results('failed')).map(({ value, reason }) => value ?? reason)).toEqual(Array(20).fill(1));
    expect(await pass(at(30))).toMatchObject({ results: 0 });
  });

  it('before the day from which on anything is read are missing', async () => {
    const { restart, results, sliceReads } = await bench({
      definitions: [failed],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 99, { outcome: 'failure' }) },
      config: { startFrom: at(8) },
    });
    await restart().pass(at(10), { from: at(6) });
    expect((await results('failed')).map(({ value, reason }) => value ?? reason)).toEqual([
      'missing',
      'missing',
      1,
      1,
    ]);
    expect(sliceReads()).toEqual(['8-10 ×1']);
  });

  it('of other KPIs lose nothing when a pass is about some only', async () => {
    const twin = { ...failed, id: 'twin' };
    const { restart, results, source } = await bench({
      definitions: [failed, twin, ratio],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 99, { outcome: 'failure' }) },
    });
    const { pass } = restart();
    await pass(at(10));
    source.append('logons', [{ at: at(9.25), in: at(10), outcome: 'failure' }]);
    await pass(at(10.5), { only: new Set(['twin']) });
    expect(await results('twin')).toMatchObject([{ value: 2 }]);
    expect(await results('failed')).toMatchObject([{ value: 1 }]);
    await pass(at(10.75));
    expect(await results('failed')).toMatchObject([{ value: 2 }]);
    expect(await results('ratio')).toMatchObject([{ sample: 2 }]);
  });
});

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
});

const allLogons = {
  id: 'all',
  measures: { n: { dataset: 'logons', aggregate: 'count' } },
  window: HOURLY,
};

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
      measures: { n: { dataset: 'logons', where: { outcome: 'locked' }, aggregate: 'count' } },
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

const failedAsWritten = {
  id: 'failed',
  measures: { failed: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' } },
  window: HOURLY,
  targets: target,
};

describe('reading', () => {
  const rows = { logons: hourly(0, 999, { outcome: 'failure', team: 'blue', ms: 5 }) };

  it('is shared: a hundred KPIs over one dataset cost one request', async () => {
    const definitions = Array.from({ length: 50 }, (_, index) => [
      { ...failed, id: `failed-${index}` },
      kpi({
        ...ratioAsWritten,
        id: `ratio-${index}`,
        window: { rolling: `${index + 2}h`, every: '1h' },
      }),
    ]).flat();
    const { restart, results, sliceReads } = await bench({ definitions, datasets: [events('logons')], rows });
    const { pass } = restart();
    await pass(at(100));
    expect(sliceReads()).toEqual(['49-100 ×2']);
    await pass(at(101));
    expect(sliceReads()).toEqual(['49-100 ×2', '100-101 ×2']);
    expect(await results('ratio-7')).toMatchObject([{ value: 100, sample: 9 }, { sample: 9 }]);
  });

  it('of the measures of a formula is always one read, also when one of them is new', async () => {
    const { restart, results, source, store } = await bench({
      definitions: [failed],
      datasets: [events('logons', { ingested: null })],
      rows,
    });
    await restart().pass(at(10));
    // What the source said of failures then is not what it says now, and it does not tell.
    source.replace('logons', hourly(0, 999, { outcome: 'success', team: 'blue', ms: 5 }));
    source.onCall = ({ kind }) => {
      if (kind === 'revised') throw unreachable();
    };
    await restart({ definitions: [failed, ratio] }).pass(at(10.5));
    expect(await results('ratio')).toMatchObject([{ value: 0, sample: 1 }]);
    expect(await results('failed')).toMatchObject([{ value: 0 }]);
    const [result] = await results('ratio');
    const ids = Object.values(result?.inputs ?? {}).flatMap((input) =>
      input.kind === 'series' ? [input.series, input.control] : [],
    );
    expect(await store.mixedReads(ids, between(0, 24), HOUR)).toEqual([]);
  });

  it('of the measures of a formula is one read also where one of them is shared at a finer grain', async () => {
    const finer = kpi({
      id: 'finer',
      measures: { n: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' } },
      window: { rolling: '15m', every: '5m' },
    });
    const { restart, source, results } = await bench({
      definitions: [ratio, finer],
      datasets: [events('logons')],
      rows,
    });
    await restart().pass(at(10));
    const requests = source.calls.flatMap((call) => (call.kind === 'slices' ? [call.request] : []));
    expect(requests.every(({ grain, measures }) => grain === 5 * MINUTE && measures.length === 2)).toBe(true);
    expect(await results('ratio')).toMatchObject([{ value: 100 }]);
  });

  it('goes on for the others where the source refuses a measure', async () => {
    const refused = kpi({
      id: 'refused',
      measures: {
        a: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' },
        b: { dataset: 'logons', where: { outcom: 'failure' }, aggregate: 'count' },
      },
      formula: 'a / b',
      window: HOURLY,
    });
    const { restart, results } = await bench({
      definitions: [refused, failed, ratio],
      datasets: [events('logons')],
      rows,
    });
    const { pass, warnings } = restart();
    await pass(at(10));
    await pass(at(11));
    expect(warnings[0]).toMatch(/no event has a field "outcom".* Did you mean `outcome`/);
    expect(lines(await results('refused'))).toEqual([
      '03-02T10:00 null unknown: missing',
      '03-02T11:00 null unknown: missing',
    ]);
    expect(lines(await results('failed'))).toEqual(['03-02T10:00 1 on-target', '03-02T11:00 1 on-target']);
    expect(lines(await results('ratio'))).toEqual([
      '03-02T10:00 100 off-target',
      '03-02T11:00 100 off-target',
    ]);
  });

  it('gives every kind of aggregate', async () => {
    const aggregates = {
      count: 'count',
      sum: { sum: 'ms' },
      min: { min: 'ms' },
      max: { max: 'ms' },
      mean: { mean: 'ms' },
      distinct: { distinct: 'team' },
      p50: { percentile: 50, of: 'ms' },
    };
    const definitions = Object.entries(aggregates).map(([id, aggregate]) =>
      kpi({ id, measures: { x: { dataset: 'logons', aggregate } }, window: { rolling: '3h', every: '1h' } }),
    );
    const { restart, results, sliceReads } = await bench({
      definitions,
      datasets: [events('logons')],
      rows: {
        logons: [10, 20, 60].map((ms, hour) => ({
          at: at(hour),
          in: at(hour),
          ms,
          team: hour > 1 ? 'a' : 'b',
        })),
      },
    });
    await restart().pass(at(3));
    expect(sliceReads()).toEqual(['0-3 ×7']);
    const value = async (id: string) => (await results(id))[0]?.value;
    expect(await Promise.all(Object.keys(aggregates).map(value))).toEqual([
      3,
      90,
      10,
      60,
      30,
      2,
      expect.closeTo(20, 0),
    ]);
  });
});

const ratioAsWritten = {
  measures: {
    failed: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' },
    all: { dataset: 'logons', aggregate: 'count' },
  },
  formula: '100.0 * failed / all',
};

describe('groups', () => {
  const grouped = {
    ...ratioAsWritten,
    id: 'by-team',
    groupBy: ['team'],
    window: HOURLY,
    targets: [...target, { from: '2026-01-01', onTarget: '<= 60', for: { team: 'blue' } }],
  };
  const logons = [
    ...eventsAt([9.1, 9.2], { outcome: 'failure', team: 'blue' }),
    ...eventsAt([9.3, 9.4], { outcome: 'success', team: 'blue' }),
    ...eventsAt([9.5], { outcome: 'success', team: ['red', 'green'] }),
    ...eventsAt([9.6], { outcome: 'failure', team: null }),
    ...eventsAt([10.5], { outcome: 'success', team: 'red' }),
  ];
  const started = (more: object = {}) =>
    bench({
      definitions: [kpi({ ...grouped, ...more })],
      datasets: [events('logons')],
      rows: { logons },
    });

  it('have results of their own, beside the total; one that is gone from the window has none', async () => {
    const { restart, results } = await started();
    const { pass } = restart();
    await pass(at(10));
    await pass(at(11));
    expect(lines(await results('by-team'))).toEqual([
      '03-02T10:00 50 off-target',
      '03-02T10:00 (none): 100 off-target',
      '03-02T10:00 blue: 50 on-target',
      '03-02T10:00 green: 0 on-target',
      '03-02T10:00 red: 0 on-target',
      '03-02T11:00 0 on-target',
      '03-02T11:00 red: 0 on-target',
    ]);
  });

  it('give the KPI the worst of theirs where it asks for it', async () => {
    const { restart, results } = await started({ rollup: 'worst' });
    await restart().pass(at(10));
    expect(lines(await results('by-team', { group: null }))).toEqual(['03-02T10:00 100 off-target']);
  });

  it('are not cut where there are too many: the KPI is unknown, until it allows more', async () => {
    const { restart, results } = await started({ maxGroups: 2 });
    await restart().pass(at(10));
    expect(lines(await results('by-team'))).toEqual(['03-02T10:00 null unknown: too-many-groups']);
    await restart({ definitions: [kpi({ ...grouped, maxGroups: 4 })] }).pass(at(10.5));
    expect(await results('by-team')).toMatchObject([{ value: 50 }, {}, {}, {}, {}]);
  });

  it('are as many as the most generous of the KPIs that share them allows', async () => {
    for (const order of [1, -1]) {
      const definitions = [
        kpi({ ...grouped, id: 'many', maxGroups: 10 }),
        kpi({ ...grouped, id: 'few', maxGroups: 2 }),
      ];
      const { restart, results } = await bench({
        definitions: order === 1 ? definitions : definitions.reverse(),
        datasets: [events('logons')],
        rows: { logons },
      });
      await restart().pass(at(10));
      expect(await results('many')).toHaveLength(5);
      expect(await results('few')).toMatchObject([{ reason: 'too-many-groups' }]);
    }
  });

  it('that late data takes away are superseded by nothing, as final as their window', async () => {
    const { restart, results, source } = await bench({
      definitions: [kpi(grouped)],
      datasets: [events('logons', { ingested: null, reviseForMs: 2 * HOUR })],
      rows: { logons },
    });
    const { pass } = restart();
    await pass(at(10));
    source.replace(
      'logons',
      logons.filter(({ team }) => team === 'blue'),
    );
    await pass(at(10.5));
    await pass(at(12));
    expect(lines(await results('by-team', { to: at(10) }))).toEqual([
      '03-02T10:00 50 off-target final',
      '03-02T10:00 (none): null unknown: no-value final',
      '03-02T10:00 blue: 50 on-target final',
      '03-02T10:00 green: null unknown: no-value final',
      '03-02T10:00 red: null unknown: no-value final',
    ]);
  });

  it('speak the standard values', async () => {
    const dataset = events('logons', {
      fields: { team: 'Team' },
      values: { team: { blue: ['BLUE-1', 'BLUE-2'] } },
    });
    const { restart, results } = await bench({
      definitions: [kpi(grouped)],
      datasets: [dataset],
      rows: {
        logons: ['BLUE-1', 'BLUE-2', 'Red'].flatMap((Team) => eventsAt([9.5], { outcome: 'failure', Team })),
      },
    });
    await restart().pass(at(10));
    const groups = (await results('by-team')).map(({ group, sample }) => [group?.team, sample]);
    expect(groups).toEqual([
      [undefined, 3],
      ['Red', 1],
      ['blue', 2],
    ]);
  });
});

it('Monday is one', () => expect(new Date(MONDAY).getUTCDay()).toBe(1));
