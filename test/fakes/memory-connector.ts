/**
 * The source in memory (`connectors/inline`) for tests of the loop: it also counts what it was asked, says on demand
 * that something was left out, and fails. Times in its rows are UTC milliseconds.
 */
import { evidence, inlineConnector } from '../../connectors/inline/connector.ts';
import { matching } from '../../connectors/inline/look.ts';
import type { Dataset } from '../../src/config/model.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { EVERYTHING, type Row } from '../../src/core/filter/model.ts';
import { type Instant, type Interval, MINUTE } from '../../src/core/time/interval.ts';
import type {
  Connector,
  Evidence,
  QueryReply,
  QueryRequest,
  RecordRequest,
  RevisedRequest,
  RowsRequest,
  SliceRequest,
  SnapshotRequest,
} from '../../src/ports/connector.ts';

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

  const enter = async (call: MemoryCall, signal: AbortSignal, batch = 0): Promise<void> => {
    if (batch === 0) source.calls.push(call);
    signal.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    source.onCall(call, batch);
  };

  const inner = inlineConnector(data, { batchSize: () => source.batchSize, now: () => source.now() });

  const connector: Connector = {
    async probe(dataset, signal) {
      await enter({ kind: 'probe', dataset }, signal);
      return { ...(await inner.probe(dataset, signal)), access: source.access };
    },
    async *readSlices(request, signal) {
      const { dataset } = request;
      const call: MemoryCall = { kind: 'slices', dataset, request };
      await enter(call, signal);
      let batch = 0;
      for await (const { readings, evidence } of inner.readSlices(request, signal)) {
        if (batch > 0) await enter(call, signal, batch);
        batch++;
        const told = readings.map((reading) => {
          const note = source.partial(dataset.name, reading.start);
          return note === null ? reading : { ...reading, quality: 'partial' as const, notes: [note] };
        });
        yield { readings: told, evidence };
      }
    },
    async findRevised(request, signal) {
      await enter({ kind: 'revised', dataset: request.dataset, request }, signal);
      return inner.findRevised(request, signal);
    },
    async *readRecords(request, signal) {
      const { dataset } = request;
      const call: MemoryCall = { kind: 'records', dataset, request };
      await enter(call, signal);
      let batch = 0;
      for await (const one of inner.readRecords(request, signal)) {
        if (batch > 0) await enter(call, signal, batch);
        batch++;
        yield tainted(one, source.partial(dataset.name, null));
      }
    },
    async readSnapshot(request, signal) {
      const { dataset } = request;
      await enter({ kind: 'snapshot', dataset, request }, signal);
      return tainted(await inner.readSnapshot(request, signal), source.partial(dataset.name, null));
    },
    async runQuery(request, signal) {
      const { dataset, range, asOf } = request;
      await enter({ kind: 'query', dataset, request }, signal);
      const rows = matching(data.get(dataset.name) ?? [], { dataset, where: EVERYTHING, range }, asOf);
      const values = source.query(request, rows);
      const notes = minutesOf(range).flatMap((start) => source.partial(dataset.name, start) ?? []);
      const quality = notes.length === 0 ? 'complete' : 'partial';
      return { values, quality, notes: [...new Set(notes)], evidence: evidence(request.text) };
    },
    async readRows(request, signal) {
      await enter({ kind: 'rows', dataset: request.dataset, request }, signal);
      const reply = await inner.readRows(request, signal);
      const note = source.partial(request.dataset.name, null);
      return note === null ? reply : { ...reply, evidence: { ...reply.evidence, warnings: [note] } };
    },
    link: () => null,
    async topValues(request, signal) {
      await enter({ kind: 'top', dataset: request.dataset }, signal);
      return inner.topValues(request, signal);
    },
    async inspect(dataset, signal) {
      await enter({ kind: 'inspect', dataset }, signal);
      const found = await inner.inspect(dataset, signal);
      const note = source.partial(dataset.name, null);
      return note === null ? found : { ...found, findings: [{ level: 'warning', text: note }] };
    },
    async discover(signal) {
      await enter({ kind: 'discover' }, signal);
      return inner.discover(signal);
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

/** What the source said, as far as it now says that something was left out. */
const tainted = <T extends { readonly quality: 'complete' | 'partial'; readonly evidence: Evidence }>(
  reply: T,
  note: string | null,
): T =>
  note === null ? reply : { ...reply, quality: 'partial', evidence: { ...reply.evidence, warnings: [note] } };
