/** What the killed process works on: the same data, definitions and steps in every life, from a fixed seed. */
import type { KpiDefinition } from '../../src/core/definition/model.ts';
import type { Row } from '../../src/core/filter/model.ts';
import { HOUR, type Instant, MINUTE } from '../../src/core/time/interval.ts';
import { configOf, events, kpi, records } from '../fakes/loop.ts';

const START = Date.UTC(2026, 2, 2);
const HOURS = 400;

/** The clock's steps: every hour, so that each of them has a slice to read. */
export const STEPS: readonly Instant[] = Array.from(
  { length: HOURS },
  (_, hour) => START + (hour + 1) * HOUR,
);

const times = { settleMs: 0, reviseForMs: 12 * HOUR };
export const DATASETS = [
  events('logons', times),
  events('mails', { ...times, ingested: null }),
  records('cases', times),
  records('tickets', { ...times, ingested: null }),
];
export const CONFIG = configOf(DATASETS, { maxBuckets: 12 });

const failures = { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' };
const daily = { calendar: 'day', timeZone: 'Europe/Oslo' };
export const DEFINITIONS: readonly KpiDefinition[] = [
  kpi({ id: 'failures', measures: { failures }, window: { rolling: '1h', every: '1h' } }),
  kpi({
    id: 'ratio',
    measures: { failures, all: { dataset: 'logons', aggregate: 'count' } },
    formula: '100.0 * failures / all',
    groupBy: ['team'],
    window: { rolling: '24h', every: '1h' },
    targets: [{ from: '2026-01-01', onTarget: '<= 50' }],
  }),
  kpi({ id: 'time', measures: { ms: { dataset: 'mails', aggregate: { mean: 'ms' } } }, window: daily }),
  kpi({
    id: 'kept',
    measures: {
      kept: {
        dataset: 'cases',
        cohort: 'closed',
        aggregate: { share: { kept: true } },
        decidedWhen: { state: 'Closed' },
      },
    },
    groupBy: ['team'],
    window: daily,
  }),
  kpi({
    id: 'backlog',
    measures: { n: { dataset: 'tickets', cohort: 'open-at-end', aggregate: 'count' } },
    window: { rolling: '6h', every: '3h' },
  }),
];

/** Numbers from 0 to below 1 (mulberry32, public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** All rows by dataset, in the order in which they come in (`in`). */
export function makeRows(): Readonly<Record<string, readonly Row[]>> {
  const random = randomFrom(9);
  const oneOf = <T>(...values: readonly [T, ...T[]]): T =>
    values[Math.floor(random() * values.length)] ?? values[0];
  const any = <T>(count: number, make: (at: Instant) => T): T[] =>
    Array.from({ length: count }, () => make(START + Math.floor(random() * HOURS * HOUR)));
  const late = () => (random() < 0.15 ? random() * 11 * HOUR : random() * MINUTE);
  const event = (at: Instant): Row => ({
    at,
    in: at + Math.floor(late()),
    outcome: oneOf('failure', 'success'),
    team: oneOf('blue', 'red', 'green'),
    ms: Math.floor(random() * 1000) / 10,
  });
  const versions = (opened: Instant): Row[] => {
    const id = `case ${opened}`;
    const closed = opened + Math.floor(random() * 60 * HOUR);
    const common = { id, opened, due: null, team: oneOf('blue', 'red') };
    return [
      { ...common, v: 1, in: opened, closed: null, state: 'New', kept: true },
      { ...common, v: 2, in: closed, closed, state: 'Resolved', kept: true },
      { ...common, v: 3, in: closed + 30 * HOUR, closed, state: 'Closed', kept: random() < 0.6 },
    ];
  };
  const sorted = (rows: readonly Row[]) => [...rows].sort((a, b) => Number(a.in) - Number(b.in));
  return {
    logons: sorted(any(3_000, event)),
    mails: sorted(any(1_500, event)),
    cases: sorted(any(150, versions).flat()),
    tickets: sorted(any(60, versions).flat()),
  };
}
