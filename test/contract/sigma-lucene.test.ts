/**
 * A second opinion on what Elasticsearch and OpenSearch are asked: pySigma's back ends write the same Sigma detection as a
 * Lucene query, a real server runs both, and the reference evaluator says what should be found.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { elasticsearch } from '../../connectors/elasticsearch/index.ts';
import { opensearch } from '../../connectors/opensearch/index.ts';
import { listAt, numberAt } from '../../connectors/shared/search-engine/json.ts';
import { compileFilter } from '../../src/core/filter/evaluate.ts';
import type { Filter, Row } from '../../src/core/filter/model.ts';
import { parseFilter } from '../../src/core/filter/parse.ts';
import { MINUTE } from '../../src/core/time/interval.ts';
import type { Connector, ConnectorType } from '../../src/ports/connector.ts';
import { eventsDataset } from '../fakes/datasets.ts';
import { pythonEnvironment, pythonPackage } from '../fakes/splunkd/pip.ts';
import { type Admin, adminOf } from '../servers/client.ts';
import { canStart, type ServerKind, START_TIMEOUT_MS, sharedServer } from '../servers/server.ts';

const START = Date.UTC(2026, 0, 1);
const NEVER = new AbortController().signal;

const PATH = 'C:\\Windows\\cmd.exe';
const EVENTS: readonly Row[] = [
  { a: 'x', b: 'y', n: 5, ip: '10.1.2.3' },
  { a: 'X', n: 7, ip: '11.0.0.1', p: 'xxay' },
  { a: 'xyz', b: 'q', c: 'z', p: PATH },
  { b: 'y', c: 'z', n: 4.5, ip: 'fe80::1' },
  { a: 'say "hi"', p: `${PATH} /c`, n: -1 },
  { a: 'x y', b: 'AND', c: 'OR' },
  { b: 'Y(1)', a: 'a+b' },
];

/** What each asks; where Lucene's answer is known to be another one, why. */
const DETECTIONS: readonly {
  readonly detection: Readonly<Record<string, unknown>>;
  readonly differs?: string;
}[] = [
  { detection: { s: { a: 'x' }, condition: 's' } },
  { detection: { s: { a: ['x*', 'say*'], 'b|contains': 'q' }, condition: 's' } },
  { detection: { s: { a: ['x*', '*hi*'] }, condition: 's' } },
  { detection: { s: { a: 'x?z' }, condition: 's' } },
  { detection: { s: { 'a|startswith': 'X', 'a|endswith': 'Z' }, condition: 's' } },
  { detection: { s: { 'a|contains|all': ['x', 'y'] }, condition: 's' } },
  { detection: { s: { a: 'say "hi"' }, condition: 's' } },
  { detection: { s: { a: 'a+b' }, condition: 's' } },
  { detection: { s: { p: PATH }, condition: 's' } },
  { detection: { s: { 'p|endswith': '\\cmd.exe' }, condition: 's' } },
  { detection: { s: { 'n|gte': 5 }, condition: 's' } },
  { detection: { s: { 'n|lt': 5 }, condition: 's' } },
  { detection: { s: { n: 7 }, condition: 's' } },
  { detection: { s: { 'ip|cidr': '10.0.0.0/8' }, condition: 's' } },
  { detection: { s: { 'ip|cidr': ['10.0.0.0/8', '11.0.0.0/24'] }, condition: 'not s' } },
  { detection: { s: { b: null }, condition: 's' } },
  { detection: { s: { 'a|exists': true }, f: { c: null }, condition: 's and not f' } },
  { detection: { s: { 'p|re': 'x.*y' }, condition: 's' } },
  { detection: { s: { 'p|re': '^x.*y$' }, condition: 's' }, differs: 'Lucene takes ^ and $ as characters' },
  { detection: { s: { 'p|re': 'indows' }, condition: 's' }, differs: 'Lucene matches whole values only' },
  {
    detection: { one: { a: 'x' }, two: { b: 'y' }, three: { c: 'z' }, condition: 'one and two or not three' },
  },
  {
    detection: {
      one: { a: 'x*' },
      two: { b: 'y' },
      three: { c: 'z' },
      condition: 'not (one or two) or three',
    },
  },
  { detection: { s_1: { a: 'x' }, s_2: { b: 'y' }, condition: '1 of s_*' } },
  {
    detection: { s: { b: ['AND', 'NOT'], c: 'or' }, condition: 's' },
    differs: 'pySigma leaves AND and NOT bare, which Lucene takes for operators, and refuses',
  },
  { detection: { s: { b: 'y(1)' }, condition: 's' } },
];

const PACKAGES = {
  es9: 'pysigma-backend-elasticsearch==2.1.1',
  opensearch: 'pysigma-backend-opensearch==2.0.3',
};

secondOpinion('es9', elasticsearch, 'elasticsearch');
secondOpinion('opensearch', opensearch, 'opensearch');

function secondOpinion(kind: 'es9' | 'opensearch', type: ConnectorType, whose: string): void {
  const library = canStart(kind) ? pythonPackage(PACKAGES[kind]) : null;

  describe.skipIf(library === null)(
    `${kind}: pySigma's queries (left out without Java, python3 and pip)`,
    () => {
      let server: Opened;
      let queries: readonly (string | null)[] = [];
      beforeAll(async () => {
        server = await open(kind, type);
        const input = JSON.stringify(DETECTIONS.map(({ detection }) => detection));
        const script = join(import.meta.dirname, 'sigma_to_lucene.py');
        const env = pythonEnvironment(library);
        queries = JSON.parse(execFileSync('python3', [script, whose], { env, input, encoding: 'utf8' }));
      }, START_TIMEOUT_MS);
      afterAll(() => server?.close());

      it.each(DETECTIONS.map((one, at) => ({ ...one, at, title: JSON.stringify(one.detection) })))(
        'find what clause9 and the reference find: $title',
        async ({ detection, differs, at }) => {
          const parsed = parseFilter(detection);
          if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
          const test = compileFilter(parsed.filter);
          const expected = EVENTS.flatMap((row, number) => (test(row) ? [number] : []));
          expect(await server.asked(parsed.filter)).toEqual(expected);
          const query = queries[at] ?? null;
          const found = query === null ? null : await server.lucene(query).catch(String);
          if (differs === undefined) expect({ query, found }).toEqual({ query, found: expected });
          else expect(found, `${differs}: ${query}`).not.toEqual(expected);
        },
      );
    },
  );
}

interface Opened {
  /** Numbers of the events that clause9's own question finds. */
  asked(where: Filter): Promise<readonly number[]>;
  /** Those that a Lucene query finds, where fields fold case as Sigma wants it. */
  lucene(query: string): Promise<readonly number[]>;
  close(): Promise<void>;
}

async function open(kind: ServerKind, type: ConnectorType): Promise<Opened> {
  const url = await sharedServer(kind);
  const admin = adminOf(url);
  const name = `sigma-${randomUUID().slice(0, 8)}`;
  await fill(admin, name, { type: 'keyword' });
  await fill(admin, `${name}-folded`, { type: 'keyword', normalizer: 'lowercase' });
  const source = { name: 'siem', type: type.type, maxConcurrentSearches: 2, options: { url } };
  const connector: Connector = await type.open(source, '/');
  const dataset = eventsDataset({ options: { index: name } });
  const { types } = await connector.probe(dataset, NEVER);
  return {
    asked: async (where) => {
      const range = { start: START, end: START + 60 * MINUTE };
      const request = { dataset, types, where, range, asOf: range.end, limit: 100 };
      const { rows } = await connector.readRows(request, NEVER);
      return rows.map(({ at }) => Number(at)).sort((a, b) => a - b);
    },
    lucene: async (query) => {
      const body = { query: { query_string: { query, analyze_wildcard: true } }, size: 100, sort: ['at'] };
      const answer = await admin.send('POST', `/${name}-folded/_search`, body);
      return listAt(answer, 'hits', 'hits').map((hit) => numberAt(hit, '_source', 'at'));
    },
    close: async () => {
      await connector.close();
      await admin.send('DELETE', `/${name},${name}-folded`);
    },
  };
}

async function fill(admin: Admin, name: string, text: object): Promise<void> {
  await admin.send('PUT', `/${name}`, {
    settings: { number_of_shards: 1, number_of_replicas: 0 },
    mappings: {
      dynamic: false,
      properties: {
        '@timestamp': { type: 'date' },
        at: { type: 'long' },
        n: { type: 'double' },
        ip: { type: 'ip' },
        ...Object.fromEntries(['a', 'b', 'c', 'p'].map((field) => [field, text])),
      },
    },
  });
  await admin.bulk(
    name,
    EVENTS.map((row, at) => ({ ...row, at, '@timestamp': new Date(START + at * MINUTE).toISOString() })),
  );
}
