/** OpenSearch through its own client, whose retries are off. */
import { Client, errors } from '@opensearch-project/opensearch';
import { resolveSecret } from '../../src/config/secrets.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { cancelling } from '../shared/search-engine/cancel.ts';
import { accessOf, basicAuthOf, guarded, timeoutOf, vendorErrorOf } from '../shared/search-engine/client.ts';
import {
  type Answer,
  type Call,
  type Engine,
  indexPath,
  parseServer,
  type Server,
} from '../shared/search-engine/engine.ts';
import { at, textAt } from '../shared/search-engine/json.ts';
import { tlsOf } from '../shared/tls.ts';
import type { SourceOptions } from './options.ts';

/** What is kept of what the security plugin says of the account. */
const ACCESS = { roles: 'roles', backendRoles: 'backend_roles', tenants: 'tenants' };

export function openEngine(source: string, options: SourceOptions, folder: string): Engine {
  const client = new Client({
    nodes: options.url,
    ssl: tlsOf(options.tls, folder),
    maxRetries: 0,
    requestTimeout: timeoutOf(options),
    ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    ...authOf(options.auth, folder),
  });
  let known: Server | null = null;

  const { send, settled } = cancelling(async ({ method, path, query = {}, body }, signal, headers) => {
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
  });
  const call = (one: Call, signal: AbortSignal): Promise<Answer> =>
    guarded(
      source,
      one,
      signal,
      () => send(one, signal, {}),
      (error) => vendorErrorOf(error, errors),
    );

  return {
    product: 'OpenSearch',
    source,
    call,
    server: async (signal) => {
      known = serverOf((await call({ method: 'GET', path: '/' }, signal)).body, source);
      return known;
    },
    known: () => known,
    openPoint: async (index, query, signal) => {
      const path = `/${indexPath(index)}/_search/point_in_time`;
      const { body } = await call(
        { method: 'POST', path, ...(query === undefined ? {} : { query }) },
        signal,
      );
      return { id: textAt(body, 'pit_id'), answer: body };
    },
    closePoint: async (id, signal) => {
      await call({ method: 'DELETE', path: '/_search/point_in_time', body: { pit_id: [id] } }, signal);
    },
    access: (signal) => accessOf(call, '/_plugins/_security/authinfo', ACCESS, signal),
    close: async () => {
      await settled();
      await client.close();
    },
  };
}

function authOf(auth: SourceOptions['auth'], folder: string) {
  if (auth === undefined) return {};
  if ('bearer' in auth) return { headers: { authorization: `Bearer ${resolveSecret(auth.bearer, folder)}` } };
  return { auth: basicAuthOf(auth, folder) };
}

function serverOf(body: unknown, source: string): Server {
  if (at(body, 'version', 'distribution') !== 'opensearch') {
    throw new ConnectorError('What answers is not OpenSearch', {
      retryable: false,
      where: source,
      help: 'Check `type` and `url` of the source.',
    });
  }
  return parseServer(textAt(body, 'version', 'number'), textAt(body, 'cluster_uuid'));
}
