/** How splunkd is talked to: as whom, in which app, over which certificate, by which of its versions' paths. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Clause9Error } from '../../src/core/errors.ts';
import { EVERYTHING } from '../../src/core/filter/model.ts';
import {
  counts,
  event,
  events,
  like,
  measure,
  NEVER,
  type Opened,
  openSplunkd,
  RANGE,
  readSlices,
  TOKEN,
} from '../../test/fakes/splunk.ts';
import { sourceOptions } from './options.ts';

const PASSWORD = 'correct horse battery staple';
const BY_PASSWORD = { auth: { username: 'clause9', password: { env: 'CLAUSE9_TEST_PASSWORD' } } };

let opened: Opened;
let folder: string;
beforeEach(async () => {
  process.env.CLAUSE9_TEST_PASSWORD = PASSWORD;
  folder = await mkdtemp(join(tmpdir(), 'clause9-splunk-'));
});
afterEach(async () => {
  await opened.close();
  await rm(folder, { recursive: true });
});

const open = async (options: Parameters<typeof openSplunkd>[0] = {}, source: object = {}) => {
  opened = await openSplunkd(
    { users: { clause9: { password: PASSWORD, roles: ['reader'] } }, ...options },
    source,
  );
  opened.splunkd.addEvents('main', [event(1), event(2), event(61)]);
  return opened;
};

describe('A connection', () => {
  it('verifies the certificate by the authority that it is told', async () => {
    const { splunkd } = await open({ tls: true });
    await writeFile(join(folder, 'ca.pem'), splunkd.ca ?? '');
    const trusting = await opened.another({ tls: { ca: join(folder, 'ca.pem') } });
    expect(await counts(trusting)).toEqual([2, 1, 0, 0]);
    const before = splunkd.requests.length;
    await expect(readSlices(opened.connector)).rejects.toMatchObject({
      message: expect.stringMatching(/certificate is not trusted/),
      help: expect.stringContaining('tls.ca'),
      retryable: false,
    });
    expect(splunkd.requests.length).toBe(before);
  });

  it('verifies the name in the certificate', async () => {
    const { splunkd } = await open({ tls: true });
    await writeFile(join(folder, 'ca.pem'), splunkd.ca ?? '');
    const mistaken = await opened.another({
      tls: { ca: join(folder, 'ca.pem'), serverName: 'other.example' },
    });
    await expect(readSlices(mistaken)).rejects.toMatchObject({ retryable: false });
  });

  it('over plain HTTP is refused, but to this very machine', () => {
    const options = (url: string) => sourceOptions.safeParse({ url, auth: { token: { env: 'T' } } }).success;
    expect(options('http://splunk.example:8089')).toBe(false);
    expect(options('https://splunk.example:8089/')).toBe(true);
    expect(options('http://127.0.0.1:8089')).toBe(true);
    expect(options('https://splunk.example:8089/services')).toBe(false);
    expect(options('ftp://splunk.example')).toBe(false);
  });

  it('goes through a proxy where the source names one, and verifies the certificate behind it', async () => {
    const { splunkd } = await open({ tls: true });
    await writeFile(join(folder, 'ca.pem'), splunkd.ca ?? '');
    const tunnels: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      const server = connect(Number(new URL(splunkd.url).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        server.pipe(socket).pipe(server);
      });
      for (const end of [server, socket]) end.on('error', () => socket.destroy());
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const address = proxy.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const through = await opened.another({
      proxy: `http://127.0.0.1:${port}`,
      tls: { ca: join(folder, 'ca.pem') },
    });
    expect(await counts(through)).toEqual([2, 1, 0, 0]);
    const mistaken = await opened.another({ proxy: `http://127.0.0.1:${port}` });
    await expect(counts(mistaken)).rejects.toMatchObject({ retryable: false });
    expect(new Set(tunnels)).toEqual(new Set([new URL(splunkd.url).host]));
    await through.close();
    proxy.closeAllConnections();
    proxy.close();
  });

  it('takes no answer of more than 64 MB', async () => {
    const { splunkd, connector } = await open();
    await counts(connector);
    const body = ' '.repeat(65 * 1024 * 1024);
    const answer = { kind: 'raw', status: 200, type: 'application/json', body } as const;
    splunkd.faults.next({ at: 'answer', on: 'results', did: false, answer });
    await expect(counts(connector)).rejects.toMatchObject({ message: expect.stringContaining('64 MB') });
  });

  it('that nobody answers is worth another try', async () => {
    await open();
    const nowhere = await opened.another({ url: 'http://127.0.0.1:9' });
    await expect(readSlices(nowhere)).rejects.toMatchObject({ retryable: true });
  });
});

describe('An account', () => {
  it('by user and password is logged in once, and again when its session ended', async () => {
    const { splunkd, connector } = await open({}, BY_PASSWORD);
    const logins = () => splunkd.requests.filter(({ path }) => path.endsWith('/auth/login')).length;
    expect(await counts(connector)).toEqual([2, 1, 0, 0]);
    expect(logins()).toBe(1);
    splunkd.expireSessions();
    expect(await counts(connector)).toEqual([2, 1, 0, 0]);
    expect(logins()).toBe(2);
  });

  it('that is not let in is told so, and not asked for again', async () => {
    await open();
    process.env.CLAUSE9_TEST_PASSWORD = 'wrong';
    const stranger = await opened.another(BY_PASSWORD);
    await expect(readSlices(stranger)).rejects.toMatchObject({
      message: expect.stringContaining('clause9'),
      retryable: false,
    });
  });

  it('whose token has expired is told so', async () => {
    const { splunkd, connector } = await open();
    splunkd.setToken(TOKEN, null);
    await expect(readSlices(connector)).rejects.toMatchObject({
      message: expect.stringContaining('token'),
      retryable: false,
    });
  });

  it('keeps its secrets to itself: in no error, no evidence, no search', async () => {
    for (const source of [{}, BY_PASSWORD]) {
      const { splunkd, connector } = await open({}, source);
      const seen: unknown[] = [splunkd.searches, splunkd.requests.map(({ path }) => path)];
      seen.push(await connector.probe(events(), NEVER), await readSlices(connector));
      for (const fault of [
        'create-server-error',
        'status-html',
        'results-cut',
        'create-reset-undone',
        'status-unauthorized',
      ] as const) {
        splunkd.faults.next(fault, { times: 'forever' });
        seen.push(
          ...(await Promise.allSettled([readSlices(connector), connector.inspect(events(), NEVER)])).map(
            (one) => (one.status === 'rejected' ? wholeError(one.reason) : one.value),
          ),
        );
        splunkd.faults.clear();
      }
      const text = JSON.stringify(seen);
      for (const secret of [TOKEN, PASSWORD, encodeURIComponent(PASSWORD)])
        expect(text).not.toContain(secret);
      await opened.close();
    }
    await open();
  });
});

/** All that a logger could print of it. */
function wholeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { message, stack, cause } = error;
  const more = error instanceof Clause9Error ? { where: error.where, help: error.help } : {};
  return { message, stack, ...more, ...Object.fromEntries(Object.entries(error)), cause: wholeError(cause) };
}

describe('A search', () => {
  it('runs in the app and for the owner that the source names', async () => {
    const { splunkd, connector } = await open(
      { macros: { mine: 'index=main' } },
      { app: 'soc', owner: 'alice' },
    );
    await counts(connector);
    const jobs = splunkd.requests.filter(({ path }) => path.includes('/search/v2/jobs'));
    expect(new Set(jobs.map(({ path }) => path.split('/search/v2')[0]))).toEqual(
      new Set(['/servicesNS/alice/soc']),
    );
  });

  it.for([
    ['8.2.6', 'search/jobs'],
    ['9.0.1', 'search/jobs'],
    ['9.0.2', 'search/v2/jobs'],
    ['10.2.3', 'search/v2/jobs'],
  ] as const)('takes the paths of version %s', async ([version, path]) => {
    const { splunkd, connector } = await open({ version });
    expect(await counts(connector)).toEqual([2, 1, 0, 0]);
    const created = splunkd.requests.filter(
      ({ method, params }) => method === 'POST' && params.search !== undefined,
    );
    expect(
      new Set(created.map((one) => one.path.replace(/\/$/, '').replace(/^.*?\/search\/(?=search)/, ''))),
    ).toEqual(new Set([path]));
  });

  it('asks for everything or nothing, and dies with us', async () => {
    const { splunkd, connector } = await open();
    await counts(connector);
    const [created] = splunkd.requests.filter(({ params }) => params.search?.includes('c9_s'));
    expect(created?.params).toMatchObject({
      earliest_time: String(RANGE.start / 1000),
      latest_time: String(RANGE.end / 1000),
      exec_mode: 'normal',
      allow_partial_results: 'false',
      auto_cancel: '120',
      adhoc_search_level: 'fast',
    });
    expect(created?.params).not.toHaveProperty('max_time');
    expect(created?.params).not.toHaveProperty('reuse_max_seconds_ago');
  });

  it('is found again by its id where the answer to its start was lost, and not started twice', async () => {
    const { splunkd, connector } = await open();
    await counts(connector);
    const before = splunkd.searches.length;
    splunkd.faults.next('create-reset');
    expect(await counts(connector)).toEqual([2, 1, 0, 0]);
    expect(splunkd.searches.length).toBe(before + 1);
    await connector.close();
    expect(splunkd.jobs()).toEqual([]);
  });

  it('is not needed for a probe of what was looked at a while ago, unless the account has changed', async () => {
    const { splunkd, connector } = await open();
    const searches = async () => {
      const before = splunkd.searches.length;
      await connector.probe(events(), NEVER);
      return splunkd.searches.length - before;
    };
    await searches();
    expect(await searches()).toBe(0);
    splunkd.setRole('reader', { srchFilter: 'user=a' });
    expect(await searches()).toBe(2);
  });

  it('gives ten thousand groups, none cut, page by page', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents(
      'main',
      Array.from({ length: 12_000 }, (_, i) => event(i / 100, { user: `user-${i}` })),
    );
    const measures = [measure(EVERYTHING, { type: 'count' }, ['user'])];
    const { readings } = await readSlices(connector, { measures, maxGroups: 20_000 });
    const groups = readings.flatMap(({ tallies }) => Object.keys(tallies.m ?? {}));
    expect(new Set(groups).size).toBe(12_001);
    expect(readings.flatMap(({ overflow }) => overflow)).toEqual([]);
    const pages = splunkd.requests
      .filter(({ path }) => path.endsWith('/results'))
      .map(({ params }) => params.offset);
    expect(pages).toContain('10000');
  });

  it('reads the events of a dataset once for all its measures, once more for each grouping', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', [event(3, { user: 'a', bytes: '1' })]);
    const count = async (measures: ReturnType<typeof measure>[]) => {
      const before = splunkd.searches.length;
      await readSlices(connector, { measures });
      return splunkd.searches.length - before;
    };
    await count([]);
    const many = Array.from({ length: 100 }, (_, i) =>
      measure(like('user', `a${i}`), { type: 'sum', field: 'bytes' }, [], `m${i}`),
    );
    expect(await count(many)).toBe(1);
    // What would be too long for one search is asked in several, which must agree.
    const thousand = Array.from({ length: 10 }, (_, i) =>
      many.map((one) => ({ ...one, id: `${i}${one.id}`, where: like('user', `b${i}${one.id}`) })),
    ).flat();
    expect(await count(thousand)).toBe(6);
    const grouped = many.map((one) => ({ ...one, groupBy: ['user'], id: `g${one.id}` }));
    expect(await count([...many, ...grouped])).toBe(2);
    const sketched = many.map((one) => ({
      ...one,
      id: `p${one.id}`,
      aggregate: { type: 'percentile' as const, field: 'bytes', percentile: 90 },
    }));
    const distinct = many.map((one) => ({
      ...one,
      id: `d${one.id}`,
      aggregate: { type: 'distinct' as const, field: 'user' },
    }));
    expect(await count([...many, ...sketched, ...distinct])).toBe(3);
  });
});
