/**
 * Rights on a real Elasticsearch with security: the key of the guide suffices and gives nothing needless, and whatever
 * an account may not see ends in an error or stands beside the number.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { elasticsearch } from '../../connectors/elasticsearch/index.ts';
import { at, textAt } from '../../connectors/shared/search-engine/json.ts';
import { EVERYTHING } from '../../src/core/filter/model.ts';
import { HOUR, MINUTE } from '../../src/core/time/interval.ts';
import type { Connector, MeasureRequest, QueryRequest } from '../../src/ports/connector.ts';
import { eventsDataset, recordsDataset, snapshotDataset } from '../fakes/datasets.ts';
import { askAs } from './client.ts';
import { canStart, START_TIMEOUT_MS, startServer, type TestServer } from './server.ts';
import { sum } from './site.ts';

const NEVER = new AbortController().signal;
const PASSWORD = 'Nobody-guesses-this-9';
const START = Date.UTC(2026, 2, 29);
const range = { start: START, end: START + HOUR };
const asOf = START + 1_000 * HOUR;
const iso = (time: number): string => new Date(time).toISOString();

interface IndexRights {
  readonly names: readonly string[];
  readonly privileges: readonly string[];
  readonly query?: object;
  readonly field_security?: object;
}
interface Role {
  readonly cluster: readonly string[];
  readonly indices: readonly IndexRights[];
}

/** As it stands in the guide. */
function keyOfGuide(): { readonly role_descriptors: { readonly clause9_read: Role } } {
  const page = readFileSync('docs/guide/connect-elasticsearch.md', 'utf8');
  return JSON.parse(/^POST \/_security\/api_key\n(\{\n.*?\n\})$/ms.exec(page)?.[1] ?? '');
}
const GUIDE = keyOfGuide().role_descriptors.clause9_read;
const READ: IndexRights = { names: ['logs-*'], privileges: ['read', 'view_index_metadata'] };
const roleOf = (...indices: readonly IndexRights[]): Role => ({ cluster: ['monitor'], indices });

const logons = eventsDataset({ name: 'logons', options: { index: 'logs-logons-*' } });
const tickets = recordsDataset({ name: 'tickets', options: { index: 'tickets' } });
const assets = snapshotDataset({ name: 'assets', options: { index: 'logs-assets' } });
const looked = { dataset: logons, types: {}, where: EVERYTHING, range };

describe.runIf(canStart('es8-xpack'))('es8-xpack: an account', () => {
  let server: TestServer;
  let client: ReturnType<typeof askAs>;
  let folder: string;
  const open: Connector[] = [];

  async function ask(user: string, password: string, method: string, path: string, body?: unknown) {
    const { status, text } = await client.ask(user, password, method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`);
    const parsed: unknown = JSON.parse(text);
    return parsed;
  }
  const send = (method: 'GET' | 'PUT' | 'POST', path: string, body?: unknown) =>
    ask('admin', 'admin', method, path, body);

  async function index(name: string, properties: object, documents: readonly object[]): Promise<void> {
    await send('PUT', `/${name}`, {
      settings: { number_of_shards: 1, number_of_replicas: 0 },
      mappings: { dynamic: false, properties: { '@timestamp': { type: 'date' }, ...properties } },
    });
    const lines = documents.flatMap((document, i) => [
      '{"create":{}}',
      JSON.stringify({ '@timestamp': iso(START + i * MINUTE), ...document }),
    ]);
    expect(await send('POST', `/${name}/_bulk?refresh=true`, `${lines.join('\n')}\n`)).toMatchObject({
      errors: false,
    });
  }

  beforeAll(async () => {
    server = await startServer('es8-xpack');
    client = askAs(server.url, server.ca);
    folder = mkdtempSync(join(tmpdir(), 'clause9-rights-'));
    writeFileSync(join(folder, 'password'), PASSWORD);
    // The trial begins a moment after the node.
    const license = () => send('GET', '/_license').catch(() => null);
    while (at(await license(), 'license', 'type') !== 'trial') await sleep(100);
    const fields = { user: { type: 'keyword' }, bytes: { type: 'long' } };
    const events = Array.from({ length: 12 }, (_, i) => ({ user: ['ann', 'bob', 'eve'][i % 3], bytes: i }));
    await index('logs-logons-one', { ...fields, note: { type: 'keyword' } }, events);
    await index('logs-logons-two', fields, events);
    await index(
      'tickets',
      {
        id: { type: 'keyword' },
        revision: { type: 'long' },
        opened: { type: 'date' },
        closed: { type: 'date' },
      },
      [{ id: 'T1', revision: 1, opened: iso(START) }],
    );
    await index('logs-assets', { host: { type: 'keyword' } }, [{ host: 'h1' }]);
    await index('secret', fields, events);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    for (const connector of open) await connector.close();
    await client?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true });
    await server?.stop();
  });

  async function connect(auth: object, change: object = {}): Promise<Connector> {
    const options = { url: server.url, tls: { ca: server.ca }, auth, ...change };
    const connector = await elasticsearch.open(
      { name: 'siem', type: 'elasticsearch', maxConcurrentSearches: 1, options },
      folder,
    );
    open.push(connector);
    return connector;
  }
  /** A user with this role and no other. */
  async function user(name: string, role: Role): Promise<Connector> {
    await send('PUT', `/_security/role/${name}`, role);
    await send('PUT', `/_security/user/${name}`, { password: PASSWORD, roles: [name] });
    return connect({ username: name, password: { file: 'password' } });
  }
  /** A key of the administrator, or of a user; without a role it has its owner's. */
  async function key(role: Role | null, owner: string | null = null): Promise<Connector> {
    const body = { name: 'clause9', ...(role === null ? {} : { role_descriptors: { clause9_read: role } }) };
    const made = await (owner === null
      ? send('POST', '/_security/api_key', body)
      : ask(owner, PASSWORD, 'POST', '/_security/api_key', body));
    const file = `key-${open.length}`;
    writeFileSync(join(folder, file), textAt(made, 'encoded'));
    return connect({ apiKey: { file } });
  }

  async function keyOf(owner: string, role: Role, own: Role | null): Promise<Connector> {
    await user(owner, role);
    return key(own, owner);
  }

  async function slices(
    connector: Connector,
    measures: readonly Partial<MeasureRequest>[] = [{}],
    dataset = logons,
  ) {
    const { types } = await connector.probe(dataset, NEVER);
    const whole = measures.map((one, i) => ({
      id: String(i),
      where: EVERYTHING,
      aggregate: { type: 'count' } as const,
      groupBy: [],
      ...one,
    }));
    const asked = {
      dataset,
      types,
      grain: HOUR,
      range,
      asOf,
      measures: whole,
      maxGroups: 1_000,
      maxDistinct: 1_000,
    };
    for await (const { readings, evidence } of connector.readSlices({ ...asked, grain: HOUR }, NEVER))
      return { events: readings[0]?.events, tallies: readings[0]?.tallies, warnings: evidence.warnings };
    return { events: undefined, tallies: undefined, warnings: [] };
  }
  const query = (connector: Connector, language: QueryRequest['language'], text: string) =>
    connector.runQuery({ dataset: logons, types: {}, language, text, range, asOf }, NEVER);
  const SUM = JSON.stringify({ aggs: { sum: { sum: { field: 'bytes' } } } });
  const ESQL = 'FROM logs-logons-* | STATS sum = SUM(bytes)';

  /** Whatever clause9 asks of a source, and what came of it. */
  const everything: Readonly<Record<string, (connector: Connector) => Promise<unknown>>> = {
    probe: async (connector) => (await connector.probe(logons, NEVER)).types.user,
    slices: async (connector) => (await slices(connector)).events,
    groups: async (connector) =>
      Object.keys((await slices(connector, [{ groupBy: ['user'] }])).tallies?.['0'] ?? {}).length,
    revised: async (connector) => {
      const asked = {
        dataset: logons,
        types: {},
        grain: HOUR,
        range,
        asOf,
        known: new Map(),
        cursor: null,
      } as const;
      return (await connector.findRevised(asked, NEVER)).starts.length;
    },
    records: async (connector) => {
      let count = 0;
      const asked = { dataset: tickets, types: {}, fields: [], asOf, cursor: null };
      for await (const { records } of connector.readRecords(asked, NEVER)) count += records.length;
      return count;
    },
    snapshot: async (connector) =>
      (await connector.readSnapshot({ dataset: assets, types: {}, fields: ['host'] }, NEVER)).rows.length,
    dsl: async (connector) => (await query(connector, 'dsl', SUM)).values.sum,
    esql: async (connector) => (await query(connector, 'esql', ESQL)).values.sum,
    rows: async (connector) => (await connector.readRows({ ...looked, asOf, limit: 5 }, NEVER)).total,
    topValues: async (connector) =>
      (await connector.topValues({ ...looked, field: 'user', limit: 5 }, NEVER)).values.length,
    inspect: async (connector) => (await connector.inspect(logons, NEVER)).events,
    discover: async (connector) =>
      (await connector.discover(NEVER)).map(({ name, events }) => `${name} ${events}`).sort(),
  };
  async function tryEverything(connector: Connector): Promise<Record<string, unknown>> {
    const came: Record<string, unknown> = {};
    for (const [name, call] of Object.entries(everything))
      came[name] = await call(connector).catch((error: unknown) => error);
    return came;
  }
  const ALL = {
    probe: 'text',
    slices: 24,
    groups: 3,
    revised: 0,
    records: 1,
    snapshot: 1,
    dsl: 132,
    esql: 132,
    rows: 24,
    topValues: 3,
    inspect: 24,
    discover: ['logs-assets 1', 'logs-logons-one 12', 'logs-logons-two 12', 'tickets 1'],
  };

  it('with the key of the guide may do whatever clause9 asks, and sees only what it is given', async () => {
    const connector = await key(GUIDE);
    expect(await tryEverything(connector)).toEqual(ALL);
    expect((await connector.inspect(logons, NEVER)).findings).toEqual([
      { level: 'warning', text: expect.stringMatching(/Not known to all indices.*note/) },
    ]);
  });

  it('with the role of the guide may do so as a user with a password, too', async () => {
    expect(await tryEverything(await user('guide', GUIDE))).toEqual(ALL);
  });

  const BY_PATTERN = ['probe', 'slices', 'groups', 'revised', 'dsl', 'esql', 'rows', 'topValues', 'inspect'];
  const NEEDED_FOR = {
    monitor: Object.keys(everything),
    read: [...BY_PATTERN, 'records', 'snapshot', 'discover'],
    // Where the indices of a pattern don't have the same fields.
    view_index_metadata: BY_PATTERN,
  };

  it('with the role of the guide has no right that is not needed', async () => {
    const lacks: Record<string, readonly string[]> = {};
    for (const right of [...GUIDE.cluster, ...(GUIDE.indices[0]?.privileges ?? [])]) {
      const without = (rights: readonly string[]) => rights.filter((one) => one !== right);
      const role = {
        cluster: without(GUIDE.cluster),
        indices: GUIDE.indices.map((one) => ({ ...one, privileges: without(one.privileges) })),
      };
      const came = await tryEverything(await key(role));
      const calls = Object.keys(everything);
      lacks[right] = calls.filter((name) => came[name] instanceof Error || String(came[name]) === '');
    }
    const sorted = (lists: Readonly<Record<string, readonly string[]>>) =>
      Object.fromEntries(Object.entries(lists).map(([right, calls]) => [right, [...calls].sort()]));
    expect(sorted(lacks)).toEqual(sorted(NEEDED_FOR));
  });

  it('is told apart from nobody, and the server from one that nobody known vouches for', async () => {
    const wrong = await connect({ username: 'admin', password: { file: 'password' } });
    await expect(wrong.probe(logons, NEVER)).rejects.toMatchObject({
      message: expect.stringMatching(/unable to authenticate.*HTTP 401/),
      retryable: false,
      help: expect.stringMatching(/`auth`/),
    });
    const unknown = await connect({ username: 'admin', password: { file: 'password' } }, { tls: {} });
    await expect(unknown.probe(logons, NEVER)).rejects.toThrow(/can't be reached.*certificate/);
  });

  describe('with rights to one of two indices', () => {
    const half = roleOf({ ...READ, names: ['logs-logons-one*', 'logs-assets'] });
    const KINDS = ['user', 'key'] as const;

    it.each(KINDS)('is refused the pattern of both, whatever is asked: a %s', async (kind) => {
      const connector = await (kind === 'user' ? user('half', half) : key(half));
      const came = await tryEverything(connector);
      for (const name of BY_PATTERN) {
        expect({ name, error: came[name] }).toMatchObject({
          error: { message: expect.stringMatching(/may not read all.*logs-logons-\*/), retryable: false },
        });
      }
      expect(came).toMatchObject({ snapshot: 1 });
    });

    it('is refused the other by its name, and reads the one that it may', async () => {
      const connector = await user('half', half);
      const of = (index: string) => ({ ...logons, options: { index } });
      await expect(slices(connector, [{}], of('logs-logons-one,logs-logons-two'))).rejects.toThrow(
        /unauthorized.*logs-logons-two/,
      );
      expect((await slices(connector, [{}], of('logs-logons-one'))).events).toBe(12);
      expect((await slices(connector, [{}], of('logs-logons-one*,-logs-logons-two'))).events).toBe(12);
    });

    it('that were to both before is refused at the next look', async () => {
      const connector = await user('changing', roleOf(READ));
      expect((await slices(connector)).events).toBe(24);
      await user('changing', half);
      await expect(slices(connector)).rejects.toThrow(/may not read all/);
    });
  });

  describe('that sees only some events', () => {
    const filtered = roleOf({ ...READ, query: { term: { user: 'ann' } } });
    const makes = { ...filtered, cluster: ['monitor', 'manage_own_api_key'] };

    it.each([
      ['a user', () => user('filtered', filtered)],
      ['a key with rights of its own', () => key(filtered)],
      ['a key with the rights of its user', () => keyOf('maker', makes, null)],
      ['a key whose user is limited', () => keyOf('maker', makes, roleOf(READ))],
    ] as const)('has that beside each number, and in what it may see: %s', async (_, make) => {
      const connector = await make();
      const { events, warnings } = await slices(connector);
      expect({ events, warnings }).toEqual({
        events: 8,
        warnings: [expect.stringMatching(/sees only some events/)],
      });
      const { access } = await connector.probe(logons, NEVER);
      expect(JSON.parse(access ?? '')).toMatchObject({ documentFilter: true });
      for (const [language, text] of [
        ['dsl', SUM],
        ['esql', ESQL],
      ] as const) {
        const { values, evidence } = await query(connector, language, text);
        expect({ values, warnings: evidence.warnings }).toEqual({ values: { sum: 36 }, warnings });
      }
      const { findings } = await connector.inspect(logons, NEVER);
      expect(findings).toContainEqual({ level: 'warning', text: warnings[0] });
    });

    it('from now on, is told by a change of what it may see', async () => {
      const connector = await user('narrowed', roleOf(READ));
      const before = await connector.probe(logons, NEVER);
      expect((await slices(connector)).warnings).toEqual([]);
      await user('narrowed', filtered);
      expect((await connector.probe(logons, NEVER)).access).not.toBe(before.access);
      expect((await slices(connector)).warnings).toEqual([expect.stringMatching(/sees only some events/)]);
    });
  });

  describe('that sees only some fields', () => {
    const hidden = (names: readonly string[]) => ({
      ...READ,
      names,
      field_security: { grant: ['*'], except: ['bytes'] },
    });

    it('is refused a measure of one that it does not see', async () => {
      const connector = await key(roleOf(hidden(['logs-*'])));
      await expect(slices(connector, [sum('bytes')])).rejects.toThrow(/bytes/);
      await expect(query(connector, 'esql', ESQL)).rejects.toThrow(/Unknown column \[bytes\]/);
    });

    it.each(['user', 'key'] as const)(
      'in one of two indices has that beside each number: a %s',
      async (kind) => {
        const all = { ...READ, names: ['logs-logons-*'], field_security: { grant: ['*'] } };
        expect((await slices(await key(roleOf(all)))).warnings).toEqual([]);
        const role = roleOf({ ...READ, names: ['logs-logons-one'] }, hidden(['logs-logons-*']));
        const connector = await (kind === 'user' ? user('blinkered', role) : key(role));
        const { warnings } = await slices(connector, [sum('bytes')]);
        expect(warnings).toEqual([expect.stringMatching(/sees only some fields/)]);
      },
    );
  });
});
