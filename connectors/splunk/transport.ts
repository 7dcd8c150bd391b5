/**
 * HTTP to splunkd: certificates verified always, one pool of connections, and an answer that is whole or an error. An
 * answer cut short, one that is no JSON, or one larger than 64 MB never reaches a reader.
 */
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { ConnectorError } from '../../src/core/errors.ts';
import { tlsOf } from '../shared/tls.ts';
import type { SourceOptions } from './options.ts';

const LARGEST_BODY = 64 * 1024 * 1024;

export interface HttpAnswer {
  readonly status: number;
  /** Parsed JSON; null for an empty body. */
  readonly data: unknown;
  /** By the server's clock, in milliseconds; null where it didn't say. */
  readonly date: number | null;
}

export interface Transport {
  send(
    url: string,
    message: { readonly method: string; readonly headers: Record<string, string>; readonly body: string },
    signal: AbortSignal,
  ): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export function openTransport(options: SourceOptions, folder: string, timeoutMs: number): Transport {
  const dispatcher = dispatcherOf(options, folder, timeoutMs);
  let closed: Promise<void> | null = null;
  return {
    send: (url, message, signal) => send(dispatcher, url, message, signal, timeoutMs),
    close: () => {
      closed ??= dispatcher.close();
      return closed;
    },
  };
}

function dispatcherOf({ tls, proxy }: SourceOptions, folder: string, timeoutMs: number): Dispatcher {
  const connect = tlsOf(tls, folder);
  const timeouts = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs, keepAliveTimeout: 10_000 };
  if (proxy === undefined) return new Agent({ ...timeouts, connect: { ...connect, timeout: timeoutMs } });
  return new ProxyAgent({ ...timeouts, uri: proxy, requestTls: connect });
}

type Message = Parameters<Transport['send']>[1];

async function send(
  dispatcher: Dispatcher,
  url: string,
  { method, headers, body }: Message,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<HttpAnswer> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await request(url, {
      dispatcher,
      method: method === 'GET' || method === 'DELETE' ? method : 'POST',
      headers,
      body: body === '' ? null : body,
      signal: AbortSignal.any([signal, deadline]),
    });
    const text = await readAll(answer);
    const date = Date.parse(String(answer.headers.date ?? ''));
    return { status: answer.statusCode, data: parse(text, answer), date: Number.isNaN(date) ? null : date };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof ConnectorError) throw cause;
    throw lost(cause, deadline.aborted, new URL(url).origin);
  }
}

type Answer = Dispatcher.ResponseData;

async function readAll({ body, headers }: Answer): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue;
    chunks.push(chunk);
    size += chunk.length;
    if (size > LARGEST_BODY) throw unreadable('with more than 64 MB');
  }
  const announced = headers['content-length'];
  if (typeof announced === 'string' && Number(announced) !== size)
    throw unreadable('with part of its body only');
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string, { headers, statusCode }: Answer): unknown {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    // The reason for a refusal is in its status, whatever page comes with it.
    if (statusCode >= 400) return null;
    throw unreadable(`with something that is no JSON (${headers['content-type'] ?? 'of no type'})`);
  }
}

function unreadable(how: string): ConnectorError {
  return new ConnectorError(`Splunk answered ${how}`, {
    retryable: true,
    help: 'Something between clause9 and Splunk may cut or replace answers: a proxy, a load balancer, a login page.',
  });
}

const TLS_CODES = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|UNABLE_TO_GET_ISSUER/;

/** All that is seen of a server that turns a client away by TLS 1.3. */
const CLOSED = /^(?:UND_ERR_SOCKET|ECONNRESET|EPIPE)$/;
const CERTIFICATE = ' If it wants a certificate of ours, name it in `tls.certificate` and `tls.key`.';

/** The alerts by which a server turns a client away. */
const CLIENT_CODES =
  /^ERR_SSL_.*ALERT_(?:CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|HANDSHAKE)/;

/** No answer at all. A certificate that is not trusted will not be trusted on the next try. */
function lost(cause: unknown, late: boolean, where: string): ConnectorError {
  const { code, message } = codeOf(cause);
  if (CLIENT_CODES.test(code)) {
    return new ConnectorError(`Splunk does not take clause9's own certificate, or wants one (${code})`, {
      retryable: false,
      where,
      help: 'Name one in `tls.certificate` and `tls.key` that an authority signed which Splunk trusts.',
      cause,
    });
  }
  if (TLS_CODES.test(code)) {
    return new ConnectorError(`Splunk's certificate is not trusted (${code})`, {
      retryable: false,
      where,
      help: 'Name the authority that signed it in `tls.ca`, or the name that stands in it in `tls.serverName`.',
      cause,
    });
  }
  const reason = late ? 'it did not answer in time' : code === '' ? message : code;
  return new ConnectorError(`Splunk can't be reached: ${reason}`, {
    retryable: true,
    where,
    help: `Check that it runs, and that its management port can be reached from here.${CLOSED.test(code) && where.startsWith('https:') ? CERTIFICATE : ''}`,
    cause,
  });
}

function codeOf(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { code, message: error.message };
}
