/**
 * The promise that the loop rests on: however the data came, in whatever cycles it was read, however often the
 * process began anew or was disturbed, the results are those of one pass over everything.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KpiDefinition } from '../../src/core/definition/model.ts';
import type { Row } from '../../src/core/filter/model.ts';
import type { Result } from '../../src/core/result/model.ts';
import { formatInstant, HOUR, type Instant, MINUTE } from '../../src/core/time/interval.ts';
import type { Store } from '../../src/ports/store.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { configOf, events, kpi, records, runLoop, sourceOf } from '../fakes/loop.ts';
import { at } from '../fakes/loop-bench.ts';
import { memorySource, unreachable } from '../fakes/memory-connector.ts';

/** Data and passes lie in these hours; the last pass is a day later, when the daily batch is due. */
const SPAN = 72;
const LATE = 10;
const LAST = at(SPAN + LATE + 26);

const times = { settleMs: 10 * MINUTE, reviseForMs: LATE * HOUR };
/** Of each kind one whose source tells when rows come in, and one whose source does not. */
const DATASETS = [
  events('logons', times),
  events('mails', {
    ...times,
    source: 'other',
    ingested: null,
    expectEvents: { atLeast: 1, everyMs: 6 * HOUR, during: null },
  }),
  records('cases', times),
  records('tickets', { ...times, source: 'other', ingested: null, closed: ['resolved', 'closed'] }),
  records('desk', {
    ...times,
    due: null,
    dueBy: { by: 'team', limits: { blue: 4 * HOUR, red: 20 * HOUR } },
    clock: {
      businessHours: {
        timeZone: 'Europe/Oslo',
        days: ['mon', 'tue', 'thu'],
        from: '05:30',
        to: '21:00',
        holidays: [],
      },
      pausedWhile: { op: 'test', field: 'kept', predicate: { kind: 'boolean', value: true } },
    },
  }),
];
const CONFIG = configOf(DATASETS, {
  maxBuckets: 40,
  // Read side by side, one of them in short ranges.
  sources: { memory: sourceOf('memory'), other: sourceOf('other', { maxRangeMs: 7 * HOUR }) },
});

const SHORT = { rolling: '6h', every: '1h' };
const LONG = { rolling: '30h', every: '3h' };
/** Holds whole days, which are kept merged. */
const THREE_DAYS = { rolling: '3d', every: '12h' };
const DAILY = { calendar: 'day', timeZone: 'Europe/Oslo' };
const targets = [{ from: '2026-03-03', onTarget: '<= 3', atRisk: '<= 5' }];
const ofLogons = (aggregate: unknown) => ({ x: { dataset: 'logons', aggregate } });
const failures = { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' };
const ofCases = (cohort: string, aggregate: unknown, more: object = {}) => ({
  dataset: 'cases',
  cohort,
  aggregate,
  ...more,
});

const ofDesk = (cohort: string, aggregate: unknown, more: object = {}) => ({
  ...ofCases(cohort, aggregate, more),
  dataset: 'desk',
});
const excluded = (from: number, to: number) => ({
  start: formatInstant(at(from)),
  end: formatInstant(at(to)),
  reason: 'maintenance',
  approver: 'ciso',
});

const DEFINITIONS: readonly KpiDefinition[] = [
  kpi({ id: 'count', measures: { failures }, window: SHORT, targets }),
  kpi({
    id: 'ratio',
    measures: { failures, all: { dataset: 'logons', aggregate: 'count' } },
    formula: '100.0 * failures / all',
    window: DAILY,
    targets,
    groupBy: ['team'],
    minimumSample: { measure: 'all', atLeast: 2 },
  }),
  kpi({
    id: 'sum',
    measures: ofLogons({ sum: 'ms' }),
    window: LONG,
    groupBy: ['team'],
    rollup: 'worst',
    targets,
  }),
  kpi({ id: 'mean', measures: ofLogons({ mean: 'ms' }), window: SHORT }),
  kpi({ id: 'max', measures: ofLogons({ max: 'ms' }), window: THREE_DAYS, targets }),
  kpi({ id: 'min', measures: ofLogons({ min: 'ms' }), window: { rolling: '1h', every: '15m' } }),
  kpi({
    id: 'distinct',
    measures: ofLogons({ distinct: 'user' }),
    window: LONG,
    groupBy: ['outcome'],
    maxGroups: 2,
  }),
  kpi({ id: 'percentile', measures: ofLogons({ percentile: 90, of: 'ms' }), window: DAILY }),
  kpi({
    id: 'across',
    measures: { failures, mails: { dataset: 'mails', where: { outcome: 'failure' }, aggregate: 'count' } },
    formula: 'failures + mails',
    window: LONG,
    targets,
    tolerate: { silent: '40%' },
  }),
  kpi({
    id: 'kept',
    measures: { kept: ofCases('closed', { share: { kept: true } }, { decidedWhen: { state: 'Closed' } }) },
    window: DAILY,
    groupBy: ['team'],
    targets: [{ from: '2026-01-01', onTarget: '>= 0.5' }],
  }),
  kpi({
    id: 'opened',
    measures: { n: ofCases('opened', 'count') },
    window: LONG,
    targets,
    groupBy: ['state'],
  }),
  kpi({
    id: 'within',
    measures: { n: ofCases('opened', { within: '5h' }, { followUp: '5h' }) },
    window: DAILY,
  }),
  kpi({ id: 'on-time', measures: { n: ofCases('due', 'within-due') }, window: DAILY }),
  kpi({
    id: 'duration',
    measures: { n: ofCases('opened', { duration: 'median', unit: 'hours' }) },
    window: LONG,
  }),
  kpi({ id: 'age', measures: { n: ofCases('open-at-end', { age: 'p90', unit: 'days' }) }, window: LONG }),
  kpi({
    id: 'backlog',
    measures: { n: { dataset: 'tickets', cohort: 'open-at-end', where: { kept: true }, aggregate: 'count' } },
    window: SHORT,
    targets,
  }),
  kpi({
    id: 'ended',
    measures: {
      n: { dataset: 'tickets', cohort: 'opened', aggregate: { count: { 'resolved|exists': true } } },
      all: { dataset: 'logons', aggregate: 'count' },
    },
    formula: 'n + all',
    window: DAILY,
  }),
  kpi({
    id: 'desk-time',
    measures: { n: ofDesk('opened', { duration: 'median', unit: 'hours' }) },
    window: LONG,
  }),
  kpi({
    id: 'desk-within',
    measures: { n: ofDesk('opened', { within: '5h' }, { followUp: '5h' }) },
    window: DAILY,
    exclusions: [excluded(20, 30)],
  }),
  kpi({
    id: 'desk-due',
    measures: { n: ofDesk('due', 'within-due'), all: ofDesk('due', 'count') },
    formula: 'n + all',
    window: SHORT,
  }),
  kpi({
    id: 'desk-age',
    measures: { n: ofDesk('open-at-end', { age: 'p90', unit: 'hours' }) },
    window: DAILY,
  }),
  kpi({
    id: 'excluded',
    measures: { failures, all: { dataset: 'logons', aggregate: 'count' } },
    formula: '100.0 * failures / all',
    window: LONG,
    groupBy: ['team'],
    exclusions: [excluded(7.25, 9), excluded(40, 41)],
  }),
  kpi({
    id: 'mailed',
    measures: {
      n: {
        dataset: 'logons',
        where: { mailed: { 'user|in': { dataset: 'mails', field: 'user' } }, condition: 'not mailed' },
        aggregate: { sum: 'ms' },
      },
    },
    window: LONG,
    groupBy: ['team'],
    tolerate: { silent: '100%' },
  }),
  kpi({
    id: 'native',
    measures: { n: { dataset: 'logons', query: { sql: 'SELECT 1' }, value: 'sum' } },
    window: DAILY,
  }),
];

const minute = (max: number) => fc.integer({ min: 0, max: max * 60 }).map((minutes) => minutes / 60);
const lateness = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0.001) },
  { weight: 1, arbitrary: minute(LATE) },
);

/** `in` is when it can be seen, `at` when it happened. */
const event: fc.Arbitrary<Row> = fc
  .record({
    hour: minute(SPAN),
    late: lateness,
    outcome: fc.constantFrom('failure', 'success', 'locked'),
    team: fc.constantFrom('blue', 'red', null, ['blue', 'red']),
    ms: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: -20, max: 99 }).map((n) => n / 10) },
      fc.constant('x'),
    ),
    user: fc.constantFrom('a', 'b', 'c', 'd'),
  })
  .map(({ hour, late, ...fields }) => ({ ...fields, at: at(hour), in: at(hour + late) }));

const maybe = (hour: fc.Arbitrary<number>) => fc.option(hour.map((time) => at(time)));
const version: fc.Arbitrary<Row> = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  v: fc.integer({ min: 0, max: 3 }),
  in: minute(SPAN).map((hour) => at(hour)),
  opened: maybe(minute(SPAN)),
  closed: maybe(minute(SPAN)),
  resolved: maybe(minute(SPAN)),
  due: maybe(minute(SPAN)),
  state: fc.constantFrom('New', 'Closed'),
  kept: fc.boolean(),
  team: fc.constantFrom('blue', 'red'),
});

interface Cycle {
  /** Hours since the one before. */
  readonly gap: number;
  /** The process begins anew over the same store. */
  readonly restart: boolean;
  /** Which calls of the source fail (0: none), and whether it stops the pass as a whole. */
  readonly fault: 'none' | 'slices' | 'revised' | 'records' | 'probe' | 'query' | 'stop';
  /** After so many calls. */
  readonly after: number;
}

const cycle: fc.Arbitrary<Cycle> = fc.record({
  gap: fc.oneof(fc.constant(1), minute(30)),
  restart: fc.boolean(),
  fault: fc.oneof(
    { weight: 3, arbitrary: fc.constant('none' as const) },
    fc.constantFrom('slices', 'revised', 'records', 'probe', 'query', 'stop'),
  ),
  after: fc.integer({ min: 0, max: 4 }),
});

const stream = fc.record({
  logons: fc.array(event, { maxLength: 30 }),
  mails: fc.array(event, { maxLength: 20 }),
  cases: fc.array(version, { maxLength: 16 }),
  tickets: fc.array(version, { maxLength: 12 }),
  desk: fc.array(version, { maxLength: 16 }),
});
type Stream = Readonly<Record<string, readonly Row[]>>;

/** What a source holds at an instant: what has come in before. */
const arrived = (rows: readonly Row[], now: Instant): Row[] =>
  rows.filter((row) => Number(row.in) < now).sort((a, b) => Number(a.in) - Number(b.in));

/** A source that answers queries, too. */
function newSource() {
  const source = memorySource();
  source.query = (_, rows) => ({ sum: rows.reduce((sum, { user }) => sum + String(user).charCodeAt(0), 0) });
  return source;
}

async function runCycles(store: Store, data: Stream, cycles: readonly Cycle[]): Promise<void> {
  const source = newSource();
  source.batchSize = 7;
  const start = () =>
    runLoop({ config: CONFIG, definitions: DEFINITIONS, store, connector: source.connector });
  let loop = start();
  let hours = 0;
  const pass = async (now: Instant, stop: AbortController) => {
    for (const [name, rows] of Object.entries(data)) source.replace(name, arrived(rows, now));
    await loop.pass(now, { from: at(0), signal: stop.signal });
  };
  for (const { gap, restart, fault, after } of cycles) {
    hours = Math.min(hours + gap, SPAN + LATE);
    if (restart) loop = start();
    const stop = new AbortController();
    let calls = 0;
    source.onCall = ({ kind }) => {
      calls++;
      if (fault === 'stop' && calls > after) stop.abort(new Error('stopped'));
      if (kind === fault && calls > after) throw unreachable();
    };
    await pass(at(hours), stop).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
  }
  source.onCall = () => {};
  await pass(LAST, new AbortController());
}

/** What results say, by KPI, group and window; a group that is gone says nothing. */
async function said(store: Store): Promise<Map<string, string>> {
  const all: [string, string][] = [];
  for (const { id } of DEFINITIONS) {
    for (const result of await store.results({ kpi: id })) {
      const { group, start, end, measures } = result;
      if (group !== null && Object.keys(measures).length === 0) continue;
      all.push([
        `${id} ${JSON.stringify(group)} ${(start - at(0)) / HOUR}-${(end - at(0)) / HOUR}`,
        told(result),
      ]);
    }
  }
  return new Map(all);
}

/** The KPI and window of such a name, without the group. */
const windowOf = (name: string) => name.replace(/ .* /, ' ');

const told = (result: Result) => {
  const { value, lower, upper, sample, undecided, quality, verdict, reason, final } = result;
  return JSON.stringify({ value, lower, upper, sample, undecided, quality, verdict, reason, final });
};

describe('results', () => {
  it('are those of one pass over everything, however it came and was read', async () => {
    await fc.assert(
      fc.asyncProperty(stream, fc.array(cycle, { minLength: 1, maxLength: 9 }), async (data, cycles) => {
        const [inCycles, atOnce] = [await openSqlite(':memory:'), await openSqlite(':memory:')];
        try {
          await runCycles(inCycles, data, cycles);
          await runCycles(atOnce, data, []);
          const [incremental, scratch] = [await said(inCycles), await said(atOnce)];
          // The first cycle may have begun a window earlier than is asked for.
          const windows = new Set([...scratch.keys()].map(windowOf));
          for (const key of incremental.keys()) if (!windows.has(windowOf(key))) incremental.delete(key);
          expect(incremental.size).toBeGreaterThan(200);
          const names = new Set([...incremental.keys(), ...scratch.keys()]);
          const other = [...names].filter((name) => incremental.get(name) !== scratch.get(name));
          const differences = other.map(
            (name) => `${name}: in cycles ${incremental.get(name)}, at once ${scratch.get(name)}`,
          );
          expect(differences).toEqual([]);
        } finally {
          await inCycles.close();
          await atOnce.close();
        }
      }),
      { numRuns: 24, interruptAfterTimeLimit: 30_000 },
    );
  });

  it('change only when a source says something else: a pass more changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(stream, fc.array(cycle, { maxLength: 3 }), async (data, cycles) => {
        const store = await openSqlite(':memory:');
        try {
          await runCycles(store, data, cycles);
          const before = await said(store);
          const source = newSource();
          for (const [name, rows] of Object.entries(data)) source.replace(name, arrived(rows, LAST));
          const { pass } = runLoop({
            config: CONFIG,
            definitions: DEFINITIONS,
            store,
            connector: source.connector,
          });
          expect(await pass(LAST)).toMatchObject({ results: 0, missingSlices: 0 });
          expect(await said(store)).toEqual(before);
        } finally {
          await store.close();
        }
      }),
      { numRuns: 5 },
    );
  });
});
