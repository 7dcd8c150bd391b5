/**
 * Secrets stay where they belong. Servers that refuse, break, and send back all that they were sent; one that works: whatever
 * clause9 then logs, stores, says or shows is searched for any piece of a planted secret.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/core/time/interval.ts';
import { type Splunkd, startSplunkd } from '../fakes/splunkd/index.ts';
import { type Served, startServe, writeSet } from './served.ts';

/** With what has to be written otherwise in a form, a URL or JSON. */
const plant = () => `/p+"l ${randomBytes(12).toString('hex')}`;
const SECRETS = {
  API_KEY: randomBytes(24).toString('base64'),
  BEARER: randomBytes(12).toString('hex'),
  PASSWORD: plant(),
  TOKEN: randomBytes(12).toString('hex'),
  CERTIFICATE_KEY: plant(),
  PASSPHRASE: plant(),
  PSEUDONYM_KEY: plant(),
};
const USER = 'clause9';
const NEEDLES = [...Object.values(SECRETS), Buffer.from(`${USER}:${SECRETS.PASSWORD}`).toString('base64')];

/** Any ten characters of a secret in a row tell too much. */
function piecesIn(text: string): string[] {
  const pieces = NEEDLES.flatMap((secret) =>
    Array.from({ length: Math.max(1, secret.length - 9) }, (_, i) => secret.slice(i, i + 10)),
  );
  return pieces.filter((piece) => text.includes(piece) || text.includes(encodeURIComponent(piece)));
}

type Mode = 'refuses' | 'breaks' | 'shows-a-page' | 'is-cut' | 'refuses-later';

/** A server, or what stands in front of one, that sends back what it was sent. */
function echo(mode: Mode, seen: (text: string) => void): Server {
  return createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const sent = `${request.headers.authorization ?? ''} ${body}`;
    seen(sent);
    response.setHeader('x-elastic-product', 'Elasticsearch');
    answer(mode, request, response, `${decoded(request)} ${sent}`);
  });
}

function decoded({ headers }: IncomingMessage): string {
  const [, basic] = /^Basic (.*)$/.exec(headers.authorization ?? '') ?? [];
  return basic === undefined ? '' : Buffer.from(basic, 'base64').toString();
}

function answer(mode: Mode, request: IncomingMessage, response: ServerResponse, sent: string): void {
  const words = `who is ${sent}?`;
  const json = JSON.stringify({
    error: { type: 'security_exception', reason: words, root_cause: [{ type: 'x', reason: words }] },
    messages: [{ type: 'ERROR', text: words }],
  });
  const isRoot = mode === 'refuses-later' && request.url === '/';
  if (isRoot) {
    const version = { number: '8.19.0', distribution: 'opensearch' };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ version, cluster_uuid: 'u' }));
    return;
  }
  const status = { refuses: 401, breaks: 500, 'shows-a-page': 200, 'is-cut': 200, 'refuses-later': 400 }[
    mode
  ];
  response.writeHead(status, { 'content-type': mode === 'shows-a-page' ? 'text/html' : 'application/json' });
  response.end(mode === 'shows-a-page' ? sent : mode === 'is-cut' ? `{"a": ${sent}` : json);
}

const basic = { username: USER, password: { env: 'PASSWORD' } };
const ACCOUNTS = [
  ['elasticsearch', 'api-key', { apiKey: { env: 'API_KEY' } }],
  ['elasticsearch', 'bearer', { bearer: { env: 'BEARER' } }],
  ['elasticsearch', 'basic', basic],
  ['opensearch', 'bearer', { bearer: { env: 'BEARER' } }],
  ['opensearch', 'basic', basic],
  ['splunk', 'token', { token: { env: 'TOKEN' } }],
  ['splunk', 'basic', basic],
] as const;
const MODES = ['refuses', 'breaks', 'shows-a-page', 'is-cut', 'refuses-later'] as const;

interface Planted {
  readonly id: string;
  readonly source: object;
  readonly dataset: object;
}

const servers: Server[] = [];
let splunkd: Splunkd;
let received = '';

async function openEcho(mode: Mode): Promise<string> {
  const server = echo(mode, (sent) => {
    received += `${sent}\n`;
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

async function plantSources(): Promise<Planted[]> {
  const planted: Planted[] = [];
  for (const mode of MODES) {
    const url = await openEcho(mode);
    for (const [type, name, auth] of ACCOUNTS) {
      const tls = {
        certificate: './certificate.pem',
        key: './certificate.key',
        passphrase: { env: 'PASSPHRASE' },
      };
      planted.push({
        id: `${type}-${name}-${mode}`,
        source: { type, url, auth, tls },
        dataset: { index: 'main', ...(type === 'splunk' ? { time: '_time' } : {}) },
      });
    }
  }
  for (const [type, name, auth] of ACCOUNTS.filter(([one]) => one === 'splunk')) {
    const source = { type, url: splunkd.url, auth };
    planted.push({ id: `${type}-${name}-works`, source, dataset: { index: 'main', time: '_time' } });
  }
  const dataset = { files: 'logons.ndjson', pseudonymise: ['user.name'] };
  planted.push({ id: 'files-works', source: { type: 'files', path: '.' }, dataset });
  return planted;
}

describe('A secret', () => {
  let served: Served;
  let planted: Planted[] = [];
  beforeAll(async () => {
    const now = Date.now();
    splunkd = await startSplunkd({
      users: { [USER]: { roles: ['reader'], password: SECRETS.PASSWORD } },
      roles: { reader: { srchIndexesAllowed: ['*'], srchJobsQuota: 10 } },
      tokens: { [SECRETS.TOKEN]: { user: USER } },
    });
    splunkd.addEvents('main', [{ _time: now / 1000 - 5400, _indextime: now / 1000 - 5400, fields: {} }]);
    planted = await plantSources();
    const row = { '@timestamp': new Date(now - 90 * MINUTE).toISOString(), 'user.name': 'kari' };
    served = await startServe({
      env: SECRETS,
      files: {
        'certificate.pem': 'of no use',
        'certificate.key': `${SECRETS.CERTIFICATE_KEY}\n`,
        'pseudonym.key': `${SECRETS.PSEUDONYM_KEY}\n`,
        'logons.ndjson': `${JSON.stringify(row)}\n`,
      },
      config: {
        logLevel: 'trace',
        store: './data/clause9.db',
        pseudonymKey: { file: './pseudonym.key' },
        sources: Object.fromEntries(planted.map(({ id, source }) => [id, source])),
        datasets: Object.fromEntries(
          planted.map(({ id, dataset }) => [id, { kind: 'events', source: id, settle: '0s', ...dataset }]),
        ),
      },
      kpis: planted.map(({ id }) => ({
        id,
        title: id,
        unit: 'events',
        measures: { n: { dataset: id, aggregate: 'count' } },
        formula: 'n',
        window: { rolling: '4h', every: '1h' },
        targets: [{ from: '2020-01-01', onTarget: '>= 0' }],
        ...(id === 'files-works' ? { groupBy: ['user.name'] } : {}),
      })),
    });
    await served.cycled();
  }, 120_000);
  afterAll(async () => {
    await served?.stop();
    await splunkd.stop();
    for (const server of servers) server.close();
  });

  it('was really sent to those who send it back, and to those who work', async () => {
    for (const secret of [SECRETS.API_KEY, SECRETS.BEARER, SECRETS.TOKEN]) expect(received).toContain(secret);
    expect(received).toContain(`password=${encodeURIComponent(SECRETS.PASSWORD)}`);
    const kpis = JSON.parse(await served.get('/api/v1/kpis')).kpis;
    const values = kpis.filter((kpi: { id: string }) => kpi.id.endsWith('-works'));
    expect(values.map((kpi: { newest: { value: number } | null }) => kpi.newest?.value)).toEqual([1, 1, 1]);
  });

  it('stands in no line of the log, at any level', () => {
    const log = served.log();
    // What was sent back is shown, without it.
    expect(log).toContain('Bearer •••');
    expect(piecesIn(log)).toEqual([]);
  });

  it('stands in no answer of the API, no page and no metric', async () => {
    const paths = ['/metrics', '/readyz', '/', '/api/v1/kpis', '/docs/json'];
    for (const { id } of planted)
      paths.push(`/kpis/${id}`, `/api/v1/kpis/${id}`, `/api/v1/kpis/${id}/explain`);
    for (const path of paths) expect(piecesIn(await served.get(path)), path).toEqual([]);
  });

  it('stands nowhere in the store, evidence and all', () => {
    const folder = join(served.folder, 'data');
    const files = readdirSync(folder);
    expect(files).toContain('clause9.db');
    const bytes = files.map((name) => readFileSync(join(folder, name), 'latin1')).join('');
    expect(bytes).toContain('who is ');
    expect(piecesIn(bytes)).toEqual([]);
  });

  it('stands in no answer of doctor, which asks all sources', async () => {
    const said = await commandLine(served.folder, ['doctor', '--output', 'json']);
    expect(said).toContain('Bearer •••');
    expect(piecesIn(said)).toEqual([]);
  });

  it('that is written into the configuration itself is refused, and not repeated', async () => {
    const folder = writeSet({
      kpis: [],
      config: {
        sources: {
          a: { type: 'elasticsearch', url: 'https://localhost:1', auth: { apiKey: SECRETS.API_KEY } },
          b: {
            type: 'splunk',
            url: `https://${USER}:${SECRETS.BEARER}@localhost:1`,
            auth: { token: SECRETS.TOKEN },
          },
          c: { type: 'opensearch', url: `https://${USER}:${SECRETS.BEARER}@localhost:1`, auth: basic },
        },
        datasets: {},
      },
    });
    const said = await commandLine(folder, ['validate']);
    rmSync(folder, { recursive: true });
    expect(said.match(/must not be written out here|must hold no user or password/g)).toHaveLength(4);
    expect(piecesIn(said)).toEqual([]);
  });
});

/** All that a command says, whether or not it succeeds. The servers that it asks are here, so they must not be held up. */
async function commandLine(folder: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ['src/main.ts', ...args, '-c', join(folder, 'clause9.yaml')], {
    env: { ...process.env, ...SECRETS },
  });
  const said = await Promise.all([text(child.stdout), text(child.stderr)]);
  return said.join('\n');
}
