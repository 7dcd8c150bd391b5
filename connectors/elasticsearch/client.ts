/** Elasticsearch 7.17 to 9 through Elastic's own client: media types by the server's version, its retries off. */
import { Client, errors, HttpConnection } from '@elastic/elasticsearch';
import { resolveSecret } from '../../src/config/secrets.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { cancelling } from '../shared/search-engine/cancel.ts';
import {
  accessOf,
  basicAuthOf,
  guarded,
  timeoutOf,
  type VendorError,
  vendorErrorOf,
} from '../shared/search-engine/client.ts';
import {
  type Answer,
  type Call,
  type Engine,
  indexPath,
  parseServer,
  type Server,
} from '../shared/search-engine/engine.ts';
import { textAt } from '../shared/search-engine/json.ts';
import { tlsOf } from '../shared/tls.ts';
import type { SourceOptions } from './options.ts';

/** The newest whose media types this client speaks. */
const NEWEST = 9;
const PLAIN = 'application/json';
/** What is kept of the account's privileges. */
const ACCESS = { cluster: 'cluster', indices: 'indices', remote: 'remote_indices' };

export function openEngine(source: string, options: SourceOptions, folder: string): Engine {
  const client = new Client({
    nodes: options.url,
    tls: tlsOf(options.tls, folder),
    maxRetries: 0,
    requestTimeout: timeoutOf(options),
    // The other one knows no proxies.
    Connection: HttpConnection,
    enableMetaHeader: false,
    ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    ...authOf(options.auth, folder),
  });
  let known: Server | null = null;

  const { send, settled } = cancelling(async ({ method, path, query = {}, body }, signal, headers) => {
    const params = {
      method,
      path,
      querystring: { ...query },
      ...(body === undefined ? {} : { body: { ...body } }),
    };
    const answer = await client.transport.request(params, { meta: true, signal, headers });
    return { body: answer.body, headers: answer.headers };
  });
  const ask = (call: Call, mediaType: string, signal: AbortSignal): Promise<Answer> => {
    const type = call.body === undefined ? {} : { 'content-type': mediaType };
    return guarded(source, call, signal, () => send(call, signal, { accept: mediaType, ...type }), classify);
  };

  const server = async (signal: AbortSignal): Promise<Server> => {
    known = serverOf((await ask({ method: 'GET', path: '/' }, PLAIN, signal)).body, source);
    return known;
  };
  const call = async (one: Call, signal: AbortSignal): Promise<Answer> =>
    ask(one, mediaTypeFor(known ?? (await server(signal))), signal);

  return {
    product: 'Elasticsearch',
    source,
    call,
    server,
    known: () => known,
    openPoint: async (index, query, signal) => {
      const path = `/${indexPath(index)}/_pit`;
      const { body } = await call(
        { method: 'POST', path, ...(query === undefined ? {} : { query }) },
        signal,
      );
      return { id: textAt(body, 'id'), answer: body };
    },
    closePoint: async (id, signal) => {
      await call({ method: 'DELETE', path: '/_pit', body: { id } }, signal);
    },
    access: (signal) => accessOf(call, '/_security/user/_privileges', ACCESS, signal),
    close: async () => {
      await settled();
      await client.close();
    },
  };
}

function authOf(auth: SourceOptions['auth'], folder: string) {
  if (auth === undefined) return {};
  if ('apiKey' in auth) return { auth: { apiKey: resolveSecret(auth.apiKey, folder) } };
  if ('bearer' in auth) return { auth: { bearer: resolveSecret(auth.bearer, folder) } };
  return { auth: basicAuthOf(auth, folder) };
}

/** 7 has no types of its own; a newer server than the client still speaks the newest that both know. */
function mediaTypeFor({ major }: Server): string {
  return major < 8 ? PLAIN : `application/vnd.elasticsearch+json; compatible-with=${Math.min(major, NEWEST)}`;
}

function serverOf(body: unknown, source: string): Server {
  const server = parseServer(textAt(body, 'version', 'number'), textAt(body, 'cluster_uuid'));
  if (server.major > 7 || (server.major === 7 && server.minor >= 17)) return server;
  throw new ConnectorError(`Elasticsearch ${server.version} is older than 7.17`, {
    retryable: false,
    where: source,
    help: 'Upgrade it: before 7.17 searches can answer in part without saying so.',
  });
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
