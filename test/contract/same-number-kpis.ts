/** What the loop says of a corpus: the results of KPIs on a source, and of the same KPIs on rows in memory. */
import { expect } from 'vitest';
import type { Dataset } from '../../src/config/model.ts';
import type { KpiDefinition } from '../../src/core/definition/model.ts';
import type { Result } from '../../src/core/result/model.ts';
import { DAY, formatDuration, HOUR } from '../../src/core/time/interval.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { configOf, kpi, runLoop, sourceOf } from '../fakes/loop.ts';
import type { ContractSource } from './connector-harness.ts';
import { memoryHarness } from './harness-memory.ts';
import type { Corpus } from './same-number-corpora.ts';

export type Said = ReadonlyMap<string, Result>;
const references = new Map<string, Promise<Said>>();

/** What the loop says of rows in memory, which the core's own functions count: once a corpus. */
export function inMemory(corpus: Corpus): Promise<Said> {
  const known = references.get(corpus.name) ?? measureInMemory(corpus);
  references.set(corpus.name, known);
  return known;
}

async function measureInMemory(corpus: Corpus): Promise<Said> {
  const memory = await memoryHarness.create();
  await memory.replace(memory.events, corpus.events);
  await memory.replace(memory.records, corpus.records);
  return measure(memory, corpus);
}

/** One pass of the loop over all that there is. */
export async function measure(source: ContractSource, corpus: Corpus): Promise<Said> {
  const name = 'voice';
  const over = <T extends Dataset>(dataset: T): T => ({
    ...dataset,
    source: name,
    settleMs: 0,
    reviseForMs: 0,
  });
  const config = configOf([over(source.events), over(source.records)], {
    sources: { [name]: sourceOf(name) },
    startFrom: corpus.range.start,
  });
  const definitions = definitionsFor(source, corpus);
  const store = await openSqlite(':memory:');
  try {
    const { pass, warnings } = runLoop({ config, definitions, store, connector: source.connector });
    await pass(corpus.range.end + 7 * HOUR, { from: corpus.range.start });
    expect(warnings).toEqual([]);
    const results = await Promise.all(definitions.map(({ id }) => store.results({ kpi: id })));
    return new Map(results.flat().map((result) => [placeOf(result), result]));
  } finally {
    await store.close();
  }
}

function definitionsFor(
  { events, records }: ContractSource,
  { range, records: cases }: Corpus,
): KpiDefinition[] {
  const length = range.end - range.start > DAY ? DAY : range.end - range.start > HOUR ? HOUR : HOUR / 12;
  const window = { rolling: formatDuration(length), every: formatDuration(length) };
  const common = { window, maxGroups: 1_000, targets: [{ from: '2016-01-01', onTarget: '<= 40' }] };
  const dataset = events.name;
  const some = { dataset, where: { 'event.action|contains': 'o' }, aggregate: 'count' };
  const ofCases = (id: string, measure: object, groupBy: readonly string[] = []) =>
    kpi({ id, ...common, groupBy, measures: { m: { dataset: records.name, ...measure } } });
  return [
    kpi({
      id: 'share',
      ...common,
      measures: { some, all: { dataset, aggregate: 'count' } },
      formula: '100.0 * some / all',
      groupBy: ['user.name'],
    }),
    kpi({ id: 'users', ...common, measures: { m: { dataset, aggregate: { distinct: 'user.name' } } } }),
    kpi({
      id: 'mean',
      ...common,
      measures: { m: { dataset, aggregate: { mean: 'http.bytes' } } },
      groupBy: ['flag'],
    }),
    kpi({
      id: 'p90',
      ...common,
      measures: { m: { dataset, aggregate: { percentile: 90, of: 'http.bytes' } } },
    }),
    ...(cases.length === 0
      ? []
      : [
          ofCases('closed', { cohort: 'closed', aggregate: 'count', where: { state: 'Closed' } }, [
            'team.name',
          ]),
          ofCases('within', { cohort: 'opened', followUp: '4h', aggregate: { within: '4h' } }),
          ofCases('backlog', { cohort: 'open-at-end', aggregate: 'count' }, ['priority']),
          ofCases('median', { cohort: 'opened', aggregate: { duration: 'median', unit: 'hours' } }),
        ]),
  ];
}

const placeOf = ({ kpi: id, group, start, end }: Result): string =>
  `${id} ${JSON.stringify(group)} ${new Date(start).toISOString()} ${new Date(end).toISOString()}`;

export const restOf = (result: Result | undefined) => {
  const { sample, quality, verdict, reason, final } = result ?? {};
  return { sample, quality, verdict, reason, final };
};

export function expectClose(
  actual: number | null,
  expected: number | null,
  share: number,
  label: string,
): void {
  if (actual === null || expected === null) expect(actual, label).toBe(expected);
  else expect(Math.abs(actual - expected), label).toBeLessThanOrEqual(share * Math.abs(expected) + 1e-9);
}
