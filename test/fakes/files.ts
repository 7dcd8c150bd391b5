/** What the tests of the files connector share: a folder of files, a connector on it, and short ways to ask. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { files } from '../../connectors/files/index.ts';
import type { EventsDataset, RecordsDataset, SnapshotDataset } from '../../src/config/model.ts';
import { EVERYTHING, type Filter } from '../../src/core/filter/model.ts';
import { parsePattern } from '../../src/core/filter/pattern.ts';
import type { Aggregate } from '../../src/core/measure/tally.ts';
import { HOUR, type Instant, type Interval } from '../../src/core/time/interval.ts';
import type {
  Connector,
  Evidence,
  MeasureRequest,
  RecordBatch,
  SliceReading,
} from '../../src/ports/connector.ts';
import { eventsDataset, recordsDataset, snapshotDataset } from './datasets.ts';

export const NEVER = new AbortController().signal;
export const MIDNIGHT = Date.UTC(2026, 0, 1);
export const DAY_RANGE: Interval = { start: MIDNIGHT, end: MIDNIGHT + 24 * HOUR };

export interface Folder {
  readonly path: string;
  readonly connector: Connector;
  write(name: string, content: string | Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export async function openFolder(
  contents: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'clause9-files-test-'));
  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  };
  for (const [name, content] of Object.entries(contents)) await write(name, content);
  const options = { path: '.', memory: '128MB' };
  const connector = await files.open(
    { name: 'site', type: 'files', maxConcurrentSearches: 2, options },
    path,
  );
  return {
    path,
    connector,
    write,
    close: async () => {
      await connector.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}

export const events = (options: object, change: Partial<EventsDataset> = {}): EventsDataset =>
  eventsDataset({ source: 'site', time: 'time', options, ...change });

export const records = (options: object, change: Partial<RecordsDataset> = {}): RecordsDataset =>
  recordsDataset({ source: 'site', options, ...change });

export const snapshot = (options: object): SnapshotDataset => snapshotDataset({ source: 'site', options });

export function measure(
  where: Filter = EVERYTHING,
  aggregate: Aggregate = { type: 'count' },
  groupBy: readonly string[] = [],
): MeasureRequest {
  return { id: 'm', where, aggregate, groupBy };
}

export function like(field: string, pattern: string): Filter {
  return { op: 'test', field, predicate: { kind: 'text', pattern: parsePattern(pattern), cased: false } };
}

export interface Read {
  readonly readings: readonly SliceReading[];
  /** The hours of the day that have events: hour → number. */
  readonly hours: Readonly<Record<number, number>>;
  /** The hours that are partial. */
  readonly partial: readonly number[];
  readonly evidence: Evidence;
}

/** Hourly slices of a day. */
export async function readDay(
  { connector }: Folder,
  dataset: EventsDataset,
  measures: readonly MeasureRequest[] = [],
  asOf: Instant = DAY_RANGE.end,
): Promise<Read> {
  const readings: SliceReading[] = [];
  let evidence: Evidence = { query: '', parameters: [], warnings: [], tookMs: 0, job: null };
  const request = {
    dataset,
    types: {},
    grain: HOUR,
    range: DAY_RANGE,
    asOf,
    measures,
    maxGroups: 100,
    maxDistinct: 100,
  };
  for await (const batch of connector.readSlices(request, NEVER)) {
    readings.push(...batch.readings);
    evidence = batch.evidence;
  }
  const hours = readings.flatMap(({ events: n }, hour) => (n > 0 ? [[hour, n] as const] : []));
  const partial = readings.flatMap(({ quality }, hour) => (quality === 'partial' ? [hour] : []));
  return { readings, hours: Object.fromEntries(hours), partial, evidence };
}

export async function readRecords(
  { connector }: Folder,
  dataset: RecordsDataset,
  fields: readonly string[] = [],
  cursor: string | null = null,
): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  const request = { dataset, types: {}, fields, asOf: DAY_RANGE.end, cursor };
  for await (const batch of connector.readRecords(request, NEVER)) batches.push(batch);
  return batches;
}

/** An event of the day, as a line of NDJSON. */
export function line(hour: number, fields: object = {}): string {
  return `${JSON.stringify({ time: new Date(MIDNIGHT + hour * HOUR).toISOString(), ...fields })}\n`;
}

/** Writes what a query of DuckDB gives into a Parquet file. */
export async function writeParquet(path: string, query: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' });
  const connection = await instance.connect();
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}
