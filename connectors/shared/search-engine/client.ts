/** What both vendors' clients are given: secrets resolved, certificates read, one request classified. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { concealSecrets, keepSecret, resolveSecret, type SecretRef } from '../../../src/config/secrets.ts';
import { ConfigError, ConnectorError } from '../../../src/core/errors.ts';
import { parseDuration } from '../../../src/core/time/interval.ts';
import type { Answer, Call } from './engine.ts';
import { failureOf } from './failure.ts';
import { isObject } from './json.ts';
import type { CommonOptions } from './options.ts';

export interface Tls {
  /** Always: there is no option to trust whoever answers. */
  readonly rejectUnauthorized: true;
  readonly servername?: string;
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly passphrase?: string;
}

export function tlsOf({ tls }: CommonOptions, folder: string): Tls {
  const { ca, serverName, certificate, key, passphrase } = tls;
  return {
    rejectUnauthorized: true,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(ca === undefined ? {} : { ca: fileOf(ca, folder, 'ca') }),
    ...(certificate === undefined ? {} : { cert: fileOf(certificate, folder, 'certificate') }),
    ...(key === undefined ? {} : { key: fileOf(key, folder, 'key') }),
    ...(passphrase === undefined ? {} : { passphrase: resolveSecret(passphrase, folder) }),
  };
}

function fileOf(path: string, folder: string, option: string): Buffer {
  const full = resolve(folder, path);
  try {
    return readFileSync(full);
  } catch (cause) {
    throw new ConfigError(`the file ${full} of \`tls.${option}\` can't be read`, {
      where: full,
      cause,
      help: 'Check its path and its permissions.',
    });
  }
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

/** Sends, and turns whatever goes wrong into a `ConnectorError` or the signal's own reason. */
export async function guarded(
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
