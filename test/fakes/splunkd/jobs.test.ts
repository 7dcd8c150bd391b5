/** Jobs over HTTP: states, pages, times, rights. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Splunkd, type SplunkdOptions, startSplunkd } from './index.ts';
import { ask, parse, search, TOKEN } from './testing.ts';

const JOBS = '/services/search/v2/jobs';
let splunkd: Splunkd;
let nowMs = 1_480_003_600_000;

async function start(options: SplunkdOptions = {}): Promise<void> {
  nowMs = 1_480_003_600_000;
  splunkd = await startSplunkd({ tokens: { [TOKEN]: { user: 'admin' } }, nowMs: () => nowMs, ...options });
  splunkd.addEvents(
    'web',
    Array.from({ length: 10 }, (_, at) => ({
      _time: 1_480_000_000 + at * 60,
      fields: { n: String(at), user: at % 2 === 0 ? 'a' : 'b' },
    })),
  );
  splunkd.addEvents('secret', [{ _time: 1_480_000_000, fields: { n: '77' } }]);
}

afterEach(() => splunkd.stop());

async function create(params: Readonly<Record<string, string>> = {}): Promise<string> {
  const { text } = await ask(splunkd, `${JOBS}?output_mode=json`, {
    search: 'search index=web | table n',
    ...params,
  });
  return parse(text).sid;
}

async function state(sid: string): Promise<string> {
  const { status, text } = await ask(splunkd, `${JOBS}/${sid}?output_mode=json`);
  return status === 200 ? parse(text).entry[0].content.dispatchState : String(status);
}

const page = async (sid: string, query: string) =>
  parse((await ask(splunkd, `${JOBS}/${sid}/results?output_mode=json${query}`)).text);

describe('a job', () => {
  it('goes through its states a look at a time', async () => {
    await start({ lifecycle: { steps: ['not-ready', 'QUEUED', 'PARSING', 'RUNNING', 'FINALIZING'] } });
    const sid = await create();
    expect((await ask(splunkd, `${JOBS}/${sid}/results?output_mode=json`)).status).toBe(204);
    const seen = [];
    for (let look = 0; look < 6; look++) seen.push(await state(sid));
    expect(seen).toEqual(['204', 'QUEUED', 'PARSING', 'RUNNING', 'FINALIZING', 'DONE']);
    expect((await page(sid, '')).results).toHaveLength(10);
  });

  it('goes by the clock where steps take time', async () => {
    await start({ lifecycle: { steps: ['QUEUED', 'RUNNING'], everyMs: 1000 } });
    const sid = await create();
    expect(await state(sid)).toBe('QUEUED');
    nowMs += 1500;
    expect(await state(sid)).toBe('RUNNING');
    nowMs += 1000;
    expect(await state(sid)).toBe('DONE');
  });

  it('is gone after its ttl, and after auto_cancel without a look', async () => {
    await start({ lifecycle: { steps: ['RUNNING'], everyMs: 100_000 } });
    const sid = await create({ timeout: '300', auto_cancel: '120' });
    nowMs += 119_000;
    expect(await state(sid)).toBe('DONE');
    nowMs += 299_000;
    expect(await state(sid)).toBe('DONE');
    nowMs += 301_000;
    expect(await state(sid)).toBe('404');
    const other = await create({ auto_cancel: '20' });
    nowMs += 21_000;
    expect(await ask(splunkd, `${JOBS}/${other}?output_mode=json`)).toMatchObject({
      status: 404,
      text: '{"messages":[{"type":"FATAL","text":"Unknown sid."}]}',
    });
    expect(splunkd.jobs()).toEqual([]);
  });

  it('carries the id that the client chose, once', async () => {
    await start();
    expect(await create({ id: 'c9_1' })).toBe('c9_1');
    const again = await ask(splunkd, `${JOBS}?output_mode=json`, { search: 'search index=web', id: 'c9_1' });
    expect(again.status).toBe(400);
    expect((await ask(splunkd, '/services/search/jobs?output_mode=json&id=c9_1')).text).toContain(
      '"name":"search index=web | table n"',
    );
  });

  it('can be finalised, paused, touched and cancelled', async () => {
    await start({ lifecycle: { steps: ['RUNNING'], everyMs: 60_000 } });
    const sid = await create();
    const control = async (action: string) =>
      parse((await ask(splunkd, `${JOBS}/${sid}/control?output_mode=json`, { action })).text).messages[0]
        .text;
    await control('pause');
    expect(await state(sid)).toBe('PAUSE');
    await control('unpause');
    expect(await state(sid)).toBe('RUNNING');
    expect(await control('touch')).toBe('Search job touched.');
    expect(await control('finalize')).toBe('Search job finalized.');
    const { content } = parse((await ask(splunkd, `${JOBS}/${sid}?output_mode=json`)).text).entry[0];
    expect(content).toMatchObject({
      dispatchState: 'DONE',
      isFinalized: true,
      messages: [{ type: 'INFO', text: 'Search finalized.' }],
    });
    expect(await control('cancel')).toBe('Search job cancelled.');
    expect(await state(sid)).toBe('404');
  });

  it('is deleted by DELETE', async () => {
    await start();
    const sid = await create();
    const response = await fetch(`${splunkd.url}${JOBS}/${sid}?output_mode=json`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(await response.json()).toEqual({ messages: [{ type: 'INFO', text: 'Search job cancelled.' }] });
    expect(splunkd.jobs()).toEqual([]);
  });
});

describe('results', () => {
  it('come a hundred at a time unless asked otherwise, and never more than the cap', async () => {
    await start({ maxResultRows: 150 });
    const sid = await create({ search: '| makeresults count=400 | table _time' });
    expect((await page(sid, '')).results).toHaveLength(100);
    expect((await page(sid, '&count=0')).results).toHaveLength(150);
    const second = await page(sid, '&count=150&offset=300');
    expect(second).toMatchObject({ init_offset: 300, preview: false });
    expect(second.results).toHaveLength(100);
  });

  it('come in JSON, in JSON rows and in XML, by GET and POST, v1 and v2, with a namespace and a slash at the end', async () => {
    await start();
    const sid = await create({ search: 'search index=web n=3 | table n user' });
    expect((await page(sid, '')).fields).toEqual([{ name: 'n' }, { name: 'user' }]);
    const rows = await ask(splunkd, `/servicesNS/nobody/search/search/v2/jobs/${sid}/results/`, {
      output_mode: 'json_rows',
    });
    expect(parse(rows.text)).toMatchObject({ fields: ['n', 'user'], rows: [['3', 'b']] });
    const xml = await ask(splunkd, `/services/search/jobs/${sid}/results`);
    expect(xml.text).toContain("<field k='n'>\n\t\t\t<value><text>3</text></value>");
    expect(xml.headers.get('connection')).toMatch(/close/i);
  });

  it('print times in the user’s zone', async () => {
    await start({ users: { admin: { timeZone: 'America/Los_Angeles' } } });
    const { rows } = await search(
      splunkd,
      'search index=web n=0 | bin span=1d _time AS day | table _time day',
    );
    expect(rows).toEqual([{ _time: '2016-11-24T07:06:40.000-08:00', day: '1479974400' }]);
  });

  it('can be had at once, or streamed', async () => {
    await start();
    const oneshot = await ask(splunkd, JOBS, {
      search: 'search index=web n=3 | table n',
      exec_mode: 'oneshot',
      output_mode: 'json',
    });
    expect(parse(oneshot.text).results).toEqual([{ n: '3' }]);
    const exported = await ask(splunkd, `${JOBS}/export`, {
      search: 'search index=web n<5 | sort n | head 2 | table n',
      output_mode: 'json',
    });
    expect(
      exported.text
        .trim()
        .split('\n')
        .map((line) => parse(line)),
    ).toEqual([
      { preview: false, offset: 0, result: { n: '0' } },
      { preview: false, offset: 1, lastrow: true, result: { n: '1' } },
    ]);
    const broken = await ask(splunkd, `${JOBS}/export`, {
      search: 'search index=web | eval x=nosuch()',
      output_mode: 'json',
    });
    expect(broken).toMatchObject({ status: 200, text: '' });
  });

  it('are not on v1 where v1 is disabled', async () => {
    await start({ v1Results: false });
    const sid = await create();
    expect((await ask(splunkd, `/services/search/jobs/${sid}/results`)).status).toBe(404);
    expect((await ask(splunkd, `/services/search/v2/jobs/${sid}/results`)).status).toBe(200);
  });
});

describe('who asks', () => {
  it('logs in for a session that idles out, or has a token that expires', async () => {
    await start({ tokens: { old: { user: 'admin', expiresMs: 1 }, [TOKEN]: { user: 'admin' } } });
    const login = await ask(
      splunkd,
      '/services/auth/login',
      { username: 'admin', password: 'changeme', output_mode: 'json' },
      {},
    );
    const session = { authorization: `Splunk ${parse(login.text).sessionKey}` };
    expect((await ask(splunkd, '/services/server/info', undefined, session)).status).toBe(200);
    nowMs += 3_600_001;
    expect((await ask(splunkd, '/services/server/info', undefined, session)).status).toBe(401);
    expect(
      (await ask(splunkd, '/services/server/info', undefined, { authorization: 'Bearer old' })).status,
    ).toBe(401);
    expect((await ask(splunkd, '/services/server/info?output_mode=json', undefined, {})).text).toBe(
      '{"messages":[{"type":"ERROR","text":"Unauthorized"}]}',
    );
    const wrong = await ask(
      splunkd,
      '/services/auth/login?output_mode=json',
      { username: 'admin', password: 'no' },
      {},
    );
    expect(wrong).toMatchObject({
      status: 401,
      text: '{"messages":[{"type":"WARN","text":"Login failed"}]}',
    });
    expect(JSON.stringify(splunkd.requests)).not.toContain('changeme');
  });

  it('sees only what the role allows: indexes, filter, time, all of it silently', async () => {
    await start({
      users: { u: { roles: ['soc'] } },
      roles: {
        soc: {
          srchIndexesAllowed: ['web'],
          srchIndexesDefault: ['web'],
          srchFilter: 'user=a',
          srchTimeWin: 300,
        },
      },
      tokens: { [TOKEN]: { user: 'u' } },
    });
    const { rows, messages, job } = await search(
      splunkd,
      'search index=* | stats count, min(_time) AS t | addinfo | table count t info_min_time',
      {
        earliest_time: '1480000000',
        latest_time: '1480000600',
      },
    );
    expect({ rows, messages }).toEqual({
      rows: [{ count: '2', t: '1480000360', info_min_time: '1480000300.000' }],
      messages: [],
    });
    expect(job.searchEarliestTime).toBe(1_480_000_300);
    const none = await search(splunkd, 'search index=secret | stats count');
    expect(none).toMatchObject({
      rows: [{ count: '0' }],
      messages: ['WARN All indexes removed from search due to permission.'],
    });
    const context = parse(
      (await ask(splunkd, '/services/authentication/current-context?output_mode=json')).text,
    );
    expect(context.entry[0].content).toMatchObject({ username: 'u', roles: ['soc'] });
    const role = parse((await ask(splunkd, '/services/authorization/roles/soc?output_mode=json')).text);
    expect(role.entry[0].content).toMatchObject({
      srchFilter: 'user=a',
      srchTimeWin: 300,
      srchIndexesAllowed: ['web'],
    });
  });

  it('does not apply the role’s filter to data models', async () => {
    await start({
      roles: { soc: { srchFilter: 'user=a' } },
      users: { u: { roles: ['soc'] } },
      tokens: { [TOKEN]: { user: 'u' } },
      dataModels: { Web: { search: 'index=web', fields: { 'Web.user': 'user' }, summarisedUntil: null } },
    });
    expect((await search(splunkd, '| tstats count from datamodel=Web')).rows).toEqual([{ count: '10' }]);
    expect((await search(splunkd, '| tstats count where index=web')).rows).toEqual([{ count: '5' }]);
  });

  it('is refused above the role’s quotas', async () => {
    await start({
      roles: {
        admin: { srchJobsQuota: 1, srchDiskQuota: 100, capabilities: ['search'], srchIndexesAllowed: ['*'] },
      },
      lifecycle: { steps: ['RUNNING'], everyMs: 60_000 },
      diskUsageOf: () => 101 * 1024 ** 2,
    });
    await create();
    const running = await ask(splunkd, `${JOBS}?output_mode=json`, { search: 'search index=web' });
    expect(running.status).toBe(503);
    expect(parse(running.text).messages[0].text).toMatch(
      /role quota has been reached\., .*current_concurrency=1, concurrency_limit=1$/,
    );
    nowMs += 61_000;
    const disk = await ask(splunkd, `${JOBS}?output_mode=json`, { search: 'search index=web' });
    expect(disk.status).toBe(503);
    expect(parse(disk.text).messages[0].text).toContain(
      'disk usage quota of search artifacts for user "admin" has been reached (usage=101MB, quota=100MB)',
    );
  });
});

describe('what it tells of itself', () => {
  it('names server, peers and indexes', async () => {
    await start({ version: '10.2.3' });
    const get = async (path: string) =>
      parse((await ask(splunkd, `/services/${path}?output_mode=json&count=0`)).text);
    const info = await get('server/info');
    expect(info.generator.version).toBe('10.2.3');
    expect(info.entry[0].content.guid).toMatch(/^[0-9A-F-]{36}$/);
    const peers = (await get('search/distributed/peers')).entry;
    expect(peers.map((peer: { content: { peerName: string } }) => peer.content.peerName)).toEqual([
      'idx1',
      'idx2',
    ]);
    expect((await get('data/indexes')).entry.map((entry: { name: string }) => entry.name)).toEqual([
      'secret',
      'web',
    ]);
    expect((await get('data/indexes/nosuch')).messages[0].text).toBe(
      "In handler 'indexes': Could not find object id=nosuch",
    );
    expect((await ask(splunkd, '/services/nosuch')).status).toBe(404);
  });
});

describe('TLS', () => {
  it('is there with an authority of its own, which nobody else trusts', async () => {
    await start({ tls: true });
    expect(splunkd.url).toMatch(/^https:/);
    expect(splunkd.ca).toContain('BEGIN CERTIFICATE');
    const refused = await ask(splunkd, '/services/server/info').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TypeError);
  });
});
