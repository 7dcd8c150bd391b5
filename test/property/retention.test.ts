/**
 * What retention promises: results are those of a store that keeps every slice; a window that can still be computed
 * gives the same number; one that can't says so, or keeps the number that it had.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/model.ts';
import type { KpiDefinition } from '../../src/core/definition/model.ts';
import type { Row } from '../../src/core/filter/model.ts';
import type { Result } from '../../src/core/result/model.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/core/time/interval.ts';
import type { Store } from '../../src/ports/store.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { configOf, events, kpi, runLoop } from '../fakes/loop.ts';
import { at } from '../fakes/loop-bench.ts';
import { memorySource, unreachable } from '../fakes/memory-connector.ts';

/** Data lie in these hours; slices get hours after half a day, days after two. */
const SPAN = 96;
const LATE = 5;
const LAST = at(SPAN + 60);
const RETENTION = { slicesMs: 12 * HOUR, hoursMs: 2 * DAY, evidenceMs: HOUR };

const times = { settleMs: 10 * MINUTE, reviseForMs: LATE * HOUR };
const DATASETS = [
  events('logons', times),
  events('mails', {
    ...times,
    ingested: null,
    expectEvents: { atLeast: 1, everyMs: 2 * HOUR, during: null },
  }),
];
const config = (retention?: Config['retention']) =>
  configOf(DATASETS, { maxBuckets: 200, ...(retention === undefined ? {} : { retention }) });

const failures = { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' };
const all = { dataset: 'logons', aggregate: 'count' };
const of = (aggregate: unknown, dataset = 'logons') => ({ x: { dataset, aggregate } });
const OSLO = { calendar: 'day', timeZone: 'Europe/Oslo' };
const UTC = { calendar: 'day', timeZone: 'UTC' };

const definitions = (suffix = '', limit = 3): readonly KpiDefinition[] => {
  const targets = [{ from: '2026-03-03', onTarget: `<= ${limit}`, atRisk: `<= ${limit + 2}` }];
  return [
    { id: 'quarters', measures: { failures }, window: { rolling: '1h', every: '15m' } },
    {
      id: 'ratio',
      measures: { failures, all },
      formula: '100.0 * failures / all',
      window: UTC,
      groupBy: ['team'],
    },
    {
      id: 'sum',
      measures: of({ sum: 'ms' }),
      window: { rolling: '6h', every: '1h' },
      groupBy: ['team'],
      rollup: 'worst',
    },
    { id: 'mean', measures: of({ mean: 'ms' }), window: { rolling: '65m', every: '65m' } },
    { id: 'percentile', measures: of({ percentile: 90, of: 'ms' }), window: OSLO },
    {
      id: 'distinct',
      measures: of({ distinct: 'user' }),
      window: { rolling: '12h', every: '4h' },
      groupBy: ['outcome'],
      maxGroups: 2,
    },
    { id: 'mails', measures: of('count', 'mails'), window: UTC, tolerate: { silent: '40%' } },
    { id: 'mail-hours', measures: of('count', 'mails'), window: { rolling: '2h', every: '30m' } },
    {
      id: 'across',
      measures: { failures, mails: { dataset: 'mails', aggregate: 'count' } },
      formula: 'failures + mails',
      window: OSLO,
      tolerate: { silent: '60%' },
    },
  ].map((one) => kpi({ targets, ...one, id: `${one.id}${suffix}` }));
};

const minute = (max: number) => fc.integer({ min: 0, max: max * 60 }).map((minutes) => minutes / 60);
const event: fc.Arbitrary<Row> = fc
  .record({
    hour: minute(SPAN),
    late: fc.oneof({ weight: 3, arbitrary: fc.constant(0.001) }, { weight: 1, arbitrary: minute(LATE) }),
    outcome: fc.constantFrom('failure', 'success', 'locked'),
    team: fc.constantFrom('blue', 'red', null),
    ms: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: -20, max: 99 }).map((n) => n / 10) },
      fc.constant('x'),
    ),
    user: fc.constantFrom('a', 'b', 'c', 'd'),
  })
  .map(({ hour, late, ...fields }) => ({ ...fields, at: at(hour), in: at(hour + late) }));
const stream = fc.record({
  logons: fc.array(event, { minLength: 10, maxLength: 60 }),
  mails: fc.array(event, { minLength: 10, maxLength: 60 }),
});
type Stream = Readonly<Record<string, readonly Row[]>>;

const cycle = fc.record({
  gap: fc.oneof(fc.constant(1), minute(14)),
  fault: fc.oneof(
    { weight: 3, arbitrary: fc.constant('none') },
    fc.constantFrom('slices', 'revised', 'probe'),
  ),
});
type Cycle = { readonly gap: number; readonly fault: string };

const arrived = (rows: readonly Row[], now: Instant): Row[] =>
  rows.filter((row) => Number(row.in) < now).sort((a, b) => Number(a.in) - Number(b.in));

/** Passes at the cycles' times, and at last. With `mayRead` false the source has no slices to give. */
async function run(
  store: Store,
  data: Stream,
  cycles: readonly Cycle[],
  parts: { config: Config; definitions: readonly KpiDefinition[]; mayRead?: boolean; more?: number },
): Promise<void> {
  const source = memorySource();
  const loop = runLoop({ ...parts, store, connector: source.connector });
  const pass = async (now: Instant) => {
    for (const [name, rows] of Object.entries(data)) source.replace(name, arrived(rows, now));
    await loop.pass(now, { from: at(0) });
  };
  let hours = 0;
  for (const { gap, fault } of cycles) {
    hours = Math.min(hours + gap, SPAN);
    source.onCall = ({ kind }) => {
      if (kind === fault) throw unreachable();
    };
    await pass(at(hours));
  }
  source.onCall = ({ kind }) => {
    if (parts.mayRead === false && kind === 'slices') throw unreachable();
  };
  for (let after = 0; after <= (parts.more ?? 0); after++) await pass(LAST + after * 2 * HOUR);
}

async function said(store: Store, all: readonly KpiDefinition[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const { id } of all) {
    // What the passes after the last one added is not compared.
    for (const result of await store.results({ kpi: id, to: LAST - DAY })) {
      if (result.group !== null && Object.keys(result.measures).length === 0) continue;
      const window = `${(result.start - at(0)) / HOUR}-${(result.end - at(0)) / HOUR}`;
      texts.set(`${id.replace('-again', '')} ${JSON.stringify(result.group)} ${window}`, told(result));
    }
  }
  return texts;
}

const told = ({ value, lower, upper, sample, undecided, quality, verdict, reason, final }: Result) =>
  JSON.stringify({ value, lower, upper, sample, undecided, quality, verdict, reason, final });

async function withStores(use: (kept: Store, rolled: Store) => Promise<void>): Promise<void> {
  const [kept, rolled] = [await openSqlite(':memory:'), await openSqlite(':memory:')];
  try {
    await use(kept, rolled);
  } finally {
    await kept.close();
    await rolled.close();
  }
}

describe('results under retention', () => {
  it('are those of a store that keeps all, also when targets change afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(stream, fc.array(cycle, { minLength: 2, maxLength: 12 }), async (data, cycles) => {
        await withStores(async (kept, rolled) => {
          const before = definitions();
          await run(kept, data, [], { config: config(), definitions: before });
          await run(rolled, data, cycles, { config: config(RETENTION), definitions: before, more: 8 });
          const [scratch, incremental] = [await said(kept, before), await said(rolled, before)];
          // The first cycle may have begun a window earlier than is asked for.
          for (const key of incremental.keys()) if (!scratch.has(key)) incremental.delete(key);
          expect(incremental).toEqual(scratch);
          const stricter = definitions('', 1);
          await run(kept, data, [], { config: config(), definitions: stricter });
          await run(rolled, data, [], { config: config(RETENTION), definitions: stricter });
          const [fresh, again] = [await said(kept, stricter), await said(rolled, stricter)];
          for (const key of again.keys()) if (!fresh.has(key)) again.delete(key);
          expect(again).toEqual(fresh);
        });
      }),
      { numRuns: 8, interruptAfterTimeLimit: 15_000 },
    );
  });

  it('can be computed again wherever a window cuts no merged hour or day, and are the same', async () => {
    let [runs, same, cut] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(stream, fc.array(cycle, { maxLength: 6 }), async (data, cycles) => {
        runs++;
        await withStores(async (kept, rolled) => {
          const [first, second] = [definitions(), definitions('-again')];
          await run(kept, data, [], { config: config(), definitions: first });
          await run(rolled, data, cycles, { config: config(RETENTION), definitions: first, more: 8 });
          await run(rolled, data, [], { config: config(RETENTION), definitions: second, mayRead: false });
          const [scratch, again] = [await said(kept, first), await said(rolled, second)];
          for (const [key, text] of again) {
            if (text.includes('"rolled-up"')) {
              expect(text).toContain('"value":null');
              cut++;
              continue;
            }
            expect([key, text]).toEqual([key, scratch.get(key)]);
            same++;
          }
        });
      }),
      { numRuns: 6, interruptAfterTimeLimit: 15_000 },
    );
    expect(same / runs).toBeGreaterThan(100);
    expect(cut / runs).toBeGreaterThan(100);
  });
});
