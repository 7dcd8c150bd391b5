import { describe, expect, it } from 'vitest';
import { events, kpi } from '../../../test/fakes/loop.ts';
import { at, bench, between, hourly, lines } from '../../../test/fakes/loop-bench.ts';
import { failed, HOURLY, ratio, ratioAsWritten } from '../../../test/fakes/loop-kpis.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';
import { HOUR, MINUTE } from '../../core/time/interval.ts';

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
