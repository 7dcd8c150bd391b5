/** Elasticsearch 7.17 to 9 through Elastic's own client: media types by the server's version, its retries off. */
import { Client, errors, HttpConnection } from '@elastic/elasticsearch';
import { resolveSecret } from '../../src/config/secrets.ts';
import {
  basicAuthOf,
  engineOf,
  timeoutOf,
  type VendorError,
  vendorErrorOf,
} from '../shared/search-engine/client.ts';
import { type Engine, parseServer, type Server } from '../shared/search-engine/engine.ts';
import { refusal } from '../shared/search-engine/failure.ts';
import { tlsOf } from '../shared/tls.ts';
import type { SourceOptions } from './options.ts';
import { securityOf } from './rights.ts';

/** The newest whose media types this client speaks. */
const NEWEST = 9;

export function openEngine(source: string, options: SourceOptions, folder: string): Engine {
  const auth = authOf(options.auth, folder);
  const client = new Client({
    nodes: options.url,
    tls: tlsOf(options.tls, folder),
    maxRetries: 0,
    requestTimeout: timeoutOf(options),
    // The other one knows no proxies.
    Connection: HttpConnection,
    enableMetaHeader: false,
    ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    ...(auth === null ? {} : { auth }),
  });
  return engineOf({
    product: 'Elasticsearch',
    source,
    send: async ({ method, path, query = {}, body }, signal, headers) => {
      const sent = { method, path, querystring: { ...query }, ...(body === undefined ? {} : { body }) };
      const answer = await client.transport.request(sent, { meta: true, signal, headers });
      return { body: answer.body, headers: answer.headers };
    },
    classify,
    serverOf: (body) => serverOf(body, source),
    mediaTypeFor,
    point: { path: '/_pit', id: 'id', closing: (id) => ({ id }) },
    rights: (call) => securityOf(call, source, keyIdOf(auth)),
    close: () => client.close(),
  });
}

function authOf(auth: SourceOptions['auth'], folder: string) {
  if (auth === undefined) return null;
  if ('apiKey' in auth) return { apiKey: resolveSecret(auth.apiKey, folder) };
  if ('bearer' in auth) return { bearer: resolveSecret(auth.bearer, folder) };
  return basicAuthOf(auth, folder);
}

/** An encoded key is `id:secret` in base64. */
function keyIdOf(auth: ReturnType<typeof authOf>): string | null {
  if (auth === null || !('apiKey' in auth)) return null;
  const [id = '', secret] = Buffer.from(auth.apiKey, 'base64').toString().split(':');
  return secret === undefined ? null : id;
}

/** 7 has no types of its own; a newer server than the client still speaks the newest that both know. */
function mediaTypeFor({ major }: Server): string {
  return major < 8
    ? 'application/json'
    : `application/vnd.elasticsearch+json; compatible-with=${Math.min(major, NEWEST)}`;
}

function serverOf(body: unknown, source: string): Server {
  const server = parseServer(body);
  if (server.major > 7 || (server.major === 7 && server.minor >= 17)) return server;
  throw refusal(
    source,
    `Elasticsearch ${server.version} is older than 7.17`,
    'Upgrade it: before 7.17 searches can answer in part without saying so.',
  );
}

function classify(error: unknown): VendorError {
  const known = vendorErrorOf(error, errors);
  if (!(error instanceof errors.ProductNotSupportedError)) return known;
  return {
    ...known,
    kind: 'product',
    message: 'What answers is not Elasticsearch (no header x-elastic-product)',
  };
}
