/** Each fault strikes where it says, in the words of Splunk, and really loses what it says. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FAULTS, type FaultName, type Splunkd, startSplunkd } from './index.ts';
import { ask, parse, search, TOKEN } from './testing.ts';

const COUNT = 'search index=web OR index=app | stats count';
let splunkd: Splunkd;

beforeAll(async () => {
  splunkd = await startSplunkd({ tokens: { [TOKEN]: { user: 'admin' } } });
  const events = Array.from({ length: 10 }, (_, at) => ({
    _time: 1_480_000_000 + at,
    fields: { n: String(at) },
  }));
  splunkd.addEvents('web', events);
  splunkd.addEvents('app', events.slice(0, 2));
});
afterEach(() => splunkd.faults.clear());
afterAll(() => splunkd.stop());

const names = (at: string): readonly FaultName[] =>
  Object.entries(FAULTS).flatMap(([name, effect]) => (effect.at === at && isName(name) ? [name] : []));
const isName = (name: string): name is FaultName => name in FAULTS;

const whole = async () => (await search(splunkd, COUNT)).rows[0]?.count;

describe('a fault of a job', () => {
  it.each(names('job').filter((name) => !/forever|never/.test(name)))(
    '%s strikes one job, which then is not what it seems',
    async (name) => {
      splunkd.faults.next(name);
      const { job, rows, messages } = await search(splunkd, COUNT, {
        earliest_time: '1480000000',
        latest_time: '1480000100',
      });
      const effect = FAULTS[name];
      if (effect.at !== 'job') throw new Error(name);
      const failed = 'failed' in effect;
      expect(job).toMatchObject({
        isFailed: failed,
        isFinalized: 'finalized' in effect,
        isZombie: 'zombie' in effect,
        dispatchState: failed ? 'FAILED' : 'DONE',
      });
      if ('messages' in effect)
        for (const { type, text } of effect.messages)
          if (type !== 'DEBUG') expect(messages).toContain(`${type} ${text}`);
      if ('loses' in effect) expect(Number(rows[0]?.count)).toBeLessThan(12);
      expect(await whole()).toBe('12');
    },
  );

  it('of a lost peer fails the job that wants no partial result, unless the server is old', async () => {
    splunkd.faults.next('peer-timeout', { times: 2 });
    expect((await search(splunkd, COUNT, { allow_partial_results: 'false' })).job).toMatchObject({
      dispatchState: 'FAILED',
      resultCount: 0,
    });
    expect((await search(splunkd, COUNT)).rows).toEqual([{ count: '6' }]);
  });

  it('hides a peer from searchProviders', async () => {
    splunkd.faults.next('peer-unsaid');
    expect((await search(splunkd, COUNT)).job.searchProviders).toEqual(['sh1', 'idx1']);
    expect((await search(splunkd, COUNT)).job.searchProviders).toEqual(['sh1', 'idx1', 'idx2']);
  });

  it.each([
    ['never-ready', 204],
    ['queued-forever', 'QUEUED'],
    ['running-forever', 'RUNNING'],
    ['paused-forever', 'PAUSE'],
  ] as const)('%s', async (name, expected) => {
    splunkd.faults.next(name);
    const { sid } = parse(
      (await ask(splunkd, '/services/search/jobs?output_mode=json', { search: COUNT })).text,
    );
    for (let look = 0; look < 3; look++) {
      const { status, text } = await ask(splunkd, `/services/search/jobs/${sid}?output_mode=json`);
      expect(status === 200 ? parse(text).entry[0].content.dispatchState : status).toBe(expected);
    }
  });
});

describe('a fault of an answer', () => {
  it.each(names('answer').filter((name) => FAULTS[name].at === 'answer' && name.startsWith('quota')))(
    '%s is a 503',
    async (name) => {
      splunkd.faults.next(name);
      await expect(search(splunkd, COUNT)).rejects.toThrow(/^503: .*(quota|limit|concurrent|disk)/);
      expect(await whole()).toBe('12');
    },
  );

  it('waits, lasts and is disarmed as told', async () => {
    const disarm = splunkd.faults.next('create-server-error', { after: 1, times: 'forever' });
    expect(await whole()).toBe('12');
    await expect(whole()).rejects.toThrow('500');
    await expect(whole()).rejects.toThrow('500');
    disarm();
    expect(await whole()).toBe('12');
  });

  it('loses the reply of a POST whose job exists all the same', async () => {
    splunkd.faults.next('create-reset');
    const lost = ask(splunkd, '/services/search/jobs', { search: COUNT, id: 'mine' });
    await expect(lost).rejects.toThrow();
    expect((await ask(splunkd, '/services/search/jobs/mine')).status).toBe(200);
    splunkd.faults.next('create-reset-undone');
    await expect(ask(splunkd, '/services/search/jobs', { search: COUNT, id: 'other' })).rejects.toThrow();
    expect((await ask(splunkd, '/services/search/jobs/other')).status).toBe(404);
  });

  it.each([
    ['status-html', 200, '<html>'],
    ['status-empty', 200, ''],
    ['status-not-ready', 204, ''],
    ['status-unauthorized', 401, 'Unauthorized'],
    ['status-unknown-sid', 404, 'Unknown sid.'],
  ] as const)('%s strikes the next look', async (name, status, text) => {
    const { sid } = await search(splunkd, COUNT);
    splunkd.faults.next(name);
    const answer = await ask(splunkd, `/services/search/v2/jobs/${sid}?output_mode=json`);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
  });

  it('cuts JSON off', async () => {
    const { sid } = await search(splunkd, COUNT);
    splunkd.faults.next('results-cut');
    const { text } = await ask(splunkd, `/services/search/v2/jobs/${sid}/results?output_mode=json`);
    expect(text).toHaveLength(60);
    expect(() => parse(text)).toThrow(SyntaxError);
  });
});

describe('a fault of a page', () => {
  const LIST = 'search index=web | sort n | table n none';
  const page = async (sid: string, offset: number) =>
    parse(
      (
        await ask(
          splunkd,
          `/services/search/v2/jobs/${sid}/results?output_mode=json&count=4&offset=${offset}`,
        )
      ).text,
    );

  it.each([
    ['page-short', 0, { init_offset: 0, results: [{ n: '0' }, { n: '1' }, { n: '2' }] }],
    ['page-two-short', 4, { init_offset: 4, results: [{ n: '4' }, { n: '5' }, { n: '6' }] }],
    ['page-again', 4, { init_offset: 4, results: [{ n: '0' }, { n: '1' }, { n: '2' }, { n: '3' }] }],
    ['page-offset', 4, { init_offset: 0 }],
    ['page-preview', 0, { preview: true }],
    ['cells-null', 0, { results: [{ n: '0', none: null }, {}, {}, {}] }],
    ['cells-empty', 0, { results: [{ n: '0', none: '' }, {}, {}, {}] }],
    ['numbers-odd', 0, { results: [{ n: '1e3' }, { n: '1e3' }, { n: '1e3' }, { n: '1e3' }] }],
  ] as const)('%s', async (name, offset, expected) => {
    const { sid } = await search(splunkd, LIST);
    splunkd.faults.next(name);
    expect(await page(sid, offset)).toMatchObject(expected);
    expect(await page(sid, 4)).toMatchObject({
      preview: false,
      init_offset: 4,
      results: [{ n: '4' }, { n: '5' }, { n: '6' }, { n: '7' }],
    });
  });

  it('gives back an old sid', async () => {
    const { sid } = await search(splunkd, LIST);
    splunkd.faults.next('sid-reused');
    expect((await search(splunkd, COUNT)).sid).toBe(sid);
  });
});
