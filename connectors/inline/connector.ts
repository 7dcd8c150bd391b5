/**
 * A source in memory: rows in arrays, answered by the core's reference functions. It serves `clause9 test`, and tests
 * of the loop wrap it. Times in its rows are UTC milliseconds.
 */
import type { Dataset } from '../../src/config/model.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import type { Row } from '../../src/core/filter/model.ts';
import type { Instant } from '../../src/core/time/interval.ts';
import { slicesOf } from '../../src/core/time/slice.ts';
import type { Connector, Evidence } from '../../src/ports/connector.ts';
import { inspectionOf, matching, shown, timesOf, topOf } from './look.ts';
import { fieldsOf, versionsOf } from './records.ts';
import { digestOf, newest, readingOf, refuseUnknownFields, visibleBySlice } from './slices.ts';
import { candidateOf, typesOf } from './types.ts';

export interface InlineOptions {
  /** Slices or records in a batch. */
  readonly batchSize: () => number;
  /** The source's clock, as far as `inspect` tells what lies ahead of it. */
  readonly now: () => Instant;
}

/** A connector to these rows, by the dataset's name; what is put into the map later is seen. */
export function inlineConnector(
  data: ReadonlyMap<string, readonly Row[]>,
  options: InlineOptions,
): Connector {
  const rowsOf = (dataset: Dataset) => data.get(dataset.name) ?? [];
  return {
    async probe(dataset, signal) {
      signal.throwIfAborted();
      const types = typesOf(timesOf(dataset), rowsOf(dataset));
      return { identity: `memory ${dataset.name}`, types, now: null, access: null };
    },
    async *readSlices(request, signal) {
      const { dataset, range, grain } = request;
      refuseUnknownFields(request);
      const starts = slicesOf(range, grain);
      const bySlice = visibleBySlice(rowsOf(dataset), dataset, range, grain, request.asOf);
      const size = options.batchSize();
      for (let at = 0; at < starts.length; at += size) {
        signal.throwIfAborted();
        const readings = starts
          .slice(at, at + size)
          .map((start) => readingOf(request, start, bySlice.get(start) ?? []));
        yield { readings, evidence: evidence(`slices of ${dataset.name}`) };
      }
    },
    async findRevised({ dataset, range, grain, asOf, known }) {
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
      const { records, cursor } = versionsOf(rowsOf(request.dataset), request);
      const size = options.batchSize();
      const said = evidence(`records of ${request.dataset.name}`);
      for (let at = 0; at === 0 || at < records.length; at += size) {
        signal.throwIfAborted();
        yield { records: records.slice(at, at + size), quality: 'complete', evidence: said, cursor };
      }
    },
    async readSnapshot({ dataset, fields }) {
      const rows = rowsOf(dataset).map((row) => fieldsOf(row, dataset, fields));
      return { rows, quality: 'complete', evidence: evidence(`list ${dataset.name}`) };
    },
    async runQuery() {
      throw new ConnectorError('the source in memory has no query language', {
        retryable: false,
        help: 'Test such a KPI on the source that it is written for.',
      });
    },
    async readRows(request) {
      const { dataset, asOf, limit } = request;
      const found = matching(rowsOf(dataset), request, asOf);
      const rows = found.slice(0, limit).map((row) => shown(row, dataset));
      return { rows, total: found.length, evidence: evidence(`rows of ${dataset.name}`) };
    },
    link: () => null,
    topValues: async (request) =>
      topOf(matching(rowsOf(request.dataset), request), request.field, request.limit),
    inspect: async (dataset) => inspectionOf(rowsOf(dataset), dataset, options.now()),
    discover: async () => [...data].map(([name, rows]) => candidateOf(name, rows)),
    close: async () => {},
  };
}

/** What the source in memory says of a query. */
export const evidence = (query: string): Evidence => ({
  query,
  parameters: [],
  warnings: [],
  tookMs: 0,
  job: null,
});
