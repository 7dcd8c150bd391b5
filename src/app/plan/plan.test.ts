import { describe, expect, it } from 'vitest';
import { configOf, events, kpi, records, snapshot, sourceOf } from '../../../test/fakes/loop.ts';
import { at, type Bench, bench, between, hourly } from '../../../test/fakes/loop-bench.ts';
import { failed, failedAsWritten, HOURLY, ratio } from '../../../test/fakes/loop-kpis.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';
import type { Config } from '../../config/model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import { HOUR } from '../../core/time/interval.ts';
import { planCycle } from './plan.ts';
import { planText } from './text.ts';

const datasets = [events('logons')];
const configWith = (more: object = {}): Config =>
  configOf(datasets, { sources: { memory: sourceOf('memory', more) } });

const started = () =>
  bench({ definitions: [failed], datasets, rows: { logons: hourly(0, 999, { outcome: 'failure' }) } });

const planAt = (
  { store, source }: Bench,
  hour: number,
  {
    definitions = [failed],
    config = configWith(),
  }: { definitions?: readonly KpiDefinition[]; config?: Config } = {},
) => {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const context = { config, definitions, store, connector: async () => source.connector, meter: new Map() };
  return planCycle({ ...context, clock: { now: () => at(hour) }, log }, new AbortController().signal);
};

describe('a plan', () => {
  it('is what the next pass then reads, and leaves no trace', async () => {
    const made = await started();
    const { restart, source, store, sliceReads } = made;
    const { pass } = restart();
    await pass(at(10));
    source.append('logons', [{ at: at(9.25), in: at(10.5), outcome: 'failure' }]);
    source.calls.length = 0;
    const before = [await store.kpiStates(), await store.reads('logons', at(99), 99)];
    const plan = await planAt(made, 13);
    expect(plan.sources).toMatchObject([
      {
        source: 'memory',
        searches: 1 + 1 + 1,
        probes: 1,
        looks: 1,
        others: 0,
        reads: [
          {
            dataset: 'logons',
            range: between(9, 13),
            measures: 1,
            buckets: 8,
            why: ['new slices', 'late data'],
            state: 'next cycle',
          },
        ],
      },
    ]);
    expect(source.calls.map(({ kind }) => kind)).toEqual(['probe', 'revised']);
    expect([await store.kpiStates(), await store.reads('logons', at(99), 99)]).toEqual(before);
    expect(await planAt(made, 13)).toEqual(plan);
    await pass(at(13));
    expect(sliceReads()).toEqual(['9-13 ×1']);
    expect((await planAt(made, 13)).sources[0]?.reads).toEqual([]);
  });

  it('of a service that never ran is about its definitions', async () => {
    const made = await started();
    const cases = kpi({
      id: 'cases',
      measures: {
        n: { dataset: 'cases', cohort: 'opened', aggregate: 'count' },
        m: { dataset: 'assets', aggregate: 'count' },
      },
      formula: 'n / m',
      window: HOURLY,
    });
    const config = configOf([...datasets, records('cases'), snapshot('assets')]);
    const plan = await planAt(made, 10, { definitions: [failed, cases], config });
    expect(plan.sources).toMatchObject([
      { searches: 3 + 1 + 2 + 1, probes: 3, looks: 1, others: 2, reads: [{ why: ['new definition'] }] },
    ]);
    expect(await made.store.kpiStates()).toEqual([]);
  });

  it('says why a slice is read again', async () => {
    const made = await started();
    await made.restart().pass(at(10));
    const plan = await planAt(made, 10, { definitions: [failed, ratio] });
    expect(plan.sources[0]?.reads).toMatchObject([
      { range: between(9, 10), measures: 2, why: ['new definition'] },
    ]);
    const again = await planAt(made, 10, { definitions: [kpi({ ...failedAsWritten, groupBy: ['team'] })] });
    expect(again.sources[0]?.reads).toMatchObject([{ measures: 2 }]);
  });

  it('shows what a budget puts off or refuses', async () => {
    const made = await started();
    await made.restart().pass(at(1));
    const limits = { maxRangeMs: 10 * HOUR, maxSearchesPerCycle: 4 };
    const config = configWith(limits);
    const plan = await planAt(made, 41, { config });
    expect(plan.sources).toMatchObject([{ searches: 4, maxSearchesPerCycle: 4 }]);
    expect(plan.sources[0]?.reads.map(({ state }) => state)).toEqual([
      'next cycle',
      'next cycle',
      'put off',
      'put off',
    ]);
    expect(planText(plan).split('\n').slice(0, 2)).toEqual([
      'memory: 4 searches in the next cycle (at most 4): 2 reads of slices, 1 question for late data, 1 description',
      '  logons  2026-03-03T07:00:00Z – 2026-03-03T17:00:00Z  1 measure, 20 buckets of 1h: new slices',
    ]);
    const refused = await planAt(made, 2, { config: { ...configWith(), maxBuckets: 1 } });
    expect(refused.sources[0]?.reads).toMatchObject([{ state: 'refused', buckets: 2 }]);
  });

  it('of native queries is what the next pass then asks', async () => {
    const daily = kpi({
      id: 'p95',
      measures: { x: { dataset: 'logons', query: { sql: 'SELECT 7 AS p95' }, value: 'p95' } },
      window: { calendar: 'day', timeZone: 'UTC' },
    });
    const made = await bench({
      definitions: [daily],
      datasets: [events('logons', { reviseForMs: 48 * HOUR })],
      rows: { logons: hourly(0, 999) },
    });
    made.source.query = () => ({ p95: 7 });
    const { pass } = made.restart();
    const config = configOf([events('logons', { reviseForMs: 48 * HOUR })]);
    const planned = async (hour: number, more: Config = config) =>
      (await planAt(made, hour, { definitions: [daily], config: more })).sources.flatMap(
        ({ queries }) => queries,
      );
    const asked = async (hour: number) => {
      made.source.calls.length = 0;
      await pass(at(hour));
      return made.calls('query').map((call) => call.kind === 'query' && call.request.range);
    };
    // Nothing is stored yet, so nobody knows the query.
    expect(await planned(24)).toEqual([
      { dataset: 'logons', language: 'sql', window: between(0, 24), values: ['p95'], state: 'next cycle' },
    ]);
    expect(await planned(24)).toHaveLength(1);
    expect(await asked(24)).toEqual([between(0, 24)]);
    expect(await planned(25)).toEqual([]);
    expect(await asked(25)).toEqual([]);
    made.source.append('logons', [{ at: at(3), in: at(26.5) }]);
    expect((await planned(27)).map(({ window }) => window)).toEqual([between(0, 24)]);
    expect(await planned(27)).toHaveLength(1);
    expect(await asked(27)).toEqual([between(0, 24)]);
    const scarce = configOf([events('logons', { reviseForMs: 48 * HOUR })], {
      sources: { memory: sourceOf('memory', { maxSearchesPerCycle: 3 }) },
    });
    expect(await planned(48, scarce)).toMatchObject([{ window: between(24, 48), state: 'put off' }]);
    const plan = await planAt(made, 48, { definitions: [daily], config });
    expect(planText(plan)).toContain(
      '  logons  2026-03-03T00:00:00Z – 2026-03-04T00:00:00Z  query in sql: p95',
    );
    expect(planText(plan)).toMatch(/1 read of slices.*1 native query, 1 description/);
  });

  it('counts what is asked of the data once a day', async () => {
    const named = [events('logons', { id: 'uid' })];
    const rows = hourly(0, 99, { outcome: 'success' }).map((row, index) => ({ ...row, uid: `e${index}` }));
    const made = await bench({ definitions: [failed], datasets: named, rows: { logons: rows } });
    const { pass } = made.restart();
    await pass(at(10));
    const setting = { config: configOf(named) };
    for (const [hour, checks] of [
      [11, 0],
      // The newest hour's ids, the literal among its field's top values, or alone, and the whole day's fields.
      [49, 4],
      [50, 0],
    ] as const) {
      const plan = await planAt(made, hour, setting);
      expect(plan.sources[0]).toMatchObject({ checks });
      expect(planText(plan).includes('4 looks at the data')).toBe(checks === 4);
      made.source.calls.length = 0;
      await pass(at(hour));
      expect(plan.sources[0]?.searches).toBe(made.source.calls.length);
    }
  });

  it('says what it could not ask', async () => {
    const made = await started();
    await made.restart().pass(at(10));
    made.source.onCall = ({ kind }) => {
      if (kind === 'revised') throw unreachable();
    };
    const plan = await planAt(made, 11);
    expect(plan.warnings.join()).toContain('the source is away');
    expect(plan.sources[0]?.reads).toHaveLength(1);
    expect(planText(plan)).toContain('Not known: the source is away');
  });
});
