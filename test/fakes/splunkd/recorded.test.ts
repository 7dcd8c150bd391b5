/**
 * The fake beside the real thing: sessions with a Splunk 6.0.4 that the C# SDK recorded, acted again, and bodies that the
 * Java SDK keeps of 4.2 to 5.0 with what they mean. Licences stand beside the recordings.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Splunkd, startSplunkd } from './index.ts';
import { ask, parse, search, TOKEN } from './testing.ts';
import { keysOf, readResults, shapeOf } from './xml.ts';

const FOLDER = new URL('../../fixtures/splunk-recorded/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

interface Header {
  readonly key: string;
  readonly value: readonly string[];
}

function session(name: string): readonly Answer[] {
  const file = readFileSync(new URL(`sessions/Splunk.Client.${name}.json.gz`, FOLDER));
  const { Recordings } = parse(gunzipSync(file).toString('utf8'));
  const answers: readonly (Readonly<Record<string, unknown>> | null)[] = Recordings._array;
  return answers
    .filter((one) => one !== null)
    .map((one) => ({
      status: Number(one['Response.StatusCode']),
      type: headerOf(one['Response.Content.Headers'], 'Content-Type'),
      body: Buffer.from(String(one['Response.Content'] ?? ''), 'base64').toString('utf8'),
    }));
}

function headerOf(headers: unknown, key: string): string {
  if (!Array.isArray(headers)) return '';
  return headers.find((header: Header) => header.key === key)?.value[0] ?? '';
}

/** A session key, a sid and the rest of what must differ. */
const neutral = (body: string): string => body.replace(/(<sessionKey>|<sid>)[^<]*/g, '$1…');

let splunkd: Splunkd;
const XML = 'text/xml; charset=UTF-8';
const EVENTS = [1, 2, 3].map((n) => ({
  _time: 1_403_964_050 + n,
  host: 'DNoble-MSW8',
  sourcetype: 'splunkd_access',
  fields: {},
  _raw: `GET ${n}`,
}));

beforeAll(async () => {
  splunkd = await startSplunkd({
    version: '6.0.4.1',
    peers: [],
    serverName: 'DNoble-MSW8',
    tokens: { [TOKEN]: { user: 'admin' } },
    lifecycle: { steps: ['PARSING'] },
    users: { admin: { timeZone: 'America/Los_Angeles' } },
  });
  splunkd.addEvents('_internal', EVENTS);
});
afterAll(() => splunkd.stop());

const asAnswer = async (
  path: string,
  form?: Readonly<Record<string, string>>,
  headers?: Readonly<Record<string, string>>,
): Promise<Answer> => {
  const { status, text, headers: sent } = await ask(splunkd, path, form, headers);
  return { status, type: sent.get('content-type') ?? '', body: text };
};

const remove = async (path: string): Promise<Answer> => {
  const response = await fetch(`${splunkd.url}${path}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    body: await response.text(),
  };
};

const login = () => asAnswer('/services/auth/login', { username: 'admin', password: 'changeme' }, {});

describe('a recorded session', () => {
  it('of a job from its creation to its cancelling', async () => {
    const real = session('AcceptanceTests.TestService.CanCrudJob');
    const created = await asAnswer('/services/search/jobs', {
      search: 'search index=_internal | head 100',
      count: '100',
    });
    const path = `/services/search/jobs/${/<sid>(.*)<\/sid>/.exec(created.body)?.[1]}`;
    const mine = [await login(), created];
    for (const part of ['', '', '/results', '/results_preview', '/events', '', ''])
      mine.push(await asAnswer(path + part));
    mine.push(await remove(path), await asAnswer(path), await asAnswer(path), await asAnswer(path));
    expect(mine.map(({ status, type }) => ({ status, type }))).toEqual(
      real.map(({ status, type }) => ({ status, type })),
    );
    for (const at of [0, 1, 9, 10, 11, 12])
      expect(neutral(mine[at]?.body ?? '')).toBe(neutral(real[at]?.body ?? ''));
    const states = (answers: readonly Answer[]) =>
      answers.flatMap(({ body }) => /"dispatchState">(\w+)/.exec(body)?.[1] ?? []);
    expect(states(mine)).toEqual(states(real));
    expect(states(mine)).toEqual(['PARSING', 'DONE', 'DONE', 'DONE']);
    for (const at of [2, 3]) expect(shapeOf(mine[at]?.body ?? '')).toEqual(shapeOf(real[at]?.body ?? ''));
    const [, , parsing = '', done = ''] = mine.map(({ body }) => body);
    const lacking = (body: string, at: number) =>
      [...keysOf(real[at]?.body ?? '')].filter((key) => !keysOf(body).has(key));
    expect(lacking(parsing, 2)).toEqual([]);
    // What indexes held before, and how long each command took: the fake has neither.
    expect(
      lacking(done, 3).filter(
        (key) =>
          !/^(command|dispatch|startup)\.|^(duration_secs|invocations|input_count|output_count)$/.test(key),
      ),
    ).toEqual(['indexEarliestTime', 'indexLatestTime']);
  });

  it('of an unknown command', async () => {
    const real = session('UnitTests.SearchTest.BadOutputMode');
    const mine = [await login(), await asAnswer('/services/search/jobs', { search: 'invalidpartsearch' })];
    expect(mine.map((answer) => ({ ...answer, body: neutral(answer.body) }))).toEqual(
      real.map((answer) => ({ ...answer, body: neutral(answer.body) })),
    );
  });

  it('of the server’s own words', async () => {
    const real = session('AcceptanceTests.TestService.CanGetServerInfo').find(({ body }) =>
      body.includes('<title>server-info'),
    );
    const mine = await asAnswer('/services/server/info');
    expect(mine.type).toBe(XML);
    const ours = keysOf(mine.body);
    const needed = [
      'guid',
      'version',
      'build',
      'serverName',
      'product_type' /* names the product for splunklib */,
      'licenseState',
      'eai:acl',
      'perms',
    ];
    for (const key of needed)
      expect(ours.has(key) && (keysOf(real?.body ?? '').has(key) || key === 'product_type')).toBe(true);
    expect(shapeOf(mine.body).slice(0, 8)).toEqual(shapeOf(real?.body ?? '').slice(0, 8));
  });

  it.each([
    ['UnitTests.SearchTest.CanRefreshJob', ['PARSING', 'RUNNING', 'FINALIZING', 'DONE']],
    ['UnitTests.SearchTest.JobExecutionMode', ['PARSING', 'RUNNING', 'FINALIZING', 'DONE']],
    ['UnitTests.SearchTest.JobSearchMode', ['PARSING', 'RUNNING', 'FINALIZING', 'DONE']],
    ['AcceptanceTests.TestService.CanGetJobs', ['PARSING', 'RUNNING', 'FINALIZING', 'DONE']],
  ])('%s passes no state that the fake has not, and in the fake’s order', (name, order) => {
    const bySid = new Map<string, string[]>();
    for (const { body } of session(name)) {
      for (const [, entry = ''] of body.matchAll(/<entry[^>]*>([\s\S]*?)<\/entry>/g)) {
        const sid = /"sid">([^<]+)/.exec(entry)?.[1] ?? '';
        const state = /"dispatchState">(\w+)/.exec(entry)?.[1];
        if (state !== undefined) bySid.set(sid, [...(bySid.get(sid) ?? []), state]);
      }
    }
    expect(bySid.size).toBeGreaterThan(0);
    for (const states of bySid.values()) {
      const places = states.map((state) => order.indexOf(state));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('recorded results', () => {
  it('in XML have the fake’s form: the same elements, in the same order, around the same texts', async () => {
    const real = session('AcceptanceTests.TestService.CanCrudJob')[4]?.body ?? '';
    const rows = readResults(real);
    const other = await startSplunkd({
      tokens: { [TOKEN]: { user: 'admin' } },
      users: { admin: { timeZone: 'America/Los_Angeles' } },
    });
    other.addEvents('_internal', rows.results.map(eventOf).reverse());
    const { sid } = await search(other, 'search index=_internal | head 100');
    const { text } = await ask(other, `/services/search/jobs/${sid}/results?count=100`);
    await other.stop();
    const mine = readResults(text);
    const kept = [
      '_raw',
      '_time',
      '_indextime',
      'host',
      'source',
      'sourcetype',
      'index',
      'linecount',
      '_sourcetype',
    ];
    const only = (row: ReadonlyMap<string, readonly string[]>) => kept.map((name) => row.get(name));
    expect(mine.results.map(only)).toEqual(rows.results.map(only));
    // `h` marks what was searched for; the fake marks nothing.
    expect(new Set(mine.elements)).toEqual(new Set(rows.elements.filter((name) => name !== 'value h')));
    expect([...rows.fields].sort()).toEqual([...mine.fields, '_subsecond'].sort());
  });

  it.each(['4.2.5', '4.3.5', '5.0.2'])(
    'of %s mean what the Java SDK says, read as the fake’s are',
    (version) => {
      const expected = parse(read('resultsreader_test_data.json'))[version].results;
      const { fields, results } = readResults(read(`results-${version}.xml`));
      expect(fields).toEqual(expected.fields);
      const flat = results.map((row) =>
        Object.fromEntries([...row].map(([name, texts]) => [name, texts.length === 1 ? texts[0] : texts])),
      );
      for (const [at, result] of expected.results.entries()) {
        for (const [name, value] of Object.entries<unknown>(result.fields ?? result)) {
          if (name !== '_raw') expect({ at, name, value: flat[at]?.[name] }).toEqual({ at, name, value });
        }
      }
    },
  );

  it('of nothing are one empty element', async () => {
    const { sid } = await search(splunkd, 'search index=nosuch');
    const { text } = await ask(splunkd, `/services/search/jobs/${sid}/results`);
    expect(text).toBe(read('results-empty-5.0.2.xml').trim());
  });

  it('in JSON of 5.0 hold nothing that the fake’s do not', async () => {
    const real = parse(read('results5.json'));
    const other = await startSplunkd({ tokens: { [TOKEN]: { user: 'admin' } } });
    other.addEvents(
      'i',
      real.results.map((row: Readonly<Record<string, string>>, at: number) => ({
        _time: 100 - at,
        fields: row,
      })),
    );
    other.faults.next({ at: 'job', messages: real.messages });
    const { sid } = await search(other, 'search index=i | table "sum(kb)" series');
    const mine = parse((await ask(other, `/services/search/v2/jobs/${sid}/results?output_mode=json`)).text);
    await other.stop();
    expect(mine).toMatchObject(real);
    expect(Object.keys(mine).filter((key) => !(key in real))).toEqual([
      'post_process_count',
      'fields',
      'highlighted',
    ]);
  });

  it('with several values are arrays, since 5.0', async () => {
    const [row] = parse(read('resultsMVFuture.json')).results;
    const other = await startSplunkd({ tokens: { [TOKEN]: { user: 'admin' } }, peers: [row._si[0]] });
    other.addEvents('_internal', [
      {
        _time: 1_354_063_462.581,
        host: row.host,
        source: row.source,
        sourcetype: row.sourcetype,
        _indextime: Number(row._indextime),
        _raw: row._raw,
        fields: {},
      },
    ]);
    const { rows } = await search(other, 'search index=_internal');
    await other.stop();
    const kept = [
      '_si',
      '_raw',
      '_indextime',
      '_sourcetype',
      'host',
      'index',
      'linecount',
      'source',
      'sourcetype',
      'splunk_server',
    ];
    for (const name of kept) expect({ name, value: rows[0]?.[name] }).toEqual({ name, value: row[name] });
    expect(Date.parse(String(rows[0]?._time))).toBe(Date.parse(row._time));
  });

  it('of an export are a line a row, the last one marked', async () => {
    const real = read('resultsExport.json')
      .replace(/^\uFEFF/, '')
      .trim()
      .split('\n')
      .map((line) => parse(line));
    const last = real.findLast((line) => line.lastrow === true);
    const { text } = await ask(splunkd, '/services/search/v2/jobs/export', {
      search: 'search index=_internal | stats count BY host',
      output_mode: 'json',
    });
    const [mine] = text
      .trim()
      .split('\n')
      .map((line) => parse(line));
    expect(Object.keys(mine).sort()).toEqual(Object.keys(last).sort());
    expect(mine.result).toEqual({ host: 'DNoble-MSW8', count: '3' });
  });
});

function eventOf(row: ReadonlyMap<string, readonly string[]>) {
  const one = (name: string): string => row.get(name)?.[0] ?? '';
  return {
    _time: Date.parse(one('_time')) / 1000,
    _indextime: Number(one('_indextime')),
    _raw: one('_raw'),
    host: one('host'),
    source: one('source'),
    sourcetype: one('sourcetype'),
    fields: {},
  };
}
