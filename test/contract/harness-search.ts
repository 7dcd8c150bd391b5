/** The connector contract's harness for Elasticsearch and OpenSearch: indices of its own at a shared server, and what their mapping makes of values. */
import { randomUUID } from 'node:crypto';
import { fieldKinds } from '../../connectors/shared/search-engine/kinds.ts';
import type { Dataset } from '../../src/config/model.ts';
import { parseAddress } from '../../src/core/filter/address.ts';
import type { FieldValue, Filter, Predicate, Scalar } from '../../src/core/filter/model.ts';
import { literalOf } from '../../src/core/filter/pattern.ts';
import { canonicalText, numericValue } from '../../src/core/filter/value.ts';
import type { ConnectorType } from '../../src/ports/connector.ts';
import { adminOf, documentOf } from '../servers/client.ts';
import { type ServerKind, sharedServer } from '../servers/server.ts';
import { ROWS } from './connector-data.ts';
import {
  type ConnectorHarness,
  type ContractSource,
  contractDatasets,
  type StoredRow,
} from './connector-harness.ts';

type Mapped = 'keyword' | 'double' | 'long' | 'boolean' | 'ip' | 'date';

const TIMES = ['@timestamp', 'event.ingested', 'opened', 'closed', 'due', 'updated'];

/** Those that the contract's events have. */
const EVENT_FIELDS = new Set(Object.keys(ROWS[0]?.fields ?? {}));

/** As logs usually are: codes and addresses as keywords. */
export const USUAL: Readonly<Record<string, Mapped>> = {
  'event.action': 'keyword',
  'user.name': 'keyword',
  'event.code': 'keyword',
  'http.bytes': 'double',
  'source.ip': 'keyword',
  flag: 'boolean',
  tags: 'keyword',
  'odd.name of/it~': 'keyword',
  id: 'keyword',
  revision: 'long',
  state: 'keyword',
  priority: 'long',
  'team.name': 'keyword',
};

/** As ECS would have them, and codes as numbers. */
export const TYPED: Readonly<Record<string, Mapped>> = {
  ...USUAL,
  'event.code': 'double',
  'source.ip': 'ip',
};

export function searchHarness(type: ConnectorType, kind: ServerKind, mapping = USUAL): ConnectorHarness {
  const ofType = (wanted: Mapped): string[] =>
    Object.entries(mapping).flatMap(([field, mapped]) =>
      mapped === wanted && EVENT_FIELDS.has(field) ? [field] : [],
    );
  return {
    create: () => createSource(type, kind, mapping),
    hold: (field, value) => holdAs(mapping[field] ?? 'keyword', value),
    refuses: (filter) => refuses(filter, mapping),
    fieldKinds: {
      kinds: async () => fieldKinds,
      fields: {
        keyword: ofType('keyword'),
        number: ofType('double'),
        boolean: ofType('boolean'),
        ip: ofType('ip'),
        // Times are no fields of the contract's rows.
        date: [],
        text: [],
      },
    },
    refusesAggregate: (aggregate) =>
      aggregate.type !== 'count' &&
      aggregate.type !== 'distinct' &&
      !['double', 'long'].includes(mapping[aggregate.field] ?? 'keyword'),
    native: [
      {
        language: 'dsl',
        count: '{"aggs":{"n":{"value_count":{"field":"@timestamp"}}}}',
        sum: '{"aggs":{"n":{"sum":{"field":"http.bytes"}}}}',
        refused: [
          'GET /_search',
          '[]',
          '{}',
          '{"query":{"match_all":{}}}',
          '{"aggs":{"n":{"terms":{"field":"user.name"}}}}',
          '{"aggs":{"n":{"top_hits":{}}}}',
          '{"aggs":{"n":{"no_such":{}}}}',
          '{"aggs":{"n":{"sum":{"field":"user.name"}}}}',
          '{"size":10,"aggs":{"n":{"sum":{"field":"http.bytes"}}}}',
        ],
      },
    ],
  };
}

function refuses(filter: Filter, mapping: Readonly<Record<string, Mapped>>): boolean {
  switch (filter.op) {
    case 'everything':
      return false;
    case 'not':
      return refuses(filter.of, mapping);
    case 'and':
    case 'or':
      return filter.of.some((part) => refuses(part, mapping));
    case 'test':
      return refusesTest(mapping[filter.field] ?? 'keyword', filter.predicate);
  }
}

function refusesTest(type: Mapped, predicate: Predicate): boolean {
  if (predicate.kind === 'exists') return false;
  const isWildcard = predicate.kind === 'text' && literalOf(predicate.pattern) === null;
  if (isWildcard && predicate.pattern.length === 1 && predicate.pattern[0] === '*') return false;
  return !['keyword', 'boolean'].includes(type) && (isWildcard || predicate.kind === 'regex');
}

/** What the server holds; it is given no more than that. */
function holdAs(type: Mapped, value: FieldValue): FieldValue {
  if (typeof value === 'object' && value !== null) {
    const list = value
      .map((item) => (item === null ? null : holdOne(type, item)))
      .filter((item) => item !== null);
    const kept = type === 'keyword' || type === 'ip' ? termsOf(list) : sortedNumbers(list);
    return kept.length > 1 ? kept : (kept[0] ?? null);
  }
  return value === null || value === undefined ? null : holdOne(type, value);
}

/** Each text once, in the order of its bytes. */
function termsOf(list: readonly Scalar[]): Scalar[] {
  const bytes = (value: Scalar) => Buffer.from(String(value));
  return [...new Set(list)].sort((a, b) => Buffer.compare(bytes(a), bytes(b)));
}

function sortedNumbers(list: readonly Scalar[]): Scalar[] {
  return [...list].sort((a, b) => Number(a) - Number(b));
}

function holdOne(type: Mapped, value: Scalar): Scalar | null {
  switch (type) {
    case 'double':
      return numericValue(value);
    case 'long':
      return Number.isSafeInteger(numericValue(value)) ? numericValue(value) : null;
    case 'boolean':
      return value === true || value === 'true' ? true : value === false || value === 'false' ? false : null;
    case 'ip': {
      const address = typeof value === 'string' ? parseAddress(value) : null;
      if (address === null) return null;
      return address.length === 2 ? address.flatMap((group) => [group >> 8, group & 0xff]).join('.') : value;
    }
    default:
      return canonicalText(value);
  }
}

/** The values that are held, as they came: a number that is text stays text. */
function sendable(type: Mapped, value: FieldValue): FieldValue {
  const list = typeof value === 'object' && value !== null ? value : [value ?? null];
  const kept = list.filter((item) => item === null || holdOne(type, item) !== null);
  return typeof value === 'object' && value !== null ? kept : (kept[0] ?? null);
}

async function createSource(
  type: ConnectorType,
  kind: ServerKind,
  mapping: Readonly<Record<string, Mapped>>,
): Promise<ContractSource> {
  const url = await sharedServer(kind);
  const admin = adminOf(url);
  const prefix = `contract-${randomUUID().slice(0, 8)}`;
  const connector = await type.open(
    { name: 'siem', type: type.type, maxConcurrentSearches: 2, options: { url } },
    '/',
  );
  const nameOf = (dataset: Dataset) => `${prefix}-${dataset.name}`;
  const remove = (name: string) => admin.send('DELETE', `/${name},${name}-lost?ignore_unavailable=true`);
  const append = (dataset: Dataset, rows: readonly StoredRow[]) =>
    admin.bulk(
      nameOf(dataset),
      rows.map(({ times, fields }) => {
        const held = Object.entries(fields).map(([name, value]) => [
          name,
          sendable(mapping[name] ?? 'keyword', value),
        ]);
        return documentOf({ times, fields: Object.fromEntries(held) });
      }),
    );
  return {
    connector,
    ...contractDatasets('siem', (name) => ({ index: `${prefix}-${name}*` })),
    replace: async (dataset, rows) => {
      await remove(nameOf(dataset));
      await createIndex(admin, nameOf(dataset), mapping);
      await append(dataset, rows);
    },
    append,
    taint: async (dataset) => {
      // One more index, whose shard may stand on no node.
      await admin.send('DELETE', `/${nameOf(dataset)}-lost?ignore_unavailable=true`);
      await createIndex(admin, `${nameOf(dataset)}-lost`, mapping, '?wait_for_active_shards=0', {
        'index.routing.allocation.require._name': 'nobody',
      });
      return true;
    },
    close: async () => {
      await connector.close();
      for (const name of ['events', 'records', 'list']) await remove(`${prefix}-${name}`);
    },
  };
}

async function createIndex(
  admin: ReturnType<typeof adminOf>,
  name: string,
  mapping: Readonly<Record<string, Mapped>>,
  query = '',
  more: object = {},
): Promise<void> {
  const fields = [...Object.entries(mapping), ...TIMES.map((field) => [field, 'date'] as const)];
  await admin.send('PUT', `/${name}${query}`, {
    settings: { number_of_shards: 1, number_of_replicas: 0, ...more },
    mappings: {
      dynamic: false,
      properties: Object.fromEntries(fields.map(([field, type]) => [field, { type }])),
    },
  });
}
