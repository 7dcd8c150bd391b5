/** What the account may see of an index. A server keeps the rest back without a word, so that it has to be asked for. */
import { ConnectorError } from '../../../src/core/errors.ts';
import type { Call, Engine } from './engine.ts';
import { at } from './json.ts';
import type { Resolved } from './schema.ts';

export interface Rights {
  /** As text, asked anew; null where nobody has to log in. */
  access(index: string, signal: AbortSignal): Promise<string | null>;
  /** Stands beside every number that is read, by the last such answer; null: nothing is kept back. */
  warning(index: string): string | null;
  /** Throws `ConnectorError` where the server leaves out indices that the account may not read. */
  requireAll(index: string, signal: AbortSignal): Promise<void>;
  /** Throws `ConnectorError` where it hides one of the fields, or shows something else in its place. */
  requireSeen(index: string, fields: readonly Resolved[], signal: AbortSignal): Promise<void>;
}

/** What a server tells of the account; null where it has no security, or hides it. Throws where it does not know the account. */
export async function tellOf(
  call: Engine['call'],
  asked: Partial<Call> & Pick<Call, 'path'>,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return (await call({ method: 'GET', ...asked }, signal)).body;
  } catch (error) {
    const isUnknown = error instanceof ConnectorError && error.message.endsWith('(HTTP 401)');
    if (error instanceof ConnectorError && !error.retryable && !isUnknown) return null;
    throw error;
  }
}

/** A value for each key of what it tells at `path`. */
export async function askAccess(
  call: Engine['call'],
  path: string,
  keys: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | null> {
  const body = await tellOf(call, { path }, signal);
  if (body === null) return null;
  return Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, at(body, key)]));
}
