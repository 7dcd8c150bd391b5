/** What tests of faults need of a server: indices of their own, a connector, and one question asked of it. */
import { randomUUID } from 'node:crypto';
import { elasticsearch } from '../../connectors/elasticsearch/index.ts';
import { opensearch } from '../../connectors/opensearch/index.ts';
import type { EventsDataset } from '../../src/config/model.ts';
import type { Filter } from '../../src/core/filter/model.ts';
import { literalPattern } from '../../src/core/filter/pattern.ts';
import type { Aggregate } from '../../src/core/measure/tally.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import type { Connector, MeasureRequest, SliceReading } from '../../src/ports/connector.ts';
import { measure, readSlices } from '../fakes/asking.ts';
import { eventsDataset } from '../fakes/datasets.ts';
import { type Admin, adminOf } from './client.ts';
import type { ServerKind } from './server.ts';

export const START = Date.UTC(2026, 2, 29);

export interface Site {
  readonly admin: Admin;
  readonly connector: Connector;
  /** Its index is `PREFIX-*`. */
  readonly dataset: EventsDataset;
  readonly prefix: string;
  /** Makes `PREFIX-NAME` with the documents in it, a minute apart from START on. */
  index(name: string, properties: object, documents: readonly object[], more?: object): Promise<void>;
  ask(
    measures?: readonly Partial<MeasureRequest>[],
    change?: Partial<EventsDataset>,
    hours?: number,
  ): Promise<SliceReading[]>;
  close(): Promise<void>;
}

export async function openSite(kind: ServerKind, url: string): Promise<Site> {
  const admin = adminOf(url);
  const prefix = `fault-${randomUUID().slice(0, 8)}`;
  const type = kind === 'opensearch' ? opensearch : elasticsearch;
  const connector = await type.open(
    { name: 'siem', type: type.type, maxConcurrentSearches: 1, options: { url } },
    '/',
  );
  const dataset = eventsDataset({ options: { index: `${prefix}-*` } });
  const made: string[] = [];
  return {
    admin,
    connector,
    dataset,
    prefix,
    index: async (name, properties, documents, more = {}) => {
      const index = `${prefix}-${name}`;
      made.push(index);
      await admin.send('PUT', `/${index}?wait_for_active_shards=0`, {
        settings: { number_of_shards: 1, number_of_replicas: 0, ...more },
        mappings: { properties: { '@timestamp': { type: 'date' }, ...properties } },
      });
      const stamped = documents.map((one, i) => ({
        '@timestamp': new Date(START + i * 60_000).toISOString(),
        ...one,
      }));
      if (documents.length > 0) await admin.bulk(index, stamped);
    },
    ask: (measures = [{}], change = {}, hours = 1) =>
      readSlices(connector, {
        dataset: { ...dataset, ...change },
        range: { start: START, end: START + hours * HOUR },
        measures: measures.map((one, i) => measure({ id: String(i), ...one })),
      }),
    close: async () => {
      await connector.close();
      for (const name of made) await admin.send('DELETE', `/${name}?ignore_unavailable=true`);
    },
  };
}

export const is = (field: string, value: string): Filter => ({
  op: 'test',
  field,
  predicate: { kind: 'text', pattern: literalPattern(value), cased: false },
});

export const sum = (field: string): { aggregate: Aggregate } => ({ aggregate: { type: 'sum', field } });
