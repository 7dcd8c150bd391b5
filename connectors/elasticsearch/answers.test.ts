/** Answers that a real server won't give on demand, played by a server of ours: none of them becomes a number. */
import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/core/errors.ts';
import { EVERYTHING } from '../../src/core/filter/model.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import type { Connector, ConnectorType, QueryReply, SliceReading } from '../../src/ports/connector.ts';
import { NEVER, readSlices } from '../../test/fakes/asking.ts';
import { eventsDataset } from '../../test/fakes/datasets.ts';
import { opensearch } from '../opensearch/index.ts';
import { elasticsearch } from './index.ts';

const START = Date.UTC(2026, 2, 29);
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

interface Played {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is where it is a text. */
  readonly body: unknown;
}

const dataset = eventsDataset({ options: { index: 'logs-*' } });

const SHARDS = { total: 3, successful: 3, skipped: 1, failed: 0 };
const buckets = [
  { key: START, doc_count: 7, q: { count: 7, min: 0, max: 6, sum: 21 }, c0: { doc_count: 7 } },
];
const WHOLE = {
  took: 1,
  timed_out: false,
  _shards: SHARDS,
  hits: { total: { value: 7, relation: 'eq' }, hits: [] },
  aggregations: { known: { doc_count: 7, s: { buckets } } },
};
const date = { date: { type: 'date', searchable: true, aggregatable: true } };
const CAPS = { indices: ['logs-1'], fields: { '@timestamp': date } };

/** Plays one cluster: the path's last part chooses what is answered. */
async function play(
  answers: Readonly<Record<string, Played>>,
  {
    type = elasticsearch,
    version = '9.5.3',
    options = {},
  }: { type?: ConnectorType; version?: string; options?: object } = {},
): Promise<{
  connector: Connector;
  requests: { url: string; headers: Readonly<Record<string, unknown>>; body: string }[];
}> {
  const requests: { url: string; headers: Readonly<Record<string, unknown>>; body: string }[] = [];
  const root: Played = {
    body: {
      cluster_uuid: 'c1',
      version: { number: version, ...(type === opensearch ? { distribution: 'opensearch' } : {}) },
    },
  };
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const url = request.url ?? '';
      requests.push({ url, headers: request.headers, body });
      const path = url.split('?')[0]?.split('/').at(-1) ?? '';
      const played: Played = answers[path] ??
        { '': root, _field_caps: { body: CAPS } }[path] ?? { status: 404, body: {} };
      const product = type === elasticsearch ? { 'x-elastic-product': 'Elasticsearch' } : {};
      response.writeHead(played.status ?? 200, {
        'content-type': 'application/json',
        ...product,
        ...played.headers,
      });
      response.end(typeof played.body === 'string' ? played.body : JSON.stringify(played.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const connector = await type.open(
    {
      name: 'siem',
      type: type.type,
      maxConcurrentSearches: 1,
      options: { url: `http://127.0.0.1:${port}`, ...options },
    },
    '/',
  );
  open.push(async () => {
    await connector.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { connector, requests };
}

const count = (connector: Connector): Promise<SliceReading[]> =>
  readSlices(connector, { dataset, types: {}, range: { start: START, end: START + HOUR } });

const INCOMPLETE: readonly (readonly [string, object, RegExp])[] = [
  ['it ran out of time', { timed_out: true }, /timed_out/],
  ['it ended early', { terminated_early: true }, /terminated_early/],
  [
    'a shard failed',
    {
      _shards: {
        ...SHARDS,
        successful: 2,
        failed: 1,
        failures: [{ index: 'logs-1', reason: { type: 'x', reason: 'no memory' } }],
      },
    },
    /2 of 3 shards.*logs-1: no memory/,
  ],
  ['a shard is nowhere, and nothing failed', { _shards: { ...SHARDS, successful: 2 } }, /2 of 3 shards/],
  ['no shard was asked', { _shards: { total: 0, successful: 0, failed: 0 } }, /No index matches/],
  [
    'the number of hits is a lower bound',
    { hits: { total: { value: 7, relation: 'gte' }, hits: [] } },
    /lower bound/,
  ],
  [
    'a remote cluster was skipped',
    { _clusters: { total: 2, successful: 1, skipped: 1 } },
    /1 remote clusters were skipped/,
  ],
  [
    'a remote cluster was partial',
    { _clusters: { total: 1, successful: 1, skipped: 0, details: { b: { status: 'partial' } } } },
    /"b" was partial/,
  ],
  [
    'events stand in several slices',
    { hits: { total: { value: 6, relation: 'eq' }, hits: [] } },
    /6 events make 7/,
  ],
  ['aggregations are missing', { aggregations: undefined }, /no list at/],
];

describe('An answer of which something is missing', () => {
  it('is told from a whole one', async () => {
    const { connector } = await play({ _search: { body: WHOLE } });
    expect(await count(connector)).toMatchObject([
      { events: 7, quality: 'complete', tallies: { n: { '[]': { n: 7 } } } },
    ]);
  });

  it.each(INCOMPLETE)('is an error: %s', async (_, change, message) => {
    for (const type of [elasticsearch, opensearch]) {
      const { connector } = await play(
        { _search: { body: { ...WHOLE, ...change } } },
        { type, version: type === opensearch ? '3.8.0' : '8.19.2' },
      );
      const asked = count(connector);
      await expect(asked).rejects.toBeInstanceOf(ConnectorError);
      await expect(asked).rejects.toMatchObject({ message: expect.stringMatching(message) });
    }
  });
});

describe('What is no answer of the server', () => {
  const html = { headers: { 'content-type': 'text/html' }, body: '<html><title>Log in</title></html>' };
  it.each([
    ['a page with 200', { _search: html }, /no JSON/, true],
    ['cut JSON', { _search: { body: JSON.stringify(WHOLE).slice(0, 100) } }, /cut or is no JSON/, true],
    ['a page with 502', { _search: { ...html, status: 502 } }, /HTTP 502/, true],
    [
      'a refusal',
      { '': { status: 401, body: { error: { reason: 'unable to authenticate' } } } },
      /unable to authenticate/,
      false,
    ],
    [
      'a missing right',
      { _search: { status: 403, body: { error: { reason: 'unauthorized' } } } },
      /unauthorized/,
      false,
    ],
    [
      'another product',
      { '': { headers: { 'x-elastic-product': 'Other' }, body: { version: { number: '9.0.0' } } } },
      /not Elasticsearch/,
      false,
    ],
    [
      'an old version',
      { '': { body: { cluster_uuid: 'c', version: { number: '7.10.2' } } } },
      /older than 7\.17/,
      false,
    ],
  ] as const)('is an error: %s', async (_, answers, message, retryable) => {
    const { connector } = await play(answers);
    const asked = count(connector);
    await expect(asked).rejects.toBeInstanceOf(ConnectorError);
    await expect(asked).rejects.toMatchObject({
      message: expect.stringMatching(message),
      retryable,
      help: expect.any(String),
    });
  });

  it('is an error of OpenSearch where Elasticsearch answers', async () => {
    const { connector } = await play(
      { '': { body: { cluster_uuid: 'c', version: { number: '9.5.3' } } } },
      { type: opensearch },
    );
    await expect(connector.probe(dataset, NEVER)).rejects.toMatchObject({
      message: 'What answers is not OpenSearch',
      retryable: false,
    });
  });
});

describe('A request', () => {
  it.each([
    ['7.17.29', 'application/json'],
    ['8.19.21', 'application/vnd.elasticsearch+json; compatible-with=8'],
    ['9.5.3', 'application/vnd.elasticsearch+json; compatible-with=9'],
    ['10.0.0', 'application/vnd.elasticsearch+json; compatible-with=9'],
  ])('speaks to %s as %s, and allows no partial answer', async (version, mediaType) => {
    const { connector, requests } = await play({ _search: { body: WHOLE } }, { version });
    await count(connector);
    const search = requests.find(({ url }) => url.includes('_search'));
    expect(search?.headers.accept).toBe(mediaType);
    expect(search?.headers['content-type']).toBe(mediaType);
    expect(search?.url).toContain('allow_partial_search_results=false');
    expect(search?.url).toContain('ignore_unavailable=false');
    expect(search?.url).toContain('allow_no_indices=false');
    expect(search?.body).not.toContain('terminate_after');
  });

  it.each([
    ['apiKey', { apiKey: { env: 'CLAUSE9_TEST_SECRET' } }, 'ApiKey planted-secret'],
    ['bearer', { bearer: { env: 'CLAUSE9_TEST_SECRET' } }, 'Bearer planted-secret'],
    [
      'basic',
      { username: 'u', password: { env: 'CLAUSE9_TEST_SECRET' } },
      `Basic ${Buffer.from('u:planted-secret').toString('base64')}`,
    ],
  ])('carries the secret of %s, and no error or evidence does', async (_, auth, expected) => {
    process.env.CLAUSE9_TEST_SECRET = 'planted-secret';
    const { connector, requests } = await play(
      { _search: { status: 500, body: { error: 'broken' } } },
      { options: { auth } },
    );
    const error = await count(connector).catch((caught: unknown) => caught);
    expect(requests.every(({ headers }) => headers.authorization === expected)).toBe(true);
    expect(error).toBeInstanceOf(ConnectorError);
    const text = error instanceof ConnectorError ? `${error.message} ${error.where} ${error.help}` : '';
    expect(text).not.toContain('planted-secret');
  });
});

describe('ES|QL', () => {
  const ask = async (answer: Played, version = '9.5.3'): Promise<QueryReply> => {
    const { connector } = await play({ _query: answer, _search: { body: WHOLE } }, { version });
    const range = { start: START, end: START + HOUR };
    return connector.runQuery(
      {
        dataset,
        types: {},
        language: 'esql',
        text: 'FROM logs-* | STATS n = COUNT(*), m = MAX(x)',
        range,
        asOf: START,
      },
      NEVER,
    );
  };
  const columns = [
    { name: 'n', type: 'long' },
    { name: 'm', type: 'double' },
  ];
  const whole = { took: 2, is_partial: false, columns, values: [[7, null]] };

  it('gives one row of numbers, within the range and without parts', async () => {
    const { connector, requests } = await play({ _query: { body: whole }, _search: { body: WHOLE } });
    const range = { start: START, end: START + HOUR };
    const reply = await connector.runQuery(
      { dataset, types: {}, language: 'esql', text: 'FROM logs-* | STATS n = COUNT(*)', range, asOf: START },
      NEVER,
    );
    expect(reply).toMatchObject({ values: { n: 7, m: null }, quality: 'complete' });
    const [sent] = requests.filter(({ url }) => url.includes('_query'));
    expect(sent?.url).toContain('allow_partial_results=false');
    expect(sent?.body).toContain(`"gte":${START},"lt":${START + HOUR}`);
    expect(sent?.body).toContain('| LIMIT 2');
  });

  it.each([
    ['it is partial', { body: { ...whole, is_partial: true } }, /is_partial/],
    [
      'a remote cluster was skipped',
      { body: { ...whole, _clusters: { details: { b: { status: 'skipped' } } } } },
      /"b" was skipped/,
    ],
    [
      'it warns',
      {
        body: whole,
        headers: { warning: '299 Elasticsearch "evaluation of [x] failed, treating result as null"' },
      },
      /treating result as null/,
    ],
    [
      'there are several rows',
      {
        body: {
          ...whole,
          values: [
            [1, 1],
            [2, 2],
          ],
        },
      },
      /several rows/,
    ],
    ['there is no row', { body: { ...whole, values: [] } }, /no row/],
    [
      'a column is text',
      { body: { ...whole, columns: [{ name: 'n', type: 'keyword' }], values: [['a']] } },
      /no number/,
    ],
  ] as const)('is an error where %s', async (_, answer, message) => {
    await expect(ask(answer)).rejects.toMatchObject({ message: expect.stringMatching(message) });
  });

  it('is refused before 8.14', async () => {
    await expect(ask({ body: whole }, '8.13.4')).rejects.toMatchObject({
      message: expect.stringMatching(/no ES\|QL/),
      retryable: false,
    });
  });
});

describe('A link', () => {
  const request = {
    dataset,
    types: { '@timestamp': 'time' },
    where: EVERYTHING,
    range: { start: START, end: START + HOUR },
  } as const;
  const webUrl = 'https://kibana.example/base/';

  it('opens Discover with the range and the query, in its space', async () => {
    const { connector } = await play({}, { options: { webUrl, space: 'soc' } });
    const url = new URL(connector.link(request) ?? '');
    expect(url.pathname).toBe('/base/s/soc/app/r');
    const params: unknown = JSON.parse(url.searchParams.get('p') ?? '');
    expect(params).toMatchObject({
      dataViewSpec: { title: 'logs-*', timeFieldName: '@timestamp' },
      timeRange: { from: '2026-03-29T00:00:00.000Z', to: '2026-03-29T00:59:59.999Z', mode: 'absolute' },
      filters: [{ query: { range: { '@timestamp': { gte: START, lt: START + HOUR } } } }],
    });
  });

  it('names the data view to Kibana 7 and to Dashboards', async () => {
    const options = { index: 'logs-*', dataView: "it's" };
    // Nothing was asked of the server yet: its version is not known.
    const seven = await play({}, { version: '7.17.29', options: { webUrl } });
    const old = decodeURIComponent(
      seven.connector.link({ ...request, dataset: { ...dataset, options } }) ?? '',
    );
    expect(old).toContain("/app/discover#/?_g=(filters:!(),time:(from:'2026-03-29T00:00:00.000Z'");
    expect(old).toContain("index:'it!'s'");
    const dashboards = await play({}, { type: opensearch, options: { webUrl } });
    const other = decodeURIComponent(
      dashboards.connector.link({ ...request, dataset: { ...dataset, options } }) ?? '',
    );
    expect(other).toContain('/app/data-explorer/discover#?_a=(discover:');
    expect(other).toContain("indexPattern:'it!'s'");
  });

  it('is none where nobody said where the pages are', async () => {
    const { connector } = await play({});
    expect(connector.link(request)).toBeNull();
  });
});
