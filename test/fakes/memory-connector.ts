/**
 * A source in memory: rows in arrays, answered by the core's reference functions. For tests of the loop it also
 * counts what it was asked, and fails on demand. Times in its rows are UTC milliseconds.
 */
import type { Dataset, EventsDataset, RecordsDataset } from '../../src/config/model.ts';
import { nearest } from '../../src/core/definition/suggest.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { filterFields } from '../../src/core/filter/bind.ts';
import { compileFilter } from '../../src/core/filter/evaluate.ts';
import { EVERYTHING, type FieldValue, type Row } from '../../src/core/filter/model.ts';
import { canonicalText } from '../../src/core/filter/value.ts';
import { hashOf } from '../../src/core/hash.ts';
import { talliesOfRows } from '../../src/core/measure/fold.ts';
import type { RecordVersion } from '../../src/core/measure/record.ts';
import type { Tallies } from '../../src/core/measure/tally.ts';
import { type Grain, type Instant, type Interval, MINUTE } from '../../src/core/time/interval.ts';
import { sliceStart, slicesOf } from '../../src/core/time/slice.ts';
import type {
  Candidate,
  Connector,
  Evidence,
  FieldType,
  FieldTypes,
  QueryReply,
  QueryRequest,
  RecordBatch,
  RecordRequest,
  RevisedRequest,
  RowsRequest,
  SliceReading,
  SliceRequest,
  SnapshotRequest,
} from '../../src/ports/connector.ts';
import { inspectionOf, matching, shown, timeAt, timesOf, topOf } from './memory-look.ts';

/** One call of the connector, as it came in. */
export type MemoryCall =
  | { readonly kind: 'probe'; readonly dataset: Dataset }
  | { readonly kind: 'slices'; readonly dataset: Dataset; readonly request: SliceRequest }
  | { readonly kind: 'revised'; readonly dataset: Dataset; readonly request: RevisedRequest }
  | { readonly kind: 'records'; readonly dataset: Dataset; readonly request: RecordRequest }
  | { readonly kind: 'snapshot'; readonly dataset: Dataset; readonly request: SnapshotRequest }
  | { readonly kind: 'query'; readonly dataset: Dataset; readonly request: QueryRequest }
  | { readonly kind: 'rows'; readonly dataset: Dataset; readonly request: RowsRequest }
  | { readonly kind: 'top' | 'inspect'; readonly dataset: Dataset }
  | { readonly kind: 'discover' };

export interface MemorySource {
  readonly connector: Connector;
  /** All calls so far, also those that failed. */
  readonly calls: MemoryCall[];
  /** Runs before a call is answered, and again before each further batch: throws what the call shall fail by. */
  onCall: (call: MemoryCall, batch: number) => void;
  /** Why a slice (or a whole reading of records or a list, as `null`) is partial; null: it is complete. */
  partial: (dataset: string, start: Instant | null) => string | null;
  /** What a native query says of the rows in its range that had come in before asOf. */
  query: (request: QueryRequest, rows: readonly Row[]) => QueryReply['values'];
  /** What the account may see, as the probe tells it. */
  access: string | null;
  /** The source's clock, as far as `inspect` tells what lies ahead of it. */
  now: () => Instant;
  /** Slices or records in a batch. */
  batchSize: number;
  replace(dataset: string, rows: readonly Row[]): void;
  append(dataset: string, rows: readonly Row[]): void;
}

export const unreachable = (retryable = false): ConnectorError =>
  new ConnectorError('the source is away', { retryable, help: 'Wait until it is back.' });

export function memorySource(datasets: Readonly<Record<string, readonly Row[]>> = {}): MemorySource {
  const data = new Map(Object.entries(datasets));
  const rowsOf = (dataset: Dataset) => data.get(dataset.name) ?? [];

  const enter = async (call: MemoryCall, signal: AbortSignal, batch = 0): Promise<void> => {
    if (batch === 0) source.calls.push(call);
    signal.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    source.onCall(call, batch);
  };

  const connector: Connector = {
    async probe(dataset, signal) {
      await enter({ kind: 'probe', dataset }, signal);
      const types = typesOf(timesOf(dataset), rowsOf(dataset));
      return { identity: `memory ${dataset.name}`, types, now: null, access: source.access };
    },
    async *readSlices(request, signal) {
      const { dataset, range, grain } = request;
      const call: MemoryCall = { kind: 'slices', dataset, request };
      await enter(call, signal);
      refuseUnknownFields(request);
      const starts = slicesOf(range, grain);
      const bySlice = visibleBySlice(rowsOf(dataset), dataset, range, grain, request.asOf);
      for (let at = 0; at < starts.length; at += source.batchSize) {
        if (at > 0) await enter(call, signal, at / source.batchSize);
        const readings = starts.slice(at, at + source.batchSize).map((start) => {
          const note = source.partial(dataset.name, start);
          return readingOf(request, start, bySlice.get(start) ?? [], note);
        });
        yield { readings, evidence: evidence(`slices of ${dataset.name}`) };
      }
    },
    async findRevised(request, signal) {
      const { dataset, range, grain, asOf, known } = request;
      await enter({ kind: 'revised', dataset, request }, signal);
      const bySlice = visibleBySlice(rowsOf(dataset), dataset, range, grain, asOf);
      const starts = [...known].flatMap(([start, was]) => {
        const rows = bySlice.get(start) ?? [];
        const isSame =
          was.events === rows.length &&
          was.maxIngested === newest(rows, dataset) &&
          was.digest === digestOf(rows, dataset);
        return isSame || start < range.start || start >= range.end ? [] : [start];
      });
      return { starts: starts.sort((a, b) => a - b), cursor: null };
    },
    async *readRecords(request, signal) {
      const { dataset } = request;
      const call: MemoryCall = { kind: 'records', dataset, request };
      await enter(call, signal);
      const { records, cursor } = versionsOf(rowsOf(dataset), request);
      const note = source.partial(dataset.name, null);
      for (let at = 0; at === 0 || at < records.length; at += source.batchSize) {
        if (at > 0) await enter(call, signal, at / source.batchSize);
        const batch: RecordBatch = {
          records: records.slice(at, at + source.batchSize),
          quality: note === null ? 'complete' : 'partial',
          evidence: evidence(`records of ${dataset.name}`, note),
          cursor,
        };
        yield batch;
      }
    },
    async readSnapshot(request, signal) {
      const { dataset, fields } = request;
      await enter({ kind: 'snapshot', dataset, request }, signal);
      const note = source.partial(dataset.name, null);
      const rows = rowsOf(dataset).map((row) => fieldsOf(row, dataset, fields));
      return {
        rows,
        quality: note === null ? 'complete' : 'partial',
        evidence: evidence(`list ${dataset.name}`, note),
      };
    },
    async runQuery(request, signal) {
      const { dataset, range, asOf } = request;
      await enter({ kind: 'query', dataset, request }, signal);
      const rows = matching(rowsOf(dataset), { dataset, where: EVERYTHING, range }, asOf);
      const values = source.query(request, rows);
      const notes = minutesOf(range).flatMap((start) => source.partial(dataset.name, start) ?? []);
      const quality = notes.length === 0 ? 'complete' : 'partial';
      return { values, quality, notes: [...new Set(notes)], evidence: evidence(request.text) };
    },
    async readRows(request, signal) {
      const { dataset, asOf, limit } = request;
      await enter({ kind: 'rows', dataset, request }, signal);
      const found = matching(rowsOf(dataset), request, asOf);
      const rows = found.slice(0, limit).map((row) => shown(row, dataset));
      return { rows, total: found.length, evidence: evidence(`rows of ${dataset.name}`) };
    },
    link: () => null,
    async topValues(request, signal) {
      const { dataset, field, limit } = request;
      await enter({ kind: 'top', dataset }, signal);
      return topOf(matching(rowsOf(dataset), request), field, limit);
    },
    async inspect(dataset, signal) {
      await enter({ kind: 'inspect', dataset }, signal);
      return inspectionOf(rowsOf(dataset), dataset, source.now());
    },
    async discover(signal) {
      await enter({ kind: 'discover' }, signal);
      return [...data].map(([name, rows]) => candidateOf(name, rows));
    },
    async close() {},
  };

  const source: MemorySource = {
    connector,
    calls: [],
    onCall: () => {},
    partial: () => null,
    query: () => {
      throw new ConnectorError('the source in memory has no query language', {
        retryable: false,
        help: 'Give it a function: `source.query`.',
      });
    },
    access: null,
    now: Date.now,
    batchSize: 1_000,
    replace: (dataset, rows) => data.set(dataset, rows),
    append: (dataset, rows) => data.set(dataset, [...(data.get(dataset) ?? []), ...rows]),
  };
  return source;
}

const minutesOf = ({ start, end }: Interval): Instant[] =>
  Array.from({ length: Math.ceil((end - start) / MINUTE) }, (_, i) => start + i * MINUTE);

const evidence = (query: string, warning: string | null = null): Evidence => ({
  query,
  parameters: [],
  warnings: warning === null ? [] : [warning],
  tookMs: 0,
  job: null,
});

function typesOf(times: readonly string[], rows: readonly Row[]): FieldTypes {
  const types: Record<string, FieldType> = {};
  for (const row of rows) {
    for (const [field, value] of Object.entries(row)) {
      const type = typeOf(value);
      const before = types[field] ?? 'unknown';
      types[field] = before === 'unknown' || before === type ? type : type === 'unknown' ? before : 'mixed';
    }
  }
  for (const field of times) if (Object.hasOwn(types, field)) types[field] = 'time';
  return types;
}

/** Of nested data a source in memory has none: each name is a dataset. */
function candidateOf(name: string, rows: readonly Row[]): Candidate {
  const guess = (field: string): string | null =>
    rows.some((row) => Object.hasOwn(row, field)) ? field : null;
  const [time, ingested] = [guess('@timestamp'), guess('event.ingested')];
  const types = typesOf(
    [time, ingested].filter((field) => field !== null),
    rows,
  );
  const times = time === null ? [] : rows.flatMap((row) => timeAt(row, time) ?? []);
  return {
    name,
    options: {},
    time,
    ingested,
    types,
    events: rows.length,
    newest: times.length === 0 ? null : Math.max(...times),
  };
}

function typeOf(value: FieldValue): FieldType {
  const one = typeof value === 'object' && value !== null ? value.find((item) => item !== null) : value;
  if (typeof one === 'string') return 'text';
  return typeof one === 'number' ? 'number' : typeof one === 'boolean' ? 'boolean' : 'unknown';
}

/** A source that knows its fields says so where one is misspelt, rather than counting nothing. */
function refuseUnknownFields({ measures, types }: SliceRequest): void {
  const known = Object.keys(types);
  if (known.length === 0) return;
  const used = measures.flatMap(({ where, aggregate, groupBy }) => [
    ...filterFields(where),
    ...('field' in aggregate ? [aggregate.field] : []),
    ...groupBy,
  ]);
  const unknown = used.find((field) => !Object.hasOwn(types, field));
  if (unknown === undefined) return;
  throw new ConnectorError(`no event has a field "${unknown}"`, {
    retryable: false,
    help: `Did you mean \`${nearest(unknown, known) ?? known.join(', ')}\`?`,
  });
}

/** The rows of a range by slice, as far as they had come in before asOf. */
function visibleBySlice(
  rows: readonly Row[],
  dataset: EventsDataset,
  range: Interval,
  grain: Grain,
  asOf: Instant,
): ReadonlyMap<Instant, readonly Row[]> {
  const bySlice = new Map<Instant, Row[]>();
  for (const row of rows) {
    const time = timeAt(row, dataset.time);
    if (time === null || time < range.start || time >= range.end) continue;
    if (dataset.ingested !== null && (timeAt(row, dataset.ingested) ?? asOf) >= asOf) continue;
    const start = sliceStart(time, grain);
    const list = bySlice.get(start);
    if (list === undefined) bySlice.set(start, [row]);
    else list.push(row);
  }
  return bySlice;
}

function newest(rows: readonly Row[], { ingested }: EventsDataset): Instant | null {
  if (ingested === null) return null;
  const times = rows.map((row) => timeAt(row, ingested)).filter((time) => time !== null);
  return times.length === 0 ? null : Math.max(...times);
}

const digestOf = (rows: readonly Row[], { ingested }: EventsDataset): string | null =>
  ingested === null ? hashOf(rows) : null;

function readingOf(
  { dataset, measures, maxGroups, maxDistinct }: SliceRequest,
  start: Instant,
  rows: readonly Row[],
  note: string | null,
): SliceReading {
  const tallies: Record<string, Tallies> = {};
  const overflow: string[] = [];
  for (const { id, where, aggregate, groupBy } of measures) {
    const matched = rows.filter(compileFilter(where));
    const all = talliesOfRows(aggregate, matched, groupBy, { maxDistinct });
    const isWide = groupBy.length > 0 && Object.keys(all).length > maxGroups;
    if (isWide) overflow.push(id);
    tallies[id] = isWide ? {} : all;
  }
  return {
    start,
    events: rows.length,
    maxIngested: newest(rows, dataset),
    digest: digestOf(rows, dataset),
    quality: note === null ? 'complete' : 'partial',
    notes: note === null ? [] : [note],
    tallies,
    overflow,
  };
}

/** What came in since the cursor; all of it where something older came in too, or where no arrival is told. */
function versionsOf(
  rows: readonly Row[],
  { dataset, fields, asOf, cursor }: RecordRequest,
): { records: readonly RecordVersion[]; cursor: string } {
  const { ingested } = dataset;
  const arrival = (row: Row) => (ingested === null ? null : timeAt(row, ingested));
  const before = (until: Instant) => rows.filter((row) => (arrival(row) ?? Number.NEGATIVE_INFINITY) < until);
  const now = ingested === null ? hashOf(rows) : String(before(asOf).length);
  const last: { asOf: Instant; before: string } | null = cursor === null ? null : JSON.parse(cursor);
  const isSame =
    last !== null && last.before === (ingested === null ? now : String(before(last.asOf).length));
  const wanted = rows.flatMap((row, order) => {
    const at = arrival(row);
    const isNew =
      ingested === null ? !isSame : at !== null && at < asOf && (!isSame || at >= (last?.asOf ?? 0));
    return isNew ? [versionOf(row, dataset, fields, at ?? asOf, order)] : [];
  });
  return { records: wanted, cursor: JSON.stringify({ asOf, before: now }) };
}

function versionOf(
  row: Row,
  dataset: RecordsDataset,
  fields: readonly string[],
  ingested: Instant,
  order: number,
): RecordVersion {
  return {
    key: canonicalText(scalar(row[dataset.key]) ?? ''),
    version: dataset.version.map((name) => {
      const value = scalar(row[name]);
      return typeof value === 'boolean' ? String(value) : value;
    }),
    ingested,
    order,
    opened: timeAt(row, dataset.opened),
    closed: dataset.closed.map((name) => timeAt(row, name)),
    due: dataset.due === null ? null : timeAt(row, dataset.due),
    fields: fieldsOf(row, dataset, fields),
  };
}

function scalar(value: FieldValue): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'object' ? (value[0] ?? null) : value;
}

const fieldsOf = (row: Row, dataset: Dataset, fields: readonly string[]): Record<string, FieldValue> =>
  Object.fromEntries(fields.map((name) => [name, row[dataset.fields[name] ?? name] ?? null]));
