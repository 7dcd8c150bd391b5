/** What a Splunk tells of itself: server, user, roles, peers, indexes. */
import type { Content, Entry } from './atom.ts';
import { type Exchange, sendFeed, sendMessages } from './exchange.ts';
import { stanzaOf } from './model.ts';
import { wildcard } from './spl/search.ts';
import { effectiveRole } from './state.ts';

type Named = readonly [name: string, content: Readonly<Record<string, Content>>];

/** False: no such endpoint. */
export function routeInfo(exchange: Exchange): boolean {
  const { path } = exchange;
  const route = path.slice(0, 2).join('/');
  const name = path[2];
  switch (route) {
    case 'server/info':
      return feed(exchange, 'server-info', [['server-info', serverInfo(exchange)]]);
    case 'authentication/current-context':
      return feed(exchange, 'current-context', [['context', currentContext(exchange)]]);
    case 'authorization/roles':
      return named(exchange, 'roles', roles(exchange), name);
    case 'data/indexes':
      return named(exchange, 'indexes', indexes(exchange), name);
    case 'search/distributed':
      return name === 'peers' && feed(exchange, 'distsearch-peer', peers(exchange));
    default:
      return false;
  }
}

function entry({ base, place }: Exchange, [name, content]: Named): Entry {
  return {
    name,
    path: `${base}/${encodeURIComponent(name)}`,
    author: 'system',
    updated: place.updated,
    links: ['list'],
    content,
    acl: {
      app: '',
      can_list: true,
      can_write: true,
      modifiable: false,
      owner: 'system',
      perms: { read: ['*'], write: [] },
      removable: false,
      sharing: 'system',
    },
  };
}

function feed(exchange: Exchange, title: string, all: readonly Named[]): boolean {
  const { params, base } = exchange;
  const offset = Number(params.offset ?? 0);
  const count = Number(params.count ?? 30);
  const page = count <= 0 ? all.slice(offset) : all.slice(offset, offset + count);
  const entries = page.map((one) => entry(exchange, one));
  sendFeed(exchange, { title, path: base, entries, total: all.length, offset, messages: [] });
  return true;
}

function named(exchange: Exchange, title: string, all: readonly Named[], name: string | undefined): boolean {
  if (name === undefined) return feed(exchange, title, all);
  const wanted = decodeURIComponent(name);
  const found = all.filter((one) => one[0] === wanted);
  if (found.length > 0) {
    const parent = { ...exchange, base: exchange.base.replace(/\/[^/]*$/, '') };
    return feed(parent, title, found);
  }
  sendMessages(exchange, 404, [
    { type: 'ERROR', text: `In handler '${title}': Could not find object id=${wanted}` },
  ]);
  return true;
}

function serverInfo({ state }: Exchange): Named[1] {
  const { version, build, guid, serverName } = state.settings;
  return {
    activeLicenseGroup: 'Enterprise',
    build,
    cpu_arch: 'x86_64',
    guid,
    isForwarding: false,
    isFree: false,
    isTrial: false,
    licenseState: 'OK',
    mode: 'normal',
    numberOfCores: 4,
    os_name: 'Linux',
    product_type: 'enterprise',
    serverName,
    server_roles: ['indexer', 'license_master'],
    startup_time: 1_403_964_095,
    version,
  };
}

function currentContext({ state, user }: Exchange): Named[1] {
  const role = effectiveRole(state, user);
  return {
    capabilities: [...role.capabilities],
    defaultApp: 'search',
    email: '',
    locked_out: false,
    realname: '',
    roles: [...(state.settings.users.get(user)?.roles ?? [])],
    type: 'Splunk',
    tz: state.settings.users.get(user)?.timeZone ?? '',
    username: user,
  };
}

function roles({ state }: Exchange): readonly Named[] {
  return [...state.settings.roles].map(([name, role]): Named => [name, stanzaOf(role)]);
}

function peers({ state }: Exchange): readonly Named[] {
  const { version, build } = state.settings;
  return state.settings.peers.map(
    (name, at): Named => [
      `10.0.0.${at + 1}:8089`,
      {
        peerName: name,
        status: 'Up',
        disabled: false,
        build,
        version,
        replicationStatus: 'Successful',
        is_https: true,
      },
    ],
  );
}

function indexes({ state, user }: Exchange): readonly Named[] {
  const allowed = effectiveRole(state, user).srchIndexesAllowed.map((pattern) => wildcard(pattern));
  const names = state.store.names().filter((name) => allowed.some((test) => test(name)));
  return names.map((name): Named => {
    const times = state.store.of(name).map((event) => event.time);
    return [
      name,
      {
        datatype: 'event',
        disabled: false,
        frozenTimePeriodInSecs: 188_697_600,
        totalEventCount: times.length,
        ...(times.length === 0 ? {} : { minTime: stamp(times, Math.min), maxTime: stamp(times, Math.max) }),
      },
    ];
  });
}

function stamp(times: readonly number[], pick: (a: number, b: number) => number): string {
  return new Date(times.reduce((a, b) => pick(a, b)) * 1000).toISOString().replace('.000Z', '+0000');
}
