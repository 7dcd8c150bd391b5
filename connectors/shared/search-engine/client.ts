/** A cluster through a vendor's client: secrets resolved, each request classified, the server asked who it is before all else. */
import { concealSecrets, keepSecret, resolveSecret, type SecretRef } from '../../../src/config/secrets.ts';
import { ConnectorError } from '../../../src/core/errors.ts';
import { parseDuration } from '../../../src/core/time/interval.ts';
import { cancelling, type Send } from './cancel.ts';
import { type Answer, type Call, type Engine, indexPath, type Server } from './engine.ts';
import { failureOf } from './failure.ts';
import { isObject, type Json, textAt } from './json.ts';
import type { CommonOptions } from './options.ts';
import type { Rights } from './rights.ts';

/** What a vendor's client and server do in their own way. */
export interface Vendor extends Pick<Engine, 'product' | 'source' | 'close'> {
  readonly send: Send;
  classify(error: unknown): VendorError;
  /** From the answer to `GET /`. Throws `ConnectorError` for what is not to be relied on. */
  serverOf(body: unknown): Server;
  mediaTypeFor(server: Server): string;
  /** Points in time: their path, the key of their id, and what closes one. */
  readonly point: { readonly path: string; readonly id: string; closing(id: string): Json };
  rights(call: Engine['call']): Rights;
}

const PLAIN = 'application/json';

export function engineOf(vendor: Vendor): Engine {
  const { product, source, classify, point } = vendor;
  const { send, settled } = cancelling(vendor.send);
  let known: Server | null = null;
  const ask = (call: Call, mediaType: string, signal: AbortSignal): Promise<Answer> => {
    const type = call.body === undefined ? {} : { 'content-type': mediaType };
    return guarded(source, call, signal, () => send(call, signal, { accept: mediaType, ...type }), classify);
  };
  const server = async (signal: AbortSignal): Promise<Server> => {
    known = vendor.serverOf((await ask({ method: 'GET', path: '/' }, PLAIN, signal)).body);
    return known;
  };
  const call: Engine['call'] = async (one, signal) =>
    ask(one, vendor.mediaTypeFor(known ?? (await server(signal))), signal);
  return {
    product,
    source,
    call,
    server,
    known: () => known,
    openPoint: async (index, query, signal) => {
      const path = `/${indexPath(index)}${point.path}`;
      const { body } = await call({ method: 'POST', path, query }, signal);
      return { id: textAt(body, point.id), answer: body };
    },
    closePoint: async (id, signal) => {
      await call({ method: 'DELETE', path: point.path, body: point.closing(id) }, signal);
    },
    rights: vendor.rights(call),
    close: async () => {
      await settled();
      await vendor.close();
    },
  };
}

export function timeoutOf({ requestTimeout }: CommonOptions): number {
  return parseDuration(requestTimeout) ?? 60_000;
}

/** What stands for both in a header is a secret, too. */
export function basicAuthOf(
  { username, password: ref }: { readonly username: string; readonly password: SecretRef },
  folder: string,
): { readonly username: string; readonly password: string } {
  const password = resolveSecret(ref, folder);
  keepSecret(Buffer.from(`${username}:${password}`).toString('base64'));
  return { username, password };
}

/** A vendor's error, as far as it is known: an answer with a status, or none at all. */
export interface VendorError {
  readonly status: number | null;
  readonly body: unknown;
  readonly kind: 'answer' | 'timeout' | 'connection' | 'unreadable' | 'product';
  readonly message: string;
}

type ErrorClass = abstract new (...args: never[]) => Error;

/** The classes that both clients' errors have; OpenSearch's client began as a copy of Elastic's. */
interface VendorErrors {
  readonly ResponseError: abstract new (
    ...args: never[]
  ) => Error & { readonly statusCode?: number | undefined; readonly body: unknown };
  readonly TimeoutError: ErrorClass;
  readonly DeserializationError: ErrorClass;
}

export function vendorErrorOf(error: unknown, classes: VendorErrors): VendorError {
  const message = error instanceof Error ? error.message : String(error);
  const none = { status: null, body: null, message };
  if (error instanceof classes.ResponseError)
    return { status: error.statusCode ?? 0, body: error.body, kind: 'answer', message };
  if (error instanceof classes.TimeoutError) return { ...none, kind: 'timeout' };
  if (error instanceof classes.DeserializationError) return { ...none, kind: 'unreadable' };
  return { ...none, kind: 'connection' };
}

/** Sends, and turns whatever goes wrong into a `ConnectorError` or the signal's own reason. */
async function guarded(
  source: string,
  call: Call,
  signal: AbortSignal,
  send: () => Promise<Answer>,
  classify: (error: unknown) => VendorError,
): Promise<Answer> {
  signal.throwIfAborted();
  let answer: Answer;
  try {
    answer = await send();
  } catch (error) {
    signal.throwIfAborted();
    throw failureFrom(source, classify(error), error);
  }
  signal.throwIfAborted();
  if (isObject(answer.body) || Array.isArray(answer.body)) return answer;
  throw new ConnectorError(
    `What answered ${call.path} is no JSON: "${concealSecrets(String(answer.body)).replace(/\s+/g, ' ').slice(0, 80)}"`,
    {
      retryable: true,
      where: source,
      help: 'Something else answers at this URL, such as a login page or a proxy: check `url` and `proxy`.',
    },
  );
}

function failureFrom(
  where: string,
  { status, body, kind, message }: VendorError,
  cause: unknown,
): ConnectorError {
  switch (kind) {
    case 'answer':
      return failureOf(where, status ?? 0, body);
    case 'timeout':
      return new ConnectorError('The server did not answer in time', {
        retryable: true,
        where,
        cause,
        help: 'Raise `requestTimeout`, or ask for less at once (`maxBuckets`).',
      });
    case 'unreadable':
      // The parser's own words quote a piece of it, which may be a piece of a secret.
      return new ConnectorError('The answer was cut or is no JSON', {
        retryable: true,
        where,
        cause,
        help: 'Something between clause9 and the server changed or cut it: check proxies.',
      });
    case 'product':
      return new ConnectorError(message, {
        retryable: false,
        where,
        cause,
        help: 'Check `type` and `url` of the source.',
      });
    case 'connection':
      return new ConnectorError(`The server can't be reached: ${message}`, {
        retryable: true,
        where,
        cause,
        help: 'Check `url`, `tls` and `proxy`, and that the server runs.',
      });
  }
}
