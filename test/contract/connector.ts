/**
 * What every connector must do, whatever its source: read slices, groups, records and lists as the reference
 * evaluator in core would, say what it left out, find what changed, and stop when told. A connector's own test
 * calls `connectorContract` with a harness that puts rows into its source.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventsDataset } from '../../src/config/model.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { compileFilter } from '../../src/core/filter/evaluate.ts';
import { EVERYTHING, type Filter, type Row } from '../../src/core/filter/model.ts';
import { talliesOfRows } from '../../src/core/measure/fold.ts';
import type { RecordVersion } from '../../src/core/measure/record.ts';
import { exactValue } from '../../src/core/measure/sum.ts';
import type { Tallies, Tally } from '../../src/core/measure/tally.ts';
import { HOUR, type Instant, MINUTE } from '../../src/core/time/interval.ts';
import type {
  FieldTypes,
  KnownSlice,
  MeasureRequest,
  RecordBatch,
  SliceBatch,
  SliceReading,
} from '../../src/ports/connector.ts';
import { AGGREGATES, anyFilter, anyRows, FILTERS, GROUPINGS, ROWS, START } from './connector-data.ts';
import { filterContract } from './connector-filters.ts';
import type { ConnectorHarness, ContractSource, StoredRow } from './connector-harness.ts';
import { lookContract } from './connector-look.ts';
import { nativeContract } from './connector-native.ts';
import { qualityContract } from './connector-quality.ts';

const NEVER = new AbortController().signal;
/** Later than any row came in. */
const LATE = START + 1_000 * HOUR;
const RANGE = { start: START, end: START + 6 * HOUR };

export function connectorContract(name: string, harness: ConnectorHarness): void {
  const gamma = { gamma: harness.gamma ?? '1%' } as const;
  let source: ContractSource;
  beforeAll(async () => {
    source = await harness.create();
  });
  afterAll(() => source.close());

  const arrives = harness.arrives ?? ((time: Instant) => time);
  const held = (row: StoredRow): Row =>
    Object.fromEntries(
      Object.entries(row.fields).map(([field, value]) => [field, harness.hold(field, value)]),
    );

  const expectedTallies = (rows: readonly StoredRow[], start: Instant, measure: MeasureRequest): Tallies => {
    const inSlice = rows.filter(({ times }) => sliceOf(times['@timestamp']) === start).map(held);
    const matched = inSlice.filter(compileFilter(measure.where));
    return talliesOfRows(measure.aggregate, matched, measure.groupBy, gamma);
  };

  const expectSame = (
    readings: readonly SliceReading[],
    rows: readonly StoredRow[],
    measures: readonly MeasureRequest[],
  ) => {
    expect(readings.map(({ start }) => start)).toEqual(starts());
    for (const reading of readings) {
      const events = rows.filter(({ times }) => sliceOf(times['@timestamp']) === reading.start).length;
      expect(reading.events, `events at ${reading.start}`).toBe(events);
      expect(reading.overflow).toEqual([]);
      for (const measure of measures) {
        const label = `${JSON.stringify(measure)} at ${reading.start}`;
        expectTallies(
          reading.tallies[measure.id] ?? {},
          expectedTallies(rows, reading.start, measure),
          label,
        );
      }
    }
  };

  const answerable = (measures: readonly MeasureRequest[]) =>
    measures.filter(
      ({ where, aggregate }) => !harness.refuses(where) && harness.refusesAggregate?.(aggregate) !== true,
    );

  describe(`${name}: slices`, () => {
    beforeAll(() => source.replace(source.events, ROWS));

    it('are what the reference counts, for every kind of filter', async () => {
      const measures = answerable(
        FILTERS.map((where, i) => ({ id: String(i), where, aggregate: { type: 'count' }, groupBy: [] })),
      );
      const { readings } = await readAll(source, measures);
      expectSame(readings, ROWS, measures);
    });

    it('are what the reference computes, for every aggregate in every grouping', async () => {
      const where: Filter = {
        op: 'not',
        of: {
          op: 'test',
          field: 'event.action',
          predicate: { kind: 'text', pattern: [{ literal: 'LOGOFF' }], cased: false },
        },
      };
      const measures = answerable(
        GROUPINGS.flatMap((groupBy, g) =>
          AGGREGATES.flatMap((aggregate, a) => [
            { id: `${g} ${a} all`, where: EVERYTHING, aggregate, groupBy },
            { id: `${g} ${a} some`, where, aggregate, groupBy },
          ]),
        ),
      );
      const { readings } = await readAll(source, measures);
      expectSame(readings, ROWS, measures);
    });

    it('come each exactly once and in a bounded batch, also those without events', async () => {
      const range = { start: START - 3_000 * HOUR, end: START + 3_000 * HOUR };
      const seen: Instant[] = [];
      for await (const batch of source.connector.readSlices(
        { ...requestOf(source, await typesOf(source), [count()]), range },
        NEVER,
      )) {
        expect(batch.readings.length).toBeLessThanOrEqual(2_000);
        expect(batch.evidence.query).not.toBe('');
        seen.push(...batch.readings.map(({ start }) => start));
      }
      expect(seen).toEqual(Array.from({ length: 6_000 }, (_, i) => range.start + i * HOUR));
    });

    it('hold for random rows and random filters', async () => {
      await fc.assert(
        fc.asyncProperty(
          anyRows,
          fc.array(anyFilter, { minLength: 12, maxLength: 24 }),
          fc.constantFrom(LATE, START + 2 * HOUR, START + 3 * HOUR + 1),
          async (rows, filters, asOf) => {
            await source.replace(source.events, rows);
            const measures = answerable(
              filters.map((where, i) => ({
                id: String(i),
                where,
                aggregate: AGGREGATES[i % AGGREGATES.length] ?? { type: 'count' },
                groupBy: GROUPINGS[i % GROUPINGS.length] ?? [],
              })),
            );
            const { readings } = await readAll(source, measures, { asOf });
            const known = rows.filter(({ times }) => arrives(times['event.ingested'] ?? 0) < asOf);
            expectSame(readings, known, measures);
          },
        ),
        { numRuns: 8 },
      );
      await source.replace(source.events, ROWS);
    });

    it('refuse, by a sentence, a filter or an aggregate that the source cannot answer exactly', async () => {
      const refused = [
        ...FILTERS.filter((where) => harness.refuses(where)).map((where) => ({ ...count(), where })),
        ...AGGREGATES.filter((aggregate) => harness.refusesAggregate?.(aggregate) === true).map(
          (aggregate) => ({ ...count(), aggregate }),
        ),
      ];
      for (const measure of refused) {
        const reading = readAll(source, [measure]);
        await expect(reading).rejects.toBeInstanceOf(ConnectorError);
        await expect(reading).rejects.toMatchObject({ retryable: false });
      }
    });

    it('say which measures have too many groups, and keep no part of them', async () => {
      const grouped: MeasureRequest = { ...count(), id: 'wide', groupBy: ['user.name'] };
      const groups = starts().map((start) => Object.keys(expectedTallies(ROWS, start, grouped)).length);
      const maxGroups = Math.max(...groups) - 1;
      const { readings } = await readAll(source, [grouped, { ...count(), id: 'total' }], { maxGroups });
      for (const [i, reading] of readings.entries()) {
        const wide = (groups[i] ?? 0) > maxGroups;
        expect(reading.overflow).toEqual(wide ? ['wide'] : []);
        expect(Object.keys(reading.tallies.wide ?? {})).toHaveLength(wide ? 0 : (groups[i] ?? 0));
      }
    });

    it('estimate a distinct set beyond the limit', async () => {
      const measure: MeasureRequest = { ...count(), aggregate: { type: 'distinct', field: 'user.name' } };
      const { readings } = await readAll(source, [measure], { maxDistinct: 2 });
      for (const reading of readings) {
        const rows = ROWS.filter(({ times }) => sliceOf(times['@timestamp']) === reading.start).map(held);
        expect(reading.tallies.count).toEqual(talliesOfRows(measure.aggregate, rows, [], { maxDistinct: 2 }));
      }
    });
  });

  describe(`${name}: late data`, () => {
    // The very instant at which some rows came in: they are not known before it has passed.
    const early = START + HOUR + 1_000;
    const visible = ROWS.filter(({ times }) => (times['event.ingested'] ?? 0) < early);

    it('shows only what had come in before asOf', async () => {
      await source.replace(source.events, ROWS);
      const { readings } = await readAll(source, [count()], { asOf: early });
      expectSame(readings, visible, [count()]);
      const arrivals = ROWS.map(({ times }) => times['event.ingested'] ?? 0);
      expect(visible.length).toBeLessThan(ROWS.length);
      expect(Math.max(...readings.map(({ maxIngested }) => maxIngested ?? 0))).toBe(
        Math.max(...arrivals.map(arrives).filter((at) => at < early)),
      );
    });

    it('is found: exactly the slices that changed since they were read', async () => {
      await source.replace(source.events, ROWS);
      const known = knownOf((await readAll(source, [], { asOf: early })).readings);
      const request = {
        dataset: source.events,
        types: await typesOf(source),
        grain: HOUR,
        range: RANGE,
        known,
      } as const;
      const first = await source.connector.findRevised({ ...request, asOf: early, cursor: null }, NEVER);
      expect(first.starts).toEqual([]);
      const second = await source.connector.findRevised(
        { ...request, asOf: LATE, cursor: first.cursor },
        NEVER,
      );
      const changed = ROWS.filter((row) => !visible.includes(row)).map(({ times }) =>
        sliceOf(times['@timestamp']),
      );
      expect(second.starts).toEqual(starts().filter((start) => changed.includes(start)));
      const now = knownOf((await readAll(source, [])).readings);
      const third = await source.connector.findRevised(
        { ...request, known: now, asOf: LATE, cursor: second.cursor },
        NEVER,
      );
      expect(third.starts).toEqual([]);
    });

    it('is found where rows are added, also where no arrival is told', async () => {
      for (const dataset of [source.events, { ...source.events, ingested: null }]) {
        await source.replace(dataset, ROWS);
        const request = {
          dataset,
          types: await typesOf(source),
          grain: HOUR,
          range: RANGE,
          asOf: LATE,
        } as const;
        const known = knownOf((await readAll(source, [], { dataset })).readings);
        const first = await source.connector.findRevised({ ...request, known, cursor: null }, NEVER);
        expect(first.starts).toEqual([]);
        await source.append(dataset, [
          {
            times: { '@timestamp': START + 4 * HOUR, 'event.ingested': LATE - 1 },
            fields: { 'event.action': 'late' },
          },
        ]);
        const second = await source.connector.findRevised({ ...request, known, cursor: first.cursor }, NEVER);
        expect(second.starts).toEqual([START + 4 * HOUR]);
      }
    });

    it('is found among the newest slices too, into which events come as a matter of course', async () => {
      const row = (minutes: number, arrived: number): StoredRow => ({
        times: { '@timestamp': START + minutes * MINUTE, 'event.ingested': START + arrived * MINUTE },
        fields: { 'event.action': 'late' },
      });
      await source.replace(source.events, [row(250, 251), row(310, 311)]);
      const [early, later] = [START + 365 * MINUTE, START + 370 * MINUTE];
      const range = { start: START, end: START + 6 * HOUR };
      const { readings } = await readAll(source, [], { asOf: early });
      const known = knownOf(readings.filter(({ start }) => start < range.end));
      const request = { dataset: source.events, types: await typesOf(source), grain: HOUR, range, known };
      const first = await source.connector.findRevised({ ...request, asOf: early, cursor: null }, NEVER);
      expect(first.starts).toEqual([]);
      const same = await source.connector.findRevised(
        { ...request, asOf: later, cursor: first.cursor },
        NEVER,
      );
      expect(same.starts).toEqual([]);
      await source.append(source.events, [row(330, 366)]);
      const second = await source.connector.findRevised(
        { ...request, asOf: later, cursor: first.cursor },
        NEVER,
      );
      expect(second.starts).toEqual([START + 5 * HOUR]);
    });
  });

  describe(`${name}: records`, () => {
    const versions: readonly StoredRow[] = Array.from({ length: 40 }, (_, i) => ({
      times: {
        opened: START + i * 1_000,
        closed: i % 3 === 0 ? START + i * HOUR : null,
        due: i % 4 === 0 ? START + 48 * HOUR : null,
        updated: START + (i % 10) * HOUR,
      },
      fields: {
        id: `case-${i % 7}`,
        revision: i,
        state: ['New', 'Resolved', null][i % 3],
        priority: i % 5,
        'team.name': i % 2 === 0 ? 'blue' : 'Grün',
      },
    }));
    const expected = (rows: readonly StoredRow[], offset = 0): unknown[] =>
      rows.map((row, i) => ({ ...expectedRecord(row), position: i + offset }));
    const expectedRecord = ({ times, fields }: StoredRow) => ({
      key: fields.id,
      version: [fields.revision],
      ingested: times.updated,
      opened: times.opened,
      closed: [times.closed],
      due: times.due,
      fields: {
        status: harness.hold('state', fields.state) ?? null,
        priority: harness.hold('priority', fields.priority),
        'team.name': harness.hold('team.name', fields['team.name']),
      },
    });
    const read = async (asOf: Instant, cursor: string | null, dataset = source.records) => {
      const { types } = await source.connector.probe(dataset, NEVER);
      const batches: RecordBatch[] = [];
      const request = { dataset, types, fields: ['status', 'priority', 'team.name'], asOf, cursor };
      for await (const batch of source.connector.readRecords(request, NEVER)) batches.push(batch);
      const records = batches.flatMap((batch) => batch.records);
      return { batches, records, cursor: batches.at(-1)?.cursor ?? null };
    };
    const plain = (records: readonly RecordVersion[]) =>
      [...records]
        .sort((a, b) => a.order - b.order)
        .map(({ order: _, ...record }, position) => ({ ...record, position }));
    const arrivedBefore = (asOf: Instant) => versions.filter(({ times }) => (times.updated ?? 0) < asOf);

    it('come with key, version, times and fields by their standard names, in the order of the source', async () => {
      await source.replace(source.records, versions);
      const { records, batches } = await read(LATE, null);
      expect(plain(records)).toEqual(expected(versions));
      expect(batches.every(({ quality }) => quality === 'complete')).toBe(true);
    });

    it('come only once: the next read goes on where the last one ended', async () => {
      await source.replace(source.records, versions);
      const first = await read(START + 3 * HOUR, null);
      expect(plain(first.records)).toEqual(expected(arrivedBefore(START + 3 * HOUR)));
      const second = await read(START + 6 * HOUR, first.cursor);
      const next = arrivedBefore(START + 6 * HOUR).filter(
        (row) => !arrivedBefore(START + 3 * HOUR).includes(row),
      );
      expect(plain(second.records)).toEqual(expected(next));
      const third = await read(START + 6 * HOUR, second.cursor);
      expect(third.records).toEqual([]);
    });

    it('come again from the start where a row arrived late, with an old stamp', async () => {
      await source.replace(source.records, versions);
      const first = await read(START + 6 * HOUR, null);
      const late = {
        ...(versions[0] ?? { fields: {} }),
        times: { ...versions[0]?.times, updated: START + HOUR },
      };
      await source.append(source.records, [late]);
      const second = await read(START + 7 * HOUR, first.cursor);
      expect(second.records.length).toBe(arrivedBefore(START + 7 * HOUR).length + 1);
    });

    it('come whole, when anything changed, where no arrival is told', async () => {
      const dataset = { ...source.records, ingested: null };
      await source.replace(dataset, versions);
      const first = await read(LATE, null, dataset);
      expect(first.records.length).toBe(versions.length);
      expect(first.records.every(({ ingested }) => ingested === LATE)).toBe(true);
      const second = await read(LATE + 1, first.cursor, dataset);
      expect(second.records).toEqual([]);
      await source.append(dataset, versions.slice(0, 1));
      const third = await read(LATE + 2, second.cursor, dataset);
      expect(third.records.length).toBe(versions.length + 1);
    });
  });

  describe(`${name}: lists`, () => {
    it('come whole, with the fields that were asked for by their standard names', async () => {
      const rows = ROWS.map(({ fields }) => ({ times: {}, fields }));
      await source.replace(source.snapshot, rows);
      const { types } = await source.connector.probe(source.snapshot, NEVER);
      const fields = ['event.action', 'user.name', 'http.bytes', 'flag'];
      const reply = await source.connector.readSnapshot({ dataset: source.snapshot, types, fields }, NEVER);
      expect(reply.quality).toBe('complete');
      const expectedRows = rows.map((row) =>
        Object.fromEntries(fields.map((field) => [field, held(row)[field] ?? null])),
      );
      expect(sorted(reply.rows)).toEqual(sorted(expectedRows));
    });
  });

  describe(`${name}: a probe`, () => {
    it('names the data the same way after more of it came', async () => {
      await source.replace(source.events, ROWS.slice(0, 30));
      const first = await source.connector.probe(source.events, NEVER);
      await source.append(source.events, ROWS.slice(30));
      const second = await source.connector.probe(source.events, NEVER);
      expect(second.identity).toBe(first.identity);
      const other = await source.connector.probe(source.records, NEVER);
      expect(other.identity).not.toBe(first.identity);
    });

    it('tells the fields that are there, and which of them are times', async () => {
      await source.replace(source.events, ROWS);
      const { types } = await source.connector.probe(source.events, NEVER);
      for (const field of ['event.action', 'user.name', 'http.bytes', 'flag', 'tags'])
        expect(types).toHaveProperty([field]);
      expect(types['@timestamp']).toBe('time');
      expect(types['event.action']).toBe('text');
    });
  });

  filterContract(name, harness, () => source);
  nativeContract(name, harness, () => source);
  lookContract(name, harness, () => source);
  qualityContract(name, () => source);

  describe(`${name}: errors`, () => {
    it('name a field that no event has, and the one that was probably meant', async () => {
      await source.replace(source.events, ROWS);
      const where: Filter = { op: 'test', field: 'event.acton', predicate: { kind: 'exists' } };
      const reading = readAll(source, [{ ...count(), where }]);
      await expect(reading).rejects.toBeInstanceOf(ConnectorError);
      await expect(reading).rejects.toMatchObject({
        message: expect.stringContaining('event.acton'),
        help: expect.stringContaining('event.action'),
        retryable: false,
      });
    });

    it('are the reason itself when a call is aborted', async () => {
      await source.replace(source.events, ROWS);
      const reason = new Error('stop');
      const aborted = AbortSignal.abort(reason);
      await expect(source.connector.probe(source.events, aborted)).rejects.toBe(reason);
      await expect(readAll(source, [count()], {}, aborted)).rejects.toBe(reason);
      const controller = new AbortController();
      const later = readAll(source, [count()], {}, controller.signal);
      controller.abort(reason);
      await expect(later).rejects.toBe(reason);
      // The connector still works.
      expect((await readAll(source, [count()])).readings.length).toBe(6);
    });
  });
}

function sorted(rows: readonly Row[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

function starts(): Instant[] {
  return Array.from({ length: 6 }, (_, i) => START + i * HOUR);
}

function sliceOf(time: Instant | null | undefined): Instant {
  return Math.floor((time ?? -1) / HOUR) * HOUR;
}

function count(): MeasureRequest {
  return { id: 'count', where: EVERYTHING, aggregate: { type: 'count' }, groupBy: [] };
}

async function typesOf(source: ContractSource): Promise<FieldTypes> {
  return (await source.connector.probe(source.events, NEVER)).types;
}

function requestOf(source: ContractSource, types: FieldTypes, measures: readonly MeasureRequest[]) {
  return {
    dataset: source.events,
    types,
    grain: HOUR,
    range: RANGE,
    asOf: LATE,
    measures,
    maxGroups: 1_000,
    maxDistinct: 10_000,
  } as const;
}

async function readAll(
  source: ContractSource,
  measures: readonly MeasureRequest[],
  change: { asOf?: Instant; maxGroups?: number; maxDistinct?: number; dataset?: EventsDataset } = {},
  signal: AbortSignal = NEVER,
): Promise<{ readings: SliceReading[]; batches: SliceBatch[] }> {
  const types = signal.aborted ? {} : await typesOf(source);
  const batches: SliceBatch[] = [];
  for await (const batch of source.connector.readSlices(
    { ...requestOf(source, types, measures), ...change },
    signal,
  ))
    batches.push(batch);
  return { batches, readings: batches.flatMap((batch) => batch.readings) };
}

function knownOf(readings: readonly SliceReading[]): Map<Instant, KnownSlice> {
  return new Map(
    readings.map(({ start, events, maxIngested, digest }) => [start, { events, maxIngested, digest }]),
  );
}

/** Equal to the bit, but for sums: those within 1e-9 of the sum of all magnitudes. */
function expectTallies(actual: Tallies, expected: Tallies, label: string): void {
  expect(Object.keys(actual).sort(), label).toEqual(Object.keys(expected).sort());
  for (const [key, tally] of Object.entries(expected)) {
    const { sum, ...rest } = actual[key] ?? { n: -1 };
    const { sum: expectedSum, ...expectedRest }: Tally = tally;
    expect(rest, `${label} ${key}`).toEqual(expectedRest);
    expect(sum === undefined, label).toBe(expectedSum === undefined);
    const [a, b] = [exactValue(sum ?? []), exactValue(expectedSum ?? [])];
    // The rows' magnitudes are at most 1e6 each.
    expect(Math.abs(a - b), `${label} ${key}`).toBeLessThanOrEqual(1e-9 * 1e6 * (tally.n + 1));
  }
}
