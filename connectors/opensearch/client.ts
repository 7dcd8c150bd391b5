/** OpenSearch through its own client, whose retries are off. */
import { Client, errors } from '@opensearch-project/opensearch';
import { resolveSecret } from '../../src/config/secrets.ts';
import { basicAuthOf, engineOf, timeoutOf, vendorErrorOf } from '../shared/search-engine/client.ts';
import { type Engine, parseServer, type Server } from '../shared/search-engine/engine.ts';
import { refusal } from '../shared/search-engine/failure.ts';
import { at } from '../shared/search-engine/json.ts';
import { tlsOf } from '../shared/tls.ts';
import type { SourceOptions } from './options.ts';
import { securityOf } from './rights.ts';

export function openEngine(source: string, options: SourceOptions, folder: string): Engine {
  const client = new Client({
    nodes: options.url,
    ssl: tlsOf(options.tls, folder),
    maxRetries: 0,
    requestTimeout: timeoutOf(options),
    ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    ...authOf(options.auth, folder),
  });
  return engineOf({
    product: 'OpenSearch',
    source,
    send: async ({ method, path, query = {}, body }, signal, headers) => {
      const sent = client.transport.request(
        { method, path, querystring: { ...query }, ...(body === undefined ? {} : { body: { ...body } }) },
        { maxRetries: 0, headers: { ...headers } },
      );
      // What it returns is a promise, whose rejection nobody would heed but the event's target, and that ends the process.
      const abort = () => {
        sent.abort();
      };
      signal.addEventListener('abort', abort, { once: true });
      try {
        const answer = await sent;
        return { body: answer.body, headers: answer.headers ?? {} };
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
    classify: (error) => vendorErrorOf(error, errors),
    serverOf: (body) => serverOf(body, source),
    mediaTypeFor: () => 'application/json',
    point: { path: '/_search/point_in_time', id: 'pit_id', closing: (id) => ({ pit_id: [id] }) },
    rights: (call) => securityOf(call, source),
    close: () => client.close(),
  });
}

function authOf(auth: SourceOptions['auth'], folder: string) {
  if (auth === undefined) return {};
  if ('bearer' in auth) return { headers: { authorization: `Bearer ${resolveSecret(auth.bearer, folder)}` } };
  return { auth: basicAuthOf(auth, folder) };
}

function serverOf(body: unknown, source: string): Server {
  if (at(body, 'version', 'distribution') === 'opensearch') return parseServer(body);
  throw refusal(source, 'What answers is not OpenSearch', 'Check `type` and `url` of the source.');
}
