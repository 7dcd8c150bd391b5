import { describe, expect, it } from 'vitest';
import { events, kpi } from '../../../test/fakes/loop.ts';
import { at, bench, hourly, lines } from '../../../test/fakes/loop-bench.ts';
import { failed, ratio } from '../../../test/fakes/loop-kpis.ts';
import { HOUR, MINUTE } from '../../core/time/interval.ts';

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
