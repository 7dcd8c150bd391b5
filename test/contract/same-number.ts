/**
 * The same events give the same number, whatever source holds them: slices, groups and the results of KPIs, within
 * what docs promise of numbers (counts, extremes, exact distinct sets and sketches to the bit; sums and means within
 * 1e-9 of the sum of all magnitudes). The reference is the evaluator of the core, and the loop on rows in memory.
 * Another source joins by one line in `same-number.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/config/model.ts';
import type { KpiDefinition } from '../../src/core/definition/model.ts';
import { filterFields } from '../../src/core/filter/bind.ts';
import { compileFilter, type RowTest } from '../../src/core/filter/evaluate.ts';
import type { FieldValue, Filter, Row } from '../../src/core/filter/model.ts';
import { parseFilter } from '../../src/core/filter/parse.ts';
import { canonicalText, numericValue } from '../../src/core/filter/value.ts';
import { talliesOfRows } from '../../src/core/measure/fold.ts';
import { exactValue } from '../../src/core/measure/sum.ts';
import type { Aggregate, Tallies } from '../../src/core/measure/tally.ts';
import type { Result } from '../../src/core/result/model.ts';
import { DAY, formatDuration, HOUR } from '../../src/core/time/interval.ts';
import { sliceStart } from '../../src/core/time/slice.ts';
import type { MeasureRequest, SliceReading } from '../../src/ports/connector.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { configOf, kpi, runLoop, sourceOf } from '../fakes/loop.ts';
import type { ConnectorHarness, ContractSource } from './connector-harness.ts';
import { memoryHarness } from './harness-memory.ts';
import { type Corpus, corpora } from './same-number-corpora.ts';

export interface Voice {
  readonly name: string;
  readonly harness: ConnectorHarness;
}

const NEVER = new AbortController().signal;

const WHERE: readonly unknown[] = [
  { 'event.action|exists': true },
  { 'event.action': ['logon', 'Resolved', '*\\svchost.exe'] },
  { 'event.action|contains': ['o', 'Ä'] },
  { 'event.action|startswith|cased': ['L', 'C:\\Windows', 'New'] },
  { 'event.code': [4625, 4624, 46] },
  { 'user.name': ['alice', 'SYSTEM', 'group 24'] },
  { 'user.name|endswith': ['$', '5'], flag: true },
  { 'user.name|neq': 'bob' },
  { sel: { 'event.action|re': '^[A-Za-z]{3,6}$' }, none: { 'user.name': null }, condition: 'sel or none' },
  {
    sel: { 'event.action|exists': true },
    filter: { tags: ['a', 'INFO', '*7'] },
    condition: 'sel and not filter',
  },
  { 'http.bytes|gte': 1, 'http.bytes|lt': 5_000 },
  { 'source.ip|cidr': ['10.0.0.0/8', '172.18.39.0/24'] },
];

const FILTERS: readonly Filter[] = [{ op: 'everything' }, ...WHERE.map(filterOf)];
const AGGREGATES: readonly Aggregate[] = [
  { type: 'count' },
  { type: 'sum', field: 'http.bytes' },
  { type: 'mean', field: 'http.bytes' },
  { type: 'min', field: 'http.bytes' },
  { type: 'max', field: 'http.bytes' },
  { type: 'percentile', field: 'http.bytes', percentile: 95 },
  { type: 'distinct', field: 'user.name' },
];
const GROUPINGS: readonly (readonly string[])[] = [[], ['event.action'], ['user.name'], ['tags', 'flag']];

function filterOf(where: unknown): Filter {
  const parsed = parseFilter(where);
  if ('filter' in parsed) return parsed.filter;
  throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
}

/** Every filter and aggregate, in all groupings by turns. */
const MEASURES: readonly MeasureRequest[] = [
  ...FILTERS.flatMap((where, f) =>
    [0, 1].map((more) => ({
      where,
      aggregate: AGGREGATES[(f + more * 3) % AGGREGATES.length] ?? { type: 'count' as const },
      groupBy: GROUPINGS[(f + more) % GROUPINGS.length] ?? [],
    })),
  ),
  ...AGGREGATES.flatMap((aggregate) =>
    GROUPINGS.map((groupBy) => ({ where: FILTERS[0] ?? filterOf({}), aggregate, groupBy })),
  ),
].map((measure, i) => ({ ...measure, id: `m${i}` }));

export async function sameNumber(voices: readonly Voice[]): Promise<void> {
  const all = await corpora();
  describe.each(voices)('$name says the same as the reference', ({ harness }) => {
    let source: ContractSource;
    beforeAll(async () => {
      source = await harness.create();
    });
    afterAll(() => source.close());

    describe.each(all)('of $name', (corpus) => {
      beforeAll(async () => {
        await source.replace(source.events, corpus.events);
        if (corpus.records.length > 0) await source.replace(source.records, corpus.records);
      }, 120_000);

      it('the events are held alike, so that they can be', () => {
        for (const { fields } of [...corpus.events, ...corpus.records]) {
          for (const [field, value] of Object.entries(fields))
            expect(textsOf(harness.hold(field, value)), field).toEqual(textsOf(value));
        }
      });

      it('in every slice and group', async () => {
        const known = new Set(corpus.events.flatMap(({ fields }) => Object.keys(fields)));
        const measures = MEASURES.filter(
          ({ where }) => !harness.refuses(where) && filterFields(where).every((field) => known.has(field)),
        );
        expect(measures.length).toBeGreaterThan(MEASURES.length / 2);
        // Half way through, some of what is late has not come in.
        for (const asOf of [corpus.range.end + 30 * DAY, (corpus.range.start + corpus.range.end) / 2]) {
          const readings = await read(source, corpus, measures, asOf);
          expect(readings.length).toBe((corpus.range.end - corpus.range.start) / corpus.grain);
          const bySlice = rowsBySlice(corpus, asOf);
          for (const reading of readings)
            expectSlice(reading, bySlice.get(reading.start) ?? [], measures, harness);
        }
      }, 120_000);

      it('in the results of KPIs', async () => {
        const results = await measure(source, corpus);
        const reference = await inMemory(corpus);
        const valued = [...reference.values()].filter(({ value }) => value !== null);
        expect(valued.length).toBeGreaterThan(20);
        expect([...results.keys()].sort()).toEqual([...reference.keys()].sort());
        for (const [place, expected] of reference) {
          const coarse = place.startsWith('p90') && harness.gamma === '5%';
          const actual = results.get(place);
          for (const part of ['value', 'lower', 'upper'] as const)
            expectClose(actual?.[part] ?? null, expected[part], coarse ? 0.11 : 1e-9, `${part} of ${place}`);
          expect(restOf(actual), place).toEqual(restOf(expected));
        }
      }, 120_000);
    });
  });
}

async function read(
  { connector, events: dataset }: ContractSource,
  { range, grain }: Corpus,
  measures: readonly MeasureRequest[],
  asOf: number,
): Promise<SliceReading[]> {
  const { types } = await connector.probe(dataset, NEVER);
  const request = { dataset, types, grain, range, asOf, measures, maxGroups: 5_000, maxDistinct: 10_000 };
  const readings: SliceReading[] = [];
  for await (const batch of connector.readSlices(request, NEVER)) readings.push(...batch.readings);
  return readings;
}

/** What had come in before asOf. */
function rowsBySlice({ events, grain }: Corpus, asOf: number): ReadonlyMap<number, Row[]> {
  const known = events.filter(({ times }) => (times['event.ingested'] ?? 0) < asOf);
  const bySlice = Map.groupBy(known, ({ times }) => sliceStart(times['@timestamp'] ?? 0, grain));
  return new Map([...bySlice].map(([start, rows]) => [start, rows.map(({ fields }) => fields)]));
}

function expectSlice(
  reading: SliceReading,
  rows: readonly Row[],
  measures: readonly MeasureRequest[],
  { gamma = '1%' }: ConnectorHarness,
): void {
  const at = new Date(reading.start).toISOString();
  expect(reading.events, at).toBe(rows.length);
  expect([reading.quality, reading.notes, reading.overflow], at).toEqual(['complete', [], []]);
  for (const { id, where, aggregate, groupBy } of measures) {
    const matched = rows.filter(testOf(where));
    const expected = talliesOfRows(aggregate, matched, groupBy, { gamma });
    const label = `${at} ${JSON.stringify({ where, aggregate, groupBy })}`;
    expectTallies(reading.tallies[id] ?? {}, expected, magnitudeOf(matched, aggregate), label);
  }
}

const tests = new Map<Filter, RowTest>();

/** Compiled once, not once a slice. */
function testOf(where: Filter): RowTest {
  const known = tests.get(where) ?? compileFilter(where);
  tests.set(where, known);
  return known;
}

/** The sum of all magnitudes: what rounding is measured by. */
function magnitudeOf(rows: readonly Row[], aggregate: Aggregate): number {
  if (aggregate.type === 'count') return 0;
  return rows.reduce((sum, row) => {
    const value = row[aggregate.field];
    return typeof value === 'number' || typeof value === 'string'
      ? sum + Math.abs(numericValue(value) ?? 0)
      : sum;
  }, 0);
}

function expectTallies(actual: Tallies, expected: Tallies, magnitude: number, label: string): void {
  expect(Object.keys(actual).sort(), label).toEqual(Object.keys(expected).sort());
  for (const [key, { sum: expectedSum, ...expectedRest }] of Object.entries(expected)) {
    const { sum, ...rest } = actual[key] ?? { n: -1 };
    expect(rest, `${label} ${key}`).toEqual(expectedRest);
    const difference = Math.abs(exactValue(sum ?? []) - exactValue(expectedSum ?? []));
    expect(difference, `${label} ${key}`).toBeLessThanOrEqual(1e-9 * magnitude);
  }
}

type Said = ReadonlyMap<string, Result>;
const references = new Map<string, Promise<Said>>();

/** What the loop says of rows in memory, which the core's own functions count: once a corpus. */
function inMemory(corpus: Corpus): Promise<Said> {
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
async function measure(source: ContractSource, corpus: Corpus): Promise<Said> {
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

const restOf = (result: Result | undefined) => {
  const { sample, quality, verdict, reason, final } = result ?? {};
  return { sample, quality, verdict, reason, final };
};

function expectClose(actual: number | null, expected: number | null, share: number, label: string): void {
  if (actual === null || expected === null) expect(actual, label).toBe(expected);
  else expect(Math.abs(actual - expected), label).toBeLessThanOrEqual(share * Math.abs(expected) + 1e-9);
}

function textsOf(value: FieldValue): string[] {
  const list = typeof value === 'object' && value !== null ? value : [value];
  return list.flatMap((item) => (item === null || item === undefined ? [] : [canonicalText(item)])).sort();
}
