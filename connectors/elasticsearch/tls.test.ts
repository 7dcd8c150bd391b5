/** On its way to the cluster: certificates are verified, a client's own is shown, a proxy is gone through. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlain, type Server } from 'node:http';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { opensearch } from '../opensearch/index.ts';
import { elasticsearch } from './index.ts';

const NEVER = new AbortController().signal;
let folder: string;
let port: number;
const servers: Server[] = [];

const answer = (path: string): object => {
  if (path === '/') return { cluster_uuid: 'c1', version: { number: '9.5.3', distribution: 'opensearch' } };
  return { indices: [], aliases: [], data_streams: [] };
};

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clause9-tls-'));
  for (const name of ['server', 'client']) {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)];
    const kind = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ];
    execFileSync('openssl', [...kind, ...subject, ...files], { stdio: 'ignore' });
  }
  const pem = (name: string) => readFileSync(join(folder, name));
  const secure = {
    key: pem('server.key'),
    cert: pem('server.pem'),
    ca: pem('client.pem'),
    requestCert: true,
    rejectUnauthorized: true,
  };
  port = await listen(
    createServer(secure, (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.setHeader('x-elastic-product', 'Elasticsearch');
      response.end(JSON.stringify(answer(request.url?.split('?')[0] ?? '')));
    }),
  );
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  rmSync(folder, { recursive: true });
});

describe.each([
  ['Elasticsearch', elasticsearch],
  ['OpenSearch', opensearch],
] as const)('On its way to %s', (_, type) => {
  const discover = async (options: object) => {
    const connector = await type.open(
      { name: 'siem', type: type.type, maxConcurrentSearches: 1, options },
      folder,
    );
    try {
      return await connector.discover(NEVER);
    } finally {
      await connector.close();
    }
  };
  const own = { certificate: 'client.pem', key: 'client.key' };

  it('a certificate of an own authority is accepted, and ours is shown', async () => {
    expect(await discover({ url: `https://localhost:${port}`, tls: { ca: 'server.pem', ...own } })).toEqual(
      [],
    );
  });

  it('a certificate that nobody known signed, and being nobody, are errors', async () => {
    const url = `https://localhost:${port}`;
    await expect(discover({ url, tls: own })).rejects.toMatchObject({
      message: expect.stringMatching(/can't be reached/),
      retryable: true,
    });
    await expect(discover({ url, tls: { ca: 'server.pem' } })).rejects.toMatchObject({ retryable: true });
    await expect(discover({ url, tls: { ca: 'client.pem', ...own } })).rejects.toMatchObject({
      retryable: true,
    });
  });

  it('a secret does not go over an open wire', () => {
    const auth = { username: 'u', password: { env: 'P' } };
    expect(type.sourceOptions.safeParse({ url: 'http://es.example:9200', auth }).success).toBe(false);
    expect(type.sourceOptions.safeParse({ url: 'http://127.0.0.1:9200', auth }).success).toBe(true);
    expect(type.sourceOptions.safeParse({ url: 'https://u:p@es.example:9200' }).success).toBe(false);
  });

  it('a proxy is gone through', async () => {
    const plain = await listen(
      createPlain((request, response) => {
        response.setHeader('content-type', 'application/json');
        response.setHeader('x-elastic-product', 'Elasticsearch');
        response.end(JSON.stringify(answer(request.url?.split('?')[0] ?? '')));
      }),
    );
    const passed: string[] = [];
    const tunnels = createPlain();
    tunnels.on('connect', (request, socket) => {
      passed.push(request.url ?? '');
      const [host = '', to = ''] = (request.url ?? '').split(':');
      const onwards = connect(Number(to), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
      socket.pipe(onwards).pipe(socket);
      socket.on('error', () => onwards.destroy());
      onwards.on('error', () => socket.destroy());
    });
    const proxy = await listen(tunnels);
    expect(await discover({ url: `http://127.0.0.1:${plain}`, proxy: `http://127.0.0.1:${proxy}` })).toEqual(
      [],
    );
    expect(passed).toContain(`127.0.0.1:${plain}`);
  });
});
