/** Native queries in ES|QL on a real Elasticsearch: one row of numbers, those that counting by hand gives, or an error. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventsDataset } from '../../src/config/model.ts';
import { HOUR, MINUTE } from '../../src/core/time/interval.ts';
import type { QueryReply } from '../../src/ports/connector.ts';
import { canStart, START_TIMEOUT_MS, startServer, type TestServer } from './server.ts';
import { openSite, type Site, START } from './site.ts';

const NEVER = new AbortController().signal;
const FIELDS = { user: { type: 'keyword' }, bytes: { type: 'long' }, ingested: { type: 'date' } };
const iso = (minutes: number): string => new Date(START + minutes * MINUTE).toISOString();
/** 90 events, a minute apart; each comes in ten minutes later. */
const EVENTS = Array.from({ length: 90 }, (_, i) => ({
  user: ['ann', 'bob', 'eve'][i % 3],
  bytes: (i * 37) % 101,
  ingested: iso(i + 10),
}));

describe.runIf(canStart('es8-xpack'))('es8-xpack: a query in ES|QL', () => {
  let server: TestServer;
  let site: Site;
  beforeAll(async () => {
    server = await startServer('es8-xpack', ['xpack.security.enabled=false']);
    site = await openSite('es8-xpack', server.url);
    await site.index('events', FIELDS, EVENTS);
    const several = [{ user: 'ann', bytes: 1 }, { user: ['ann', 'bob'], bytes: [2, 3] }, { user: 'bob' }];
    await site.index('several', FIELDS, several);
    await site.index('other', { bytes: { type: 'keyword' } }, [{ bytes: 'x' }]);
    await site.index('big', { n: { type: 'long' } }, [{ n: 1 }, { n: '9007199254740993' }]);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await site?.close();
    await server?.stop();
  });

  /** Of the index `PREFIX-NAME`, or of several by a pattern. */
  async function ask(
    name: string,
    rest: string,
    change: Partial<EventsDataset> = {},
    { from = START, to = START + HOUR, asOf = START + 100 * HOUR } = {},
  ): Promise<QueryReply> {
    const index = name
      .split(',')
      .map((one) => `${site.prefix}-${one}`)
      .join(',');
    const dataset = { ...site.dataset, options: { index }, ...change };
    const range = { start: from, end: to };
    const text = `FROM ${index} ${rest}`;
    return site.connector.runQuery({ dataset, types: {}, language: 'esql', text, range, asOf }, NEVER);
  }
  const refused = (asked: Promise<unknown>, message: RegExp, retryable = false) =>
    expect(asked).rejects.toMatchObject({ message: expect.stringMatching(message), retryable });

  const byHand = (from: number, to: number, asOf = 1_000) =>
    EVENTS.filter((_, i) => i >= from && i < to && i + 10 < asOf);
  const bytesOf = (events: typeof EVENTS) => events.map(({ bytes }) => bytes);
  const added = (numbers: readonly number[]) => numbers.reduce((one, other) => one + other, 0);

  it('gives the numbers that counting by hand gives', async () => {
    const aggregates =
      'n = COUNT(*), sum = SUM(bytes), least = MIN(bytes), most = MAX(bytes), mean = AVG(bytes), users = COUNT_DISTINCT(user)';
    const bytes = bytesOf(byHand(0, 60));
    const { values, quality, notes } = await ask('events', `| STATS ${aggregates} // of all`);
    expect({ values, quality, notes }).toEqual({
      values: {
        n: 60,
        sum: added(bytes),
        least: Math.min(...bytes),
        most: Math.max(...bytes),
        mean: added(bytes) / 60,
        users: 3,
      },
      quality: 'complete',
      notes: [],
    });
    const ann = byHand(0, 60).filter(({ user }) => user === 'ann');
    const one = await ask('events', '| WHERE user == "ann" | STATS n = COUNT(*), sum = SUM(bytes)');
    expect(one.values).toEqual({ n: ann.length, sum: added(bytesOf(ann)) });
  });

  it('sees its range, half open, and only what had come in before asOf', async () => {
    const sum = '| STATS n = COUNT(*), sum = SUM(bytes)';
    const window = { from: START + 7 * MINUTE, to: START + 70 * MINUTE };
    const whole = byHand(7, 70);
    expect((await ask('events', sum, {}, window)).values).toEqual({
      n: whole.length,
      sum: added(bytesOf(whole)),
    });
    const known = byHand(7, 70, 45);
    const then = await ask('events', sum, { ingested: 'ingested' }, { ...window, asOf: START + 45 * MINUTE });
    expect(then).toMatchObject({
      values: { n: known.length, sum: added(bytesOf(known)) },
      quality: 'complete',
    });
    const before = await ask('events', sum, {}, { from: START - HOUR, to: START });
    expect(before.values).toEqual({ n: 0, sum: null });
  });

  it('sees what the filter of the dataset leaves', async () => {
    const { values } = await ask('events', '| STATS n = COUNT(*)', { filter: 'user:ann OR user:eve' });
    expect(values).toEqual({ n: 40 });
  });

  it('is partial where events do not say when they came in', async () => {
    expect(await ask('several', '| STATS n = COUNT(*)', { ingested: 'ingested' })).toMatchObject({
      values: { n: 0 },
      quality: 'partial',
      notes: [expect.stringMatching(/^3 events don't say when they came in/)],
    });
  });

  it('is an error where several values are taken for none', async () => {
    await refused(ask('several', '| WHERE user == "ann" | STATS n = COUNT(*)'), /multi-value|as null/);
    await refused(ask('several', '| EVAL x = bytes + 1 | STATS n = SUM(x)'), /multi-value|as null/);
    const { values } = await ask('several', '| WHERE MV_COUNT(user) == 2 | STATS n = COUNT(*)');
    expect(values).toEqual({ n: 1 });
  });

  it('is an error where it divides by zero', async () => {
    await refused(ask('events', '| STATS n = SUM(bytes) / 0'), /by zero|as null/);
  });

  it('is an error where a field is unknown, or differs between indices', async () => {
    await refused(ask('events', '| STATS n = SUM(bites)'), /Unknown column \[bites\]/);
    await refused(ask('events,other', '| STATS n = SUM(bytes)'), /incompatible types/);
  });

  it('is an error where it gives several rows, none, or what is no number', async () => {
    await refused(ask('events', '| STATS n = COUNT(*) BY user'), /several rows/);
    // Without a limit the server would cut these at 1,000, and warn.
    await refused(ask('events', '| KEEP bytes'), /several rows/);
    await refused(ask('events', '| WHERE bytes > 1000 | KEEP bytes'), /no row/);
    await refused(ask('events', '| STATS n = MAX(user)'), /of the type keyword/);
    await refused(ask('events', '| STATS n = MAX(@timestamp)'), /of the type date/);
  });

  it('is an error where a whole number is beyond 2^53', async () => {
    await refused(ask('big', '| STATS n = MAX(n)'), /beyond 2\^53/);
    // 500, but no later try will do.
    await refused(ask('big', '| EVAL x = 9223372036854775807 | STATS n = SUM(x)'), /long overflow/);
    expect((await ask('big', '| STATS n = MIN(n)')).values).toEqual({ n: 1 });
    expect((await ask('big', '| STATS n = TO_DOUBLE(MAX(n))')).values).toEqual({ n: 2 ** 53 });
  });

  it('is an error where the index is missing, or a pattern finds none', async () => {
    await refused(ask('nobody', '| STATS n = COUNT(*)'), /no such index/);
    await refused(ask('nobody*', '| STATS n = COUNT(*)'), /no such index|No index/);
    await refused(ask('events,nobody', '| STATS n = COUNT(*)'), /no such index/);
  });

  it('is an error where it reads another index than the dataset', async () => {
    const index = `${site.prefix}-other`;
    await refused(ask('events', '| STATS n = COUNT(*)', { options: { index } }), /not the dataset's index/);
  });

  it('is an error where an index is closed, also under a pattern', async () => {
    await site.index('shut-1', FIELDS, [{ bytes: 1 }]);
    await site.index('shut-2', FIELDS, [{ bytes: 1 }]);
    expect((await ask('shut-*', '| STATS n = COUNT(*)')).values).toEqual({ n: 2 });
    await site.admin.send('POST', `/${site.prefix}-shut-2/_close`);
    await refused(ask('shut-*', '| STATS n = COUNT(*)'), /closed/);
  });

  it('is an error where a shard stands on no node', async () => {
    await site.index('gone-1', FIELDS, [{ bytes: 1 }]);
    await site.index('gone-2', FIELDS, [], { 'index.routing.allocation.require._name': 'nobody' });
    await refused(ask('gone-*', '| STATS n = COUNT(*)'), /./, true);
  });

  it('says that it is partial where parts are allowed, and where clause9 asks it is not', async () => {
    await site.index('part-1', FIELDS, [{ bytes: 1 }]);
    await site.index('part-2', FIELDS, [], { 'index.routing.allocation.require._name': 'nobody' });
    const query = `FROM ${site.prefix}-part-* | STATS n = COUNT(*)`;
    const answer = await site.admin.send('POST', '/_query?allow_partial_results=true', { query });
    expect(answer).toMatchObject({ is_partial: true, values: [[1]] });
    await refused(ask('part-*', '| STATS n = COUNT(*)'), /./, true);
  });
});
