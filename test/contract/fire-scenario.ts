/** What the loop reads under fire: slices, groups, late events, records, a list and a native query, over three hours. */
import type { Config, Dataset } from '../../src/config/model.ts';
import type { KpiDefinition } from '../../src/core/definition/model.ts';
import { HOUR, type Instant } from '../../src/core/time/interval.ts';
import { configOf, kpi, sourceOf } from '../fakes/loop.ts';
import type { ContractSource, NativeQueries, StoredRow } from './connector-harness.ts';

export interface ScenarioSource extends Pick<ContractSource, 'events' | 'records' | 'snapshot' | 'replace'> {
  readonly native: Pick<NativeQueries, 'language' | 'count'>;
}

export const START = Date.UTC(2026, 2, 29);
const HOURS = 3;
/** The passes: one, and another after two hours that nobody ran it. */
export const PASSES: readonly Instant[] = [1, HOURS].map((hour) => START + hour * HOUR);
/** The pass after the faults, before another window ends. */
export const AFTER = START + (HOURS + 0.5) * HOUR;

/** Three logons an hour; each hour's last one comes in when the next hour is nearly over. */
const LOGONS: readonly StoredRow[] = Array.from({ length: 3 * HOURS }, (_, index) => {
  const time = START + Math.floor(index / 3) * HOUR + (index % 3) * 900_000;
  return {
    times: { '@timestamp': time, 'event.ingested': time + (index % 3 === 2 ? HOUR : 1_000) },
    fields: {
      'event.action': index % 4 === 0 ? 'failure' : 'success',
      'user.name': index % 2 === 0 ? 'alice' : 'bob',
      'http.bytes': index + 0.5,
    },
  };
});

const CASES: readonly StoredRow[] = Array.from({ length: HOURS }, (_, index) => {
  const opened = START + index * HOUR + 60_000;
  const closed = index % 2 === 0 ? opened + HOUR / 2 : null;
  return {
    times: { opened, closed, due: opened + HOUR, updated: (closed ?? opened) + 1_000 },
    fields: { id: `case ${index}`, revision: 1, state: closed === null ? 'New' : 'Closed' },
  };
});

export async function fill(source: ScenarioSource): Promise<void> {
  await source.replace(source.events, LOGONS);
  await source.replace(source.records, CASES);
  await source.replace(source.snapshot, [{ times: {}, fields: { 'user.name': 'alice' } }]);
}

/** Its windows need a list that was known at their end: what was not read then stays missing. */
export const LISTED = 'listed';

export function definitionsFor({ events, records, snapshot, native }: ScenarioSource): KpiDefinition[] {
  const { name: dataset } = events;
  const hourly = {
    window: { rolling: '1h', every: '1h' },
    targets: [{ from: '2026-01-01', onTarget: '<= 40' }],
  };
  const of = (id: string, measure: object) => kpi({ id, measures: { m: measure }, ...hourly });
  const failed = { dataset, where: { 'event.action': 'failure' }, aggregate: 'count' };
  const all = { dataset, aggregate: 'count' };
  return [
    kpi({
      id: 'share',
      measures: { failed, all },
      formula: '100.0 * failed / all',
      groupBy: ['user.name'],
      ...hourly,
    }),
    of('bytes', { dataset, aggregate: { sum: 'http.bytes' } }),
    of('opened', { dataset: records.name, cohort: 'opened', aggregate: 'count' }),
    of(LISTED, { ...all, where: { 'user.name|in': { dataset: snapshot.name, field: 'user.name' } } }),
    of('native', { dataset, query: { [native.language]: native.count }, value: 'n' }),
  ];
}

/** One search an hour of data, so that catching up takes several. */
export function configFor({ events, records, snapshot }: ScenarioSource, limits: object): Config {
  const { name } = sourceOf('fire');
  const over = <T extends Dataset>(dataset: T): T => ({ ...dataset, source: name, settleMs: 0 });
  const reviseForMs = 6 * HOUR;
  return configOf(
    [
      { ...over(events), reviseForMs },
      { ...over(records), reviseForMs },
      { ...over(snapshot), everyMs: HOUR },
    ],
    { sources: { [name]: sourceOf(name, { maxRangeMs: HOUR, ...limits }) } },
  );
}
