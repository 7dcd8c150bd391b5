import type { Lifecycle } from './jobs.ts';
import { DEFAULT_DIALECT, type Dialect, type Role, USER_ROLE, type User } from './model.ts';
import { MAX_RESULT_ROWS } from './results.ts';
import type { DataModel, LookupRows } from './spl/environment.ts';
import type { Settings, Token } from './state.ts';

export interface SplunkdOptions {
  /** true: over TLS with a CA of its own; default plain HTTP. */
  readonly tls?: boolean;
  readonly version?: string;
  readonly serverName?: string;
  readonly guid?: string;
  /** Search peers, between which events are dealt out; they are named in searchProviders. */
  readonly peers?: readonly string[];
  /** By name. Default: admin (changeme), role admin. */
  readonly users?: Readonly<Record<string, Partial<User>>>;
  readonly roles?: Readonly<Record<string, Partial<Role>>>;
  readonly tokens?: Readonly<Record<string, Token>>;
  readonly macros?: Readonly<
    Record<string, string | { readonly args: readonly string[]; readonly definition: string }>
  >;
  readonly lookups?: Readonly<Record<string, LookupRows>>;
  readonly dataModels?: Readonly<Record<string, DataModel>>;
  readonly eventTypes?: Readonly<Record<string, string>>;
  /** Beside _time, _indextime, index, host, source, sourcetype. */
  readonly indexedFields?: readonly string[];
  readonly lifecycle?: Lifecycle;
  readonly dialect?: Partial<Dialect>;
  /** Milliseconds; default the real clock. */
  readonly nowMs?: () => number;
  readonly honoursPartial?: boolean;
  readonly v1Results?: boolean;
  readonly maxResultRows?: number;
  readonly subsearchMaxout?: number;
  readonly sessionMs?: number;
  readonly diskUsageOf?: (rows: number) => number;
}

const INDEXED = [
  '_time',
  '_indextime',
  'index',
  'host',
  'source',
  'sourcetype',
  'splunk_server',
  'linecount',
];

const ADMIN_ROLE: Role = {
  ...USER_ROLE,
  srchIndexesAllowed: ['*', '_*'],
  srchJobsQuota: 50,
  srchDiskQuota: 10_000,
  capabilities: [...USER_ROLE.capabilities, 'admin_all_objects', 'list_search_head_clustering', 'edit_roles'],
};

export function settingsOf(options: SplunkdOptions): Settings {
  const users = Object.entries(options.users ?? { admin: {} });
  const macros = Object.entries(options.macros ?? {});
  const nowMs = options.nowMs ?? (() => Date.now());
  return {
    version: options.version ?? '9.3.1',
    build: '0b8d769cb912',
    guid: options.guid ?? 'E216546D-B3D6-4A21-9BB6-B4EA28F4EE87',
    serverName: options.serverName ?? 'sh1',
    peers: options.peers ?? ['idx1', 'idx2'],
    users: new Map(
      users.map(([name, user]) => [
        name,
        { password: 'changeme', roles: ['admin'], timeZone: 'UTC', ...user },
      ]),
    ),
    roles: new Map([
      ['admin', ADMIN_ROLE],
      ['user', USER_ROLE],
      ...Object.entries(options.roles ?? {}).map(([name, role]): [string, Role] => [
        name,
        { ...USER_ROLE, ...role },
      ]),
    ]),
    tokens: new Map(Object.entries(options.tokens ?? {})),
    macros: new Map(
      macros.map(([name, macro]) => [
        name,
        typeof macro === 'string' ? { args: [], definition: macro } : macro,
      ]),
    ),
    lifecycle: options.lifecycle ?? { steps: [] },
    nowMs,
    knowledge: {
      dialect: { ...DEFAULT_DIALECT, ...options.dialect },
      eventTypes: new Map(Object.entries(options.eventTypes ?? {})),
      dataModels: new Map(Object.entries(options.dataModels ?? {})),
      lookups: new Map(Object.entries(options.lookups ?? {})),
      indexedFields: new Set([...INDEXED, ...(options.indexedFields ?? [])]),
      subsearchMaxout: options.subsearchMaxout ?? 10_000,
    },
    sessionMs: options.sessionMs ?? 3_600_000,
    honoursPartial: options.honoursPartial ?? true,
    v1Results: options.v1Results ?? true,
    maxResultRows: options.maxResultRows ?? MAX_RESULT_ROWS,
    diskUsageOf: options.diskUsageOf ?? ((rows) => 24_576 + 64 * rows),
  };
}
