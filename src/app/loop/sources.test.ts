import { describe, expect, it } from 'vitest';
import { events, kpi } from '../../../test/fakes/loop.ts';
import { at, bench, between, hourly, lines } from '../../../test/fakes/loop-bench.ts';
import { failed, HOURLY } from '../../../test/fakes/loop-kpis.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';

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
