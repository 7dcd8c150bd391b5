/**
 * From a source that answers wrongly without an error to what people see: a real Elasticsearch and OpenSearch, and the fake
 * splunkd, as sources of one `clause9 serve`. Each case is `unknown` in /metrics, on the KPI's page and in its derivation.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../src/core/time/interval.ts';
import { type FaultName, type Splunkd, startSplunkd } from '../fakes/splunkd/index.ts';
import { type Admin, adminOf } from '../servers/client.ts';
import { canStart, type ServerKind, START_TIMEOUT_MS, sharedServer } from '../servers/server.ts';
import { type Served, startServe } from './served.ts';

const TOKEN = 'a-token-of-the-fake';
const KINDS = ['es9', 'opensearch'] as const;
/** A run of its own in the shared servers. */
const RUN = `wrongs-${randomUUID().slice(0, 8)}`;

interface Case {
  readonly id: string;
  readonly source: Readonly<Record<string, unknown>>;
  readonly dataset: Readonly<Record<string, unknown>>;
  readonly measure?: Readonly<Record<string, unknown>>;
  readonly window?: Readonly<Record<string, string>>;
  /** What is said: a value, with what the derivation warns of, or why there is none and what it tells of the cause. */
  readonly says:
    | { readonly value: number; readonly warning?: RegExp }
    | { readonly reason: string; readonly cause: RegExp };
}

/** Each hour that the window sees holds an event every ten minutes. */
const TIMES = Array.from(
  { length: 60 },
  (_, i) => Math.floor(Date.now() / HOUR) * HOUR + HOUR - MINUTE - i * 10 * MINUTE,
);
const IN_WINDOW = 24;

/** Ten days, an event an hour; in the last two the field is called otherwise. */
const TEN_DAYS = Array.from({ length: 240 }, (_, i) => ({
  time: (TIMES[0] ?? 0) - i * HOUR,
  fields: i < 48 ? { act: 'logged-in' } : { action: 'logged-in' },
}));
const VANISHED = {
  says: { reason: 'field-vanished', cause: /No event of .* has action since/ },
  measure: { where: { action: 'logged-in' } },
  window: { rolling: '10d', every: '1h' },
} as const;
/** Each event was sent again. */
const TWICE = {
  value: 2 * IN_WINDOW,
  warning: /6 of 12 events between .* are there twice: their uid has only 6/,
};

const MAPPING = {
  '@timestamp': { type: 'date' },
  action: { type: 'keyword' },
  uid: { type: 'keyword' },
  bytes: { type: 'long', ignore_malformed: true },
};
const FIELDS = { action: 'logged-in', bytes: 1 };

/** The indices that were made, by server. */
const made = new Map<ServerKind, string[]>();

interface Indices {
  readonly url: string;
  create(name: string, properties?: object, settings?: object): Promise<void>;
  /** Creates it with an event at each of the times. */
  fill(name: string, properties?: object, fields?: object): Promise<void>;
  index(name: string, rows: readonly object[]): Promise<void>;
  readonly admin: Admin;
}

async function indicesOn(kind: ServerKind): Promise<Indices> {
  const url = await sharedServer(kind);
  const admin = adminOf(url);
  const create: Indices['create'] = async (name, properties = MAPPING, settings = {}) => {
    made.set(kind, [...(made.get(kind) ?? []), `${RUN}-${name}`]);
    await admin.send('PUT', `/${RUN}-${name}?wait_for_active_shards=0`, {
      settings: { number_of_shards: 1, number_of_replicas: 0, ...settings },
      mappings: { dynamic: false, properties },
    });
  };
  const fill: Indices['fill'] = async (name, properties = MAPPING, fields = {}) => {
    await create(name, properties);
    await index(
      name,
      TIMES.map((time) => eventAt(time, { ...FIELDS, ...fields })),
    );
  };
  const index: Indices['index'] = (name, rows) => admin.bulk(`${RUN}-${name}`, rows);
  return { url, create, fill, index, admin };
}

const eventAt = (time: number, fields: object) => ({ '@timestamp': new Date(time).toISOString(), ...fields });

/** A shard on no node, as when one is lost: OpenSearch answers 200 with `failed: 0`. */
const NOWHERE = { 'index.routing.allocation.require._name': 'nobody' };
const SUM = { aggregate: { sum: 'bytes' } };

async function searchCases(kind: ServerKind): Promise<readonly Case[]> {
  const { url, create, fill, index, admin } = await indicesOn(kind);
  const source = { type: kind === 'opensearch' ? 'opensearch' : 'elasticsearch', url };
  const on = (name: string, index: string, says: Case['says'], measure: object = {}): Case => ({
    id: `${kind}-${name}`,
    source,
    dataset: { index: `${RUN}-${index}` },
    measure: { ...measure },
    says,
  });
  await fill('whole');
  await fill('lost-one');
  await create('lost-two', MAPPING, NOWHERE);
  const cases = [
    on('whole', 'whole', { value: IN_WINDOW }),
    on('shard-on-no-node', 'lost-*', { reason: 'missing', cause: /shard/ }),
    on('wildcard-without-match', 'nothing-*', { reason: 'missing', cause: /no such index/ }),
  ];
  if (kind === 'opensearch') return cases;
  const { bytes: _, ...without } = MAPPING;
  await fill('types-one');
  await fill('types-two', { ...MAPPING, bytes: { type: 'keyword' } });
  await fill('unmapped-one');
  await fill('unmapped-two', without);
  await fill('malformed', MAPPING, { bytes: '12 bytes' });
  await create('twice');
  const sent = TIMES.map((time) => eventAt(time, { uid: `e${time}` }));
  await index('twice', [...sent, ...sent]);
  await create('vanished');
  await index(
    'vanished',
    TEN_DAYS.map(({ time, fields }) => eventAt(time, fields)),
  );
  await create('closed');
  await admin.send('POST', `/${RUN}-closed/_close`);
  return [
    ...cases,
    on('types-that-differ', 'types-*', { reason: 'missing', cause: /not the same in all indices/ }, SUM),
    on('field-unmapped-in-one', 'unmapped-*', { reason: 'partial', cause: /unmapped-two/ }, SUM),
    on('values-ignored', 'malformed', { reason: 'partial', cause: /ignored/ }, SUM),
    on('index-closed', 'closed', { reason: 'missing', cause: /closed/ }),
    on(
      'literal-that-never-was',
      'whole',
      { reason: 'filter-never-matched', cause: /logon: no event of all that the source holds/ },
      { where: { action: 'logon' } },
    ),
    { ...on('field-vanished', 'vanished', VANISHED.says, VANISHED.measure), window: VANISHED.window },
    {
      ...on('events-twice', 'twice', TWICE),
      dataset: { index: `${RUN}-twice`, id: 'uid' },
    },
  ];
}

const servers: Splunkd[] = [];

async function splunkCase(
  id: string,
  says: Case['says'],
  disturb: (splunkd: Splunkd) => unknown = () => {},
  index = 'main',
): Promise<Case> {
  const splunkd = await startSplunkd({
    users: { clause9: { roles: ['reader'] } },
    roles: { reader: { srchIndexesAllowed: ['*'], srchJobsQuota: 10 } },
    tokens: { [TOKEN]: { user: 'clause9' } },
  });
  servers.push(splunkd);
  const events = TIMES.map((time) => ({
    _time: time / 1000,
    _indextime: time / 1000 + 1,
    fields: { action: FIELDS.action },
  }));
  splunkd.addEvents('main', events);
  await disturb(splunkd);
  return {
    id: `splunk-${id}`,
    source: { type: 'splunk', url: splunkd.url, auth: { token: { env: 'SPLUNK_TOKEN' } } },
    dataset: { index, time: '_time' },
    says,
  };
}

const always = (name: FaultName) => (splunkd: Splunkd) => splunkd.faults.next(name, { times: 'forever' });

const inSplunk = (time: number, fields: Readonly<Record<string, string>>) => ({
  _time: time / 1000,
  _indextime: time / 1000 + 1,
  fields,
});

const twiceIn = (splunkd: Splunkd) => {
  const sent = TIMES.map((time) => inSplunk(time, { uid: `e${time}` }));
  splunkd.addEvents('sent', [...sent, ...sent]);
};

const vanishedIn = (splunkd: Splunkd) =>
  splunkd.addEvents(
    'named',
    TEN_DAYS.map(({ time, fields }) => inSplunk(time, { ...fields })),
  );

const splunkCases = (): Promise<readonly Case[]> =>
  Promise.all([
    splunkCase('whole', { value: IN_WINDOW }),
    splunkCase('finalized', { reason: 'missing', cause: /finalized/ }, always('finalized-time')),
    splunkCase('finalized-unsaid', { reason: 'missing', cause: /finalized/ }, always('finalized-unsaid')),
    splunkCase('peer-lost', { reason: 'missing', cause: /idx2/ }, always('peer-unsaid')),
    splunkCase('time-clamped', { reason: 'missing', cause: /srchTimeWin/ }, (splunkd) =>
      splunkd.setRole('reader', { srchTimeWin: 1800 }),
    ),
    splunkCase(
      'message-unknown',
      { reason: 'missing', cause: /no message list knows/ },
      always('unknown-text'),
    ),
    splunkCase('events-twice', TWICE, twiceIn, 'sent').then((one) => ({
      ...one,
      dataset: { ...one.dataset, id: 'uid' },
    })),
    splunkCase('field-vanished', VANISHED.says, vanishedIn, 'named').then((one) => ({ ...one, ...VANISHED })),
    splunkCase('index-not-there', { reason: 'missing', cause: /no index .{1,2}mian/ }, undefined, 'mian'),
  ]);

const missing = KINDS.filter((kind) => !canStart(kind));

describe.runIf(missing.length === 0 || process.env.CI === 'true')('A source that is silently wrong', () => {
  let cases: readonly Case[] = [];
  let served: Served;
  beforeAll(async () => {
    cases = [...(await Promise.all(KINDS.map(searchCases))).flat(), ...(await splunkCases())];
    served = await startServe({
      env: { SPLUNK_TOKEN: TOKEN },
      config: {
        // A source each: one that is left alone says nothing of the others.
        sources: Object.fromEntries(cases.map(({ id, source }) => [id, source])),
        datasets: Object.fromEntries(
          cases.map(({ id, dataset }) => [id, { kind: 'events', source: id, settle: '0s', ...dataset }]),
        ),
      },
      kpis: cases.map(({ id, measure = {}, window = { rolling: '4h', every: '1h' } }) => ({
        id,
        title: `What ${id} says`,
        unit: 'events',
        measures: { n: { dataset: id, aggregate: 'count', ...measure } },
        formula: 'n',
        window,
        targets: [{ from: '2020-01-01', onTarget: '>= 0' }],
      })),
    });
    await served.cycled();
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await served?.stop();
    await Promise.all(servers.map((splunkd) => splunkd.stop()));
    for (const [kind, names] of made) {
      await adminOf(await sharedServer(kind)).send('DELETE', `/${names.join(',')}`);
    }
  });

  it('has no value in /metrics, but the reason why', async () => {
    const text = await served.get('/metrics');
    for (const { id, says } of cases) {
      const value = text.match(new RegExp(`^clause9_kpi_value\\{kpi="${id}"\\} (.*)$`, 'm'))?.[1] ?? null;
      const reason =
        text.match(new RegExp(`^clause9_kpi_unknown\\{kpi="${id}",reason="(.*)"\\} 1$`, 'm'))?.[1] ?? null;
      expect({ id, value, reason }).toEqual(
        'value' in says
          ? { id, value: String(says.value), reason: null }
          : { id, value: null, reason: says.reason },
      );
    }
  });

  it('is unknown on the page of the KPI, with the cause in words', async () => {
    for (const { id, says } of cases) {
      const page = (await served.get(`/kpis/${id}`)).replaceAll('&quot;', '"');
      if ('value' in says) {
        expect(page, id).toContain('on target');
        continue;
      }
      expect(page, id).toContain('Unknown');
      expect(page, id).toMatch(says.cause);
    }
  });

  it('is unknown in explain, with the cause in words', async () => {
    for (const { id, says } of cases) {
      const text = await served.get(`/api/v1/kpis/${id}/explain`);
      const { result = null } = JSON.parse(text);
      if ('value' in says) {
        expect(result, id).toMatchObject({ value: says.value, verdict: 'on-target' });
        if (says.warning !== undefined) expect(text, id).toMatch(says.warning);
        continue;
      }
      expect(result, id).toMatchObject({ verdict: 'unknown', reason: says.reason });
      expect(text, id).toMatch(says.cause);
    }
  });
});
