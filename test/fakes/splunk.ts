/** What tests of the Splunk connector share: a fake splunkd, a connector on it, and short ways to ask. */

import { splunk } from '../../connectors/splunk/index.ts';
import type { EventsDataset, RecordsDataset, SnapshotDataset } from '../../src/config/model.ts';
import { EVERYTHING, type Filter } from '../../src/core/filter/model.ts';
import { parsePattern } from '../../src/core/filter/pattern.ts';
import type { Aggregate } from '../../src/core/measure/tally.ts';
import { HOUR, type Interval } from '../../src/core/time/interval.ts';
import type {
  Connector,
  MeasureRequest,
  SliceBatch,
  SliceReading,
  SliceRequest,
} from '../../src/ports/connector.ts';
import { eventsDataset, recordsDataset, snapshotDataset } from './datasets.ts';
import { type Splunkd, type SplunkEvent, startSplunkd } from './splunkd/index.ts';

export const NEVER = new AbortController().signal;
export const MIDNIGHT = Date.UTC(2026, 0, 1);
export const RANGE: Interval = { start: MIDNIGHT, end: MIDNIGHT + 4 * HOUR };
export const TOKEN = 'eyJraWQ-a-secret-token';

export interface Opened {
  readonly splunkd: Splunkd;
  readonly connector: Connector;
  /** Another connector to the same server. */
  readonly another: (options?: object) => Promise<Connector>;
  readonly close: () => Promise<void>;
}

/** A server that knows the account `clause9`, by token and by password, with the role of a user. */
export async function openSplunkd(options: SplunkdOptions = {}, sourceOptions: object = {}): Promise<Opened> {
  const splunkd = await startSplunkd({
    users: { clause9: { roles: ['reader'] } },
    roles: { reader: { srchIndexesAllowed: ['*'], srchJobsQuota: 10 } },
    tokens: { [TOKEN]: { user: 'clause9' } },
    ...options,
  });
  process.env.CLAUSE9_TEST_TOKEN = TOKEN;
  const opened: Connector[] = [];
  const another = async (more: object = {}): Promise<Connector> => {
    const connector = await splunk.open(
      {
        name: 'siem',
        type: 'splunk',
        maxConcurrentSearches: 2,
        options: {
          url: splunkd.url,
          auth: { token: { env: 'CLAUSE9_TEST_TOKEN' } },
          ...sourceOptions,
          ...more,
        },
      },
      '/',
    );
    opened.push(connector);
    return connector;
  };
  return {
    splunkd,
    connector: await another(),
    another,
    close: async () => {
      await Promise.all(opened.map((connector) => connector.close()));
      await splunkd.stop();
    },
  };
}

type SplunkdOptions = NonNullable<Parameters<typeof startSplunkd>[0]>;

export const events = (change: Partial<EventsDataset> = {}): EventsDataset =>
  eventsDataset({
    name: 'logons',
    time: '_time',
    ingested: '_indextime',
    options: { index: 'main' },
    ...change,
  });

export const records = (change: Partial<RecordsDataset> = {}): RecordsDataset =>
  recordsDataset({ name: 'tickets', ingested: '_indextime', options: { index: 'main' }, ...change });

export const snapshot = (options: object = { lookup: 'assets.csv' }): SnapshotDataset =>
  snapshotDataset({ name: 'assets', options });

/** An event so many minutes after midnight, indexed a second later. */
export function event(
  minutes: number,
  fields: Readonly<Record<string, string | readonly string[]>> = {},
): SplunkEvent {
  const time = MIDNIGHT / 1000 + minutes * 60;
  return { _time: time, _indextime: Math.floor(time) + 1, fields };
}

export function measure(
  where: Filter = EVERYTHING,
  aggregate: Aggregate = { type: 'count' },
  groupBy: readonly string[] = [],
  id = 'm',
): MeasureRequest {
  return { id, where, aggregate, groupBy };
}

export function like(field: string, pattern: string): Filter {
  return { op: 'test', field, predicate: { kind: 'text', pattern: parsePattern(pattern), cased: false } };
}

export async function readSlices(
  connector: Connector,
  change: Partial<SliceRequest> = {},
  signal: AbortSignal = NEVER,
): Promise<{ readonly readings: readonly SliceReading[]; readonly batches: readonly SliceBatch[] }> {
  const batches: SliceBatch[] = [];
  const request = {
    dataset: events(),
    types: { 'event.action': 'text', user: 'text', bytes: 'text' } as const,
    grain: HOUR,
    range: RANGE,
    asOf: MIDNIGHT + 100 * HOUR,
    measures: [measure()],
    maxGroups: 1_000,
    maxDistinct: 1_000,
  } as const;
  for await (const batch of connector.readSlices({ ...request, ...change }, signal)) batches.push(batch);
  return { batches, readings: batches.flatMap(({ readings }) => readings) };
}

/** Events an hour, by the hour. */
export async function counts(
  connector: Connector,
  change: Partial<SliceRequest> = {},
): Promise<readonly number[]> {
  return (await readSlices(connector, change)).readings.map(({ events: n }) => n);
}
