/** The shipped KPIs on Elasticsearch and OpenSearch: indices of its own for each case, mapped as ECS maps them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import type { TestSource } from '../../src/app/kpi-tests/kpis.ts';
import type { Dataset } from '../../src/config/model.ts';
import type { TestRow } from '../../src/config/test-rows.ts';
import type { Connector, ConnectorType } from '../../src/ports/connector.ts';
import { type Admin, adminOf, documentOf } from '../servers/client.ts';
import { type ServerKind, START_TIMEOUT_MS, sharedServer } from '../servers/server.ts';
import { shippedKpiContract } from './shipped-kpis.ts';

/** Of its own type, whatever the first row looks like; other texts are keywords, other numbers what they are. */
const MAPPED = { 'labels.mfa': 'keyword', 'http.response.status_code': 'long' } as const;

export function shippedKpisOnSearch(type: ConnectorType, kind: ServerKind): void {
  let [admin, connector]: [Admin | null, Connector | null] = [null, null];
  beforeAll(async () => {
    const url = await sharedServer(kind);
    admin = adminOf(url);
    const source = { name: 'siem', type: type.type, maxConcurrentSearches: 2, options: { url } };
    connector = await type.open(source, '/');
  }, START_TIMEOUT_MS);
  afterAll(async () => connector?.close());

  shippedKpiContract(kind, async () => {
    if (admin === null || connector === null) throw new Error('the server is not there');
    return openCase(admin, connector);
  });
}

function openCase(admin: Admin, connector: Connector): TestSource {
  const prefix = `shipped-${randomUUID().slice(0, 8)}`;
  const nameOf = (dataset: Dataset) => `${prefix}-${dataset.name}`;
  const made = new Set<string>();
  return {
    connector,
    bind: (dataset) => ({ ...dataset, options: { index: nameOf(dataset) } }),
    replace: async (dataset, rows) => {
      const name = nameOf(dataset);
      if (made.has(name)) await admin.send('DELETE', `/${name}`);
      made.add(name);
      await admin.send('PUT', `/${name}`, indexOf(dataset, rows));
      await admin.bulk(name, rows.map(documentOf));
    },
    close: async () => {
      await admin.send('DELETE', `/${[...made].join(',')}`);
    },
  };
}

function indexOf(dataset: Dataset, rows: readonly TestRow[]): object {
  const times = new Set([...timesOf(dataset), ...rows.flatMap((row) => Object.keys(row.times))]);
  const dates = [...times].map((name) => [name, { type: 'date' }] as const);
  const mapped = Object.entries(MAPPED).map(([name, type]) => [name, { type }] as const);
  return {
    settings: { number_of_shards: 1, number_of_replicas: 0 },
    mappings: {
      date_detection: false,
      dynamic_templates: [{ texts: { match_mapping_type: 'string', mapping: { type: 'keyword' } } }],
      properties: Object.fromEntries([...mapped, ...dates]),
    },
  };
}

function timesOf(dataset: Dataset): string[] {
  if (dataset.kind === 'snapshot') return [];
  const own = dataset.kind === 'events' ? [dataset.time] : [dataset.opened, ...dataset.closed, dataset.due];
  return [...own, dataset.ingested].filter((name) => name !== null);
}
