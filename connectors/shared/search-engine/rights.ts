/** What the account may see of an index. A server keeps the rest back without a word, so that it has to be asked for. */
import { ConnectorError } from '../../../src/core/errors.ts';
import type { Engine } from './engine.ts';
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

/** What a server tells at `path` of the account: a value for each key. Null where it has no security, or hides it. */
export async function askAccess(
  call: Engine['call'],
  path: string,
  keys: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    const { body } = await call({ method: 'GET', path }, signal);
    return Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, at(body, key)]));
  } catch (error) {
    if (error instanceof ConnectorError && !error.retryable) return null;
    throw error;
  }
}

const PRIVILEGES = { cluster: 'cluster', indices: 'indices', remote: 'remote_indices' };

/** Elasticsearch tells filters of documents and fields by itself, and refuses what names an index without the right to it. */
export function privilegesOf(call: Engine['call']): Rights {
  let filtered = false;
  return {
    access: async (_, signal) => {
      const told = await askAccess(call, '/_security/user/_privileges', PRIVILEGES, signal);
      const indices = told?.indices;
      filtered =
        Array.isArray(indices) &&
        indices.some(
          (one: unknown) => at(one, 'query') !== undefined || at(one, 'field_security') !== undefined,
        );
      return told === null ? null : JSON.stringify(told);
    },
    warning: () =>
      filtered
        ? 'The account sees only some events or fields (document or field level security): numbers are of those alone'
        : null,
    requireAll: async () => {},
    requireSeen: async () => {},
  };
}
