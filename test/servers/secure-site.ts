/** A real OpenSearch with its security plugin, for the tests of rights: data that all roles share, and accounts with roles of their own. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { opensearch } from '../../connectors/opensearch/index.ts';
import { isObject } from '../../connectors/shared/search-engine/json.ts';
import { MINUTE } from '../../src/core/time/interval.ts';
import type { Connector } from '../../src/ports/connector.ts';
import { askAs } from './client.ts';
import { startServer } from './server.ts';

export const START = Date.UTC(2026, 2, 29);
export const PASSWORD = 'Nobody-guesses-this-9';

export interface IndexRights {
  readonly index_patterns: readonly string[];
  readonly allowed_actions: readonly string[];
  /** A query: only documents that it finds are seen. */
  readonly dls?: string;
  /** Names of fields that alone are seen; `~name`: all but this one. */
  readonly fls?: readonly string[];
  readonly masked_fields?: readonly string[];
}

export interface Role {
  readonly cluster_permissions: readonly string[];
  readonly index_permissions: readonly IndexRights[];
}

export interface SecureSite {
  readonly url: string;
  readonly ca: string;
  /** As the administrator, or another user. Throws for any status but 2xx. */
  send(method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
  /** The status of what a user gets. */
  status(user: string, method: 'GET' | 'POST', path: string, body?: unknown): Promise<number>;
  /** Documents are a minute apart from START on. */
  index(name: string, properties: object, documents: readonly object[]): Promise<void>;
  /** Gives the user, who is made where there is none, this role and no other. */
  grant(user: string, role: Role): Promise<void>;
  /** Whether forbidden indices are left out of answers. */
  leaveOutForbidden(isOn: boolean): Promise<void>;
  /** What stands in clause9.yaml of a user. */
  authOf(user: string): object;
  connect(user: string, change?: object): Promise<Connector>;
  stop(): Promise<void>;
}

export async function openSecureSite(): Promise<SecureSite> {
  const server = await startServer('opensearch-secure');
  const { ask, close } = askAs(server.url, server.ca);
  const send: SecureSite['send'] = async (method, path, body) => {
    const { status, text } = await ask('admin', 'admin', method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`);
    return JSON.parse(text);
  };
  const api = '/_plugins/_security/api';
  const file = join(dirname(server.ca), 'password');
  writeFileSync(file, PASSWORD);
  const authOf = (username: string) => ({ username, password: { file } });
  const stop = async () => {
    await close();
    await server.stop();
  };
  try {
    while ((await ask('admin', 'admin', 'GET', '/')).status === 503) await sleep(200);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: server.url,
    ca: server.ca,
    send,
    status: async (user, method, path, body) => (await ask(user, PASSWORD, method, path, body)).status,
    index: async (name, properties, documents) => {
      await send('PUT', `/${name}`, {
        settings: { number_of_shards: 1, number_of_replicas: 0 },
        mappings: { properties: { '@timestamp': { type: 'date' }, ...properties } },
      });
      const lines = documents.flatMap((document, i) => [
        '{"create":{}}',
        JSON.stringify({ '@timestamp': new Date(START + i * MINUTE).toISOString(), ...document }),
      ]);
      const answer = await send('POST', `/${name}/_bulk?refresh=true`, `${lines.join('\n')}\n`);
      if (!isObject(answer) || answer.errors !== false)
        throw new Error(JSON.stringify(answer).slice(0, 2_000));
    },
    grant: async (user, role) => {
      await send('PUT', `${api}/roles/${user}`, role);
      await send('PUT', `${api}/internalusers/${user}`, { password: PASSWORD });
      await send('PUT', `${api}/rolesmapping/${user}`, { users: [user] });
    },
    leaveOutForbidden: async (isOn) => {
      const change = { op: 'add', path: '/config/dynamic/do_not_fail_on_forbidden', value: isOn };
      await send('PATCH', `${api}/securityconfig`, [change]);
    },
    authOf,
    connect: async (user, change = {}) => {
      const options = { url: server.url, tls: { ca: server.ca }, auth: authOf(user), ...change };
      return opensearch.open({ name: 'siem', type: 'opensearch', maxConcurrentSearches: 1, options }, '/');
    },
    stop,
  };
}
