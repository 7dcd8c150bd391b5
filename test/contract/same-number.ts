/**
 * The same events give the same number, whatever source holds them: slices, groups and the results of KPIs, within
 * what docs promise of numbers (counts, extremes, exact distinct sets and sketches to the bit; sums and means within
 * 1e-9 of the sum of all magnitudes). The reference is the evaluator of the core, and the loop on rows in memory.
 * Another source joins by one line in `same-number.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filterFields } from '../../src/core/filter/bind.ts';
import { compileFilter, type RowTest } from '../../src/core/filter/evaluate.ts';
import type { FieldValue, Filter, Row } from '../../src/core/filter/model.ts';
import { parseFilter } from '../../src/core/filter/parse.ts';
import { canonicalText, numericValue } from '../../src/core/filter/value.ts';
import { talliesOfRows } from '../../src/core/measure/fold.ts';
import type { Gamma } from '../../src/core/measure/sketch.ts';
import { exactValue } from '../../src/core/measure/sum.ts';
import type { Aggregate, Tallies } from '../../src/core/measure/tally.ts';
import { DAY, type Instant } from '../../src/core/time/interval.ts';
import { sliceStart } from '../../src/core/time/slice.ts';
import type { MeasureRequest, SliceReading } from '../../src/ports/connector.ts';
import { readSlices } from '../fakes/asking.ts';
import type { ConnectorHarness, ContractSource } from './connector-harness.ts';
import { type Corpus, corpora } from './same-number-corpora.ts';
import { expectClose, inMemory, measure, restOf } from './same-number-kpis.ts';

export interface Voice {
  readonly name: string;
  readonly harness: ConnectorHarness;
}

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
          ({ where, aggregate }) =>
            !harness.refuses(where) &&
            !(harness.refusesAggregate?.(aggregate) ?? false) &&
            filterFields(where).every((field) => known.has(field)),
        );
        expect(measures.length).toBeGreaterThan(MEASURES.length / 2);
        // Half way through, some of what is late has not come in.
        for (const asOf of [corpus.range.end + 30 * DAY, (corpus.range.start + corpus.range.end) / 2]) {
          const readings = await readSlices(source.connector, {
            dataset: source.events,
            grain: corpus.grain,
            range: corpus.range,
            asOf,
            measures,
          });
          expect(readings.length).toBe((corpus.range.end - corpus.range.start) / corpus.grain);
          const reference = referenceOf(corpus, asOf, harness.gamma ?? '1%');
          for (const reading of readings) expectSlice(reading, measures, reference);
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

/** What had come in before asOf. */
function rowsBySlice({ events, grain }: Corpus, asOf: number): ReadonlyMap<number, Row[]> {
  const known = events.filter(({ times }) => (times['event.ingested'] ?? 0) < asOf);
  const bySlice = Map.groupBy(known, ({ times }) => sliceStart(times['@timestamp'] ?? 0, grain));
  return new Map([...bySlice].map(([start, rows]) => [start, rows.map(({ fields }) => fields)]));
}

interface Reference {
  events(start: Instant): number;
  tallies(start: Instant, measure: MeasureRequest): { expected: Tallies; magnitude: number };
}

const references = new Map<string, Reference>();

/** What the core's own functions count, once for all voices. */
function referenceOf(corpus: Corpus, asOf: Instant, gamma: Gamma): Reference {
  const name = `${corpus.name} ${asOf} ${gamma}`;
  const known = references.get(name);
  if (known !== undefined) return known;
  const bySlice = rowsBySlice(corpus, asOf);
  const counted = new Map<string, ReturnType<Reference['tallies']>>();
  const made: Reference = {
    events: (start) => bySlice.get(start)?.length ?? 0,
    tallies: (start, { id, where, aggregate, groupBy }) => {
      const key = `${start} ${id}`;
      const before = counted.get(key);
      if (before !== undefined) return before;
      const matched = (bySlice.get(start) ?? []).filter(testOf(where));
      const expected = talliesOfRows(aggregate, matched, groupBy, { gamma });
      const one = { expected, magnitude: magnitudeOf(matched, aggregate) };
      counted.set(key, one);
      return one;
    },
  };
  references.set(name, made);
  return made;
}

function expectSlice(reading: SliceReading, measures: readonly MeasureRequest[], reference: Reference): void {
  const at = new Date(reading.start).toISOString();
  expect(reading.events, at).toBe(reference.events(reading.start));
  expect([reading.quality, reading.notes, reading.overflow], at).toEqual(['complete', [], []]);
  for (const measure of measures) {
    const { expected, magnitude } = reference.tallies(reading.start, measure);
    expectTallies(reading.tallies[measure.id] ?? {}, expected, magnitude, () => {
      const { where, aggregate, groupBy } = measure;
      return `${at} ${JSON.stringify({ where, aggregate, groupBy })}`;
    });
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

function expectTallies(actual: Tallies, expected: Tallies, magnitude: number, label: () => string): void {
  const rest = (tallies: Tallies) =>
    Object.entries(tallies).map(([key, { sum: _, ...others }]) => [key, others]);
  expect(Object.fromEntries(rest(actual)), label()).toEqual(Object.fromEntries(rest(expected)));
  for (const [key, { sum = [] }] of Object.entries(expected)) {
    const difference = Math.abs(exactValue(actual[key]?.sum ?? []) - exactValue(sum));
    if (difference > 1e-9 * magnitude) expect.fail(`${label()} ${key}: the sums differ by ${difference}`);
  }
}

function textsOf(value: FieldValue): string[] {
  const list = typeof value === 'object' && value !== null ? value : [value];
  return list.flatMap((item) => (item === null || item === undefined ? [] : [canonicalText(item)])).sort();
}
