/** What real servers do when something is wrong: an error or `partial` with its reason, never a number. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/core/errors.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import {
  canStart,
  SERVER_KINDS,
  START_TIMEOUT_MS,
  sharedServer,
  startServer,
  type TestServer,
} from './server.ts';
import { is, openSite, type Site, START, sum } from './site.ts';

const refused = (message: string | RegExp, retryable: boolean) => ({
  message: expect.stringMatching(message),
  retryable,
  help: expect.any(String),
});

for (const kind of SERVER_KINDS) {
  describe.runIf(canStart(kind))(`${kind}: what can't be counted whole`, () => {
    let url: string;
    let site: Site;
    beforeAll(async () => {
      url = await sharedServer(kind);
    }, START_TIMEOUT_MS);
    beforeEach(async () => {
      site = await openSite(kind, url);
    });
    afterEach(() => site.close());

    const fails = async (asked: Promise<unknown>, message: string | RegExp, retryable: boolean) => {
      await expect(asked).rejects.toBeInstanceOf(ConnectorError);
      await expect(asked).rejects.toMatchObject(refused(message, retryable));
    };

    it('is an error where a shard stands on no node, ungrouped and grouped', async () => {
      await site.index('whole', { k: { type: 'keyword' } }, [{ k: 'a' }]);
      await site.index('lost', { k: { type: 'keyword' } }, [], {
        'index.routing.allocation.require._name': 'nobody',
      });
      await fails(site.ask(), /./, true);
      await fails(site.ask([{ groupBy: ['k'] }]), /./, true);
    });

    it('is an error where a field is a keyword in one index and a text in another', async () => {
      await site.index('one', { k: { type: 'keyword' } }, [{ k: 'a' }]);
      await site.index('two', { k: { type: 'text' } }, [{ k: 'a' }]);
      await fails(site.ask([{ groupBy: ['k'] }]), /not the same in all indices.*keyword.*text/, false);
    });

    it('is an error where a sum is asked of a field that is text', async () => {
      await site.index('one', { k: { type: 'keyword' } }, [{ k: '12' }]);
      await fails(site.ask([sum('k')]), /indexed as keyword/, false);
    });

    it('is an error where the index is missing, or a pattern finds none', async () => {
      await fails(
        site.ask([{}], { options: { index: `${site.prefix}-none` } }),
        /no such index|No index/,
        false,
      );
      await fails(
        site.ask([{}], { options: { index: `${site.prefix}-none*` } }),
        /no such index|No index/,
        false,
      );
    });

    it('is an error where an index is closed, also under a pattern', async () => {
      await site.index('open', {}, [{}]);
      await site.index('shut', {}, [{}]);
      expect((await site.ask())[0]?.events).toBe(2);
      await site.admin.send('POST', `/${site.prefix}-shut/_close`);
      await fails(site.ask(), /closed/, false);
      await fails(site.ask([{}], { options: { index: `${site.prefix}-shut` } }), /closed/, false);
      const [open] = await site.ask([{}], {
        options: { index: [`${site.prefix}-*`, `-${site.prefix}-shut`] },
      });
      expect(open).toMatchObject({ events: 1, quality: 'complete' });
    });

    it('is an error where reading an index is blocked', async () => {
      await site.index('one', {}, [{}]);
      await site.admin.send('PUT', `/${site.prefix}-one/_settings`, { 'index.blocks.read': true });
      await fails(site.ask(), /blocked/, false);
      await site.admin.send('PUT', `/${site.prefix}-one/_settings`, { 'index.blocks.read': false });
    });

    it('is partial where a value was of another type than its field', async () => {
      await site.index('one', { n: { type: 'long', ignore_malformed: true } }, [{ n: 1 }, { n: 'many' }, {}]);
      const [summed] = await site.ask([sum('n')]);
      expect(summed?.tallies['0']?.['[]']).toEqual({ n: 3, skipped: 1, sum: [1] });
      const where = { op: 'test', field: 'n', predicate: { kind: 'number', value: 1 } } as const;
      const [filtered] = await site.ask([{ where }]);
      expect(filtered).toMatchObject({
        quality: 'partial',
        notes: [expect.stringMatching(/1 events.*not indexed/)],
      });
    });

    it('is partial where the exact part of a text is too short for a value', async () => {
      const text = { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 5 } } };
      await site.index('one', { t: text }, [{ t: 'short' }, { t: 'much longer' }, {}]);
      const [reading] = await site.ask([{ where: is('t', 'SHORT') }]);
      expect(reading?.tallies['0']?.['[]']?.n).toBe(1);
      expect(reading).toMatchObject({
        quality: 'partial',
        notes: [expect.stringMatching(/1 events.*not indexed/)],
      });
    });

    it('is partial where an index knows nothing of a field that its events may hold', async () => {
      await site.index('one', { k: { type: 'keyword' } }, [{ k: 'a' }]);
      await site.index('two', {}, [{}]);
      await site.admin.send('PUT', `/${site.prefix}-two/_mapping`, { dynamic: false });
      await site.admin.bulk(`${site.prefix}-two`, [
        { '@timestamp': new Date(START + HOUR).toISOString(), k: 'a' },
      ]);
      const [, second] = await site.ask([{ where: is('k', 'a') }], {}, 2);
      expect(second).toMatchObject({
        quality: 'partial',
        notes: [expect.stringMatching(/does not know "k"/)],
      });
    });

    it('is whole where an index without a field would have learnt it from its first event', async () => {
      await site.index('one', { k: { type: 'keyword' } }, [{ k: 'a' }]);
      await site.index('two', {}, [{}]);
      const [reading] = await site.ask([{ where: is('k', 'a') }]);
      expect(reading).toMatchObject({ events: 2, quality: 'complete' });
    });

    it('is an error where events have several times', async () => {
      const times = [0, HOUR].map((offset) => new Date(START + offset).toISOString());
      await site.index('one', {}, [{ '@timestamp': times }]);
      await fails(site.ask([{}], {}, 2), /several values in "@timestamp"/, false);
    });

    it('is partial where events do not say when they came in', async () => {
      await site.index('one', { in: { type: 'date' } }, [{ in: new Date(START).toISOString() }, {}]);
      const [reading] = await site.ask([{}], { ingested: 'in' });
      const partial = { quality: 'partial', notes: [expect.stringMatching(/1 events don't say when/)] };
      expect(reading).toMatchObject({ events: 1, ...partial });
      const query = {
        language: 'dsl',
        text: '{"aggs":{"n":{"value_count":{"field":"@timestamp"}}}}',
      } as const;
      const range = { start: START, end: START + HOUR };
      const dataset = { ...site.dataset, ingested: 'in' };
      const asked = { ...query, dataset, types: {}, range, asOf: START + HOUR };
      const reply = await site.connector.runQuery(asked, new AbortController().signal);
      expect(reply).toMatchObject({ values: { n: 1 }, ...partial });
    });

    it('leaves out, and counts, events of several numbers', async () => {
      await site.index('one', { n: { type: 'long' } }, [{ n: 1 }, { n: [2, 3] }, { n: [4] }]);
      const [reading] = await site.ask([sum('n'), { ...sum('n'), groupBy: ['n'] }]);
      expect(reading?.tallies['0']?.['[]']).toEqual({ n: 3, skipped: 1, sum: [5] });
    });

    it('is found again where an event is written anew, with the same times', async () => {
      await site.index('one', { k: { type: 'keyword' } }, [{ k: 'a' }, { k: 'b' }]);
      const [before] = await site.ask();
      await site.admin.send('POST', `/${site.prefix}-one/_doc/x?refresh=true`, {
        '@timestamp': new Date(START).toISOString(),
      });
      const [more] = await site.ask();
      await site.admin.send('PUT', `/${site.prefix}-one/_doc/x?refresh=true`, {
        '@timestamp': new Date(START).toISOString(),
        k: 'c',
      });
      const [after] = await site.ask();
      expect([before?.events, more?.events, after?.events]).toEqual([2, 3, 3]);
      expect(new Set([before?.digest, more?.digest, after?.digest]).size).toBe(3);
    });

    it('is refused in nested objects, which a plain question would not see', async () => {
      await site.index('one', { o: { type: 'nested', properties: { k: { type: 'keyword' } } } }, [
        { o: [{ k: 'a' }] },
      ]);
      await fails(site.ask([{ where: is('o.k', 'a') }]), /can't be asked for exactly/, false);
    });

    it('is told by each value of a text, and refused where a slice has too many of them', async () => {
      const where = {
        op: 'test',
        field: 'k',
        predicate: { kind: 'compare', op: 'gte', value: 10_000 },
      } as const;
      const add = (name: string, from: number, count: number, hours: number) =>
        site.index(
          name,
          { k: { type: 'keyword' } },
          Array.from({ length: count }, (_, i) => ({
            '@timestamp': START + (i % hours) * HOUR,
            k: String(from + i),
          })),
        );
      await add('two-hours', 0, 10_001, 2);
      const readings = await site.ask([{ where }], {}, 2);
      expect(readings.map(({ tallies }) => tallies['0'])).toEqual([{ '[]': { n: 1 } }, { '[]': { n: 0 } }]);
      const looked = { dataset: site.dataset, types: {}, range: { start: START, end: START + HOUR }, where };
      const { total, rows, evidence } = await site.connector.readRows(
        { ...looked, asOf: START + 1_000 * HOUR, limit: 10 },
        new AbortController().signal,
      );
      expect([total, rows.map(({ k }) => k)]).toEqual([1, ['10000']]);
      // What the values are is nobody's business.
      expect(evidence.query).toContain('1 of 5001 values: those that pass');
      expect(evidence.query).not.toContain('"10000"');
      await add('one-hour', 20_000, 5_000, 1);
      await fails(site.ask([{ where }]), /more than 10,000 different values/, false);
    });

    it('is not taken for another when numbers beyond 2^53 group', async () => {
      await site.index('one', { n: { type: 'long' } }, []);
      const body = `{"@timestamp":"${new Date(START).toISOString()}","n":9007199254740993}`;
      await fetch(`${url}/${site.prefix}-one/_doc?refresh=true`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      await fails(site.ask([{ groupBy: ['n'] }]), /beyond 2\^53/, false);
    });

    it('comes whole from ten thousand groups, page by page', async () => {
      const documents = Array.from({ length: 12_345 }, (_, i) => ({
        '@timestamp': new Date(START).toISOString(),
        k: `g${i}`,
      }));
      await site.index('one', { k: { type: 'keyword' } }, documents);
      const [reading] = await site.ask([{ groupBy: ['k'] }]);
      expect(Object.keys(reading?.tallies['0'] ?? {})).toHaveLength(12_345);
    });

    it('stops at the server, too, when it is stopped here', async () => {
      await site.index('one', { k: { type: 'keyword' } }, [{ k: 'a' }]);
      const controller = new AbortController();
      const asked = site.connector.probe(site.dataset, controller.signal);
      controller.abort(new Error('stop'));
      await expect(asked).rejects.toThrow('stop');
      await expect
        .poll(async () => JSON.stringify(await site.admin.send('GET', '/_tasks?actions=*search*')))
        .not.toContain(site.prefix);
    });
  });

  describe.runIf(canStart(kind))(`${kind}: a server that can't take so much`, () => {
    let server: TestServer;
    let site: Site;
    beforeAll(async () => {
      server = await startServer(kind);
      site = await openSite(kind, server.url);
      const documents = Array.from({ length: 48 }, (_, i) => ({
        '@timestamp': new Date(START + i * HOUR).toISOString(),
        k: `g${i % 3}`,
      }));
      await site.index('one', { k: { type: 'keyword' } }, documents);
    }, START_TIMEOUT_MS);
    afterAll(async () => {
      await site?.close();
      await server?.stop();
    });
    const set = (name: string, value: string | number | null) =>
      site.admin.send('PUT', '/_cluster/settings', { transient: { [name]: value } });

    it('is asked for half of it, and half again, where it allows few buckets', async () => {
      await set('search.max_buckets', 10);
      const readings = await site.ask([{}, { where: is('k', 'g1') }], {}, 48);
      expect(readings.map(({ events }) => events)).toEqual(Array(48).fill(1));
      expect(readings.reduce((n, { tallies }) => n + (tallies['1']?.['[]']?.n ?? 0), 0)).toBe(16);
      await set('search.max_buckets', null);
    });

    it('is an error worth another try where not even one slice passes its breaker', async () => {
      await set('indices.breaker.request.limit', '1b');
      const asked = site.ask([{ groupBy: ['k'] }], {}, 48);
      await expect(asked).rejects.toBeInstanceOf(ConnectorError);
      await expect(asked).rejects.toMatchObject(refused(/too large|breaker/i, true));
      await set('indices.breaker.request.limit', null);
      expect(await site.ask([{ groupBy: ['k'] }], {}, 48)).toHaveLength(48);
    });
  });
}

describe.runIf(canStart('es9'))('es9: a full queue', () => {
  it(
    'is an error worth another try, never a part of the shards',
    async () => {
      const server = await startServer('es9', [
        'thread_pool.search.size=1',
        'thread_pool.search.queue_size=2',
      ]);
      const site = await openSite('es9', server.url);
      try {
        const documents = Array.from({ length: 2_000 }, (_, i) => ({
          '@timestamp': new Date(START).toISOString(),
          k: `g${i % 7}`,
        }));
        await site.index('one', { k: { type: 'keyword' } }, documents, { number_of_shards: 5 });
        const asked = Array.from({ length: 60 }, () =>
          site.ask([{ groupBy: ['k'] }]).then(
            ([one]) => one?.events,
            (error: unknown) => error,
          ),
        );
        const answers = await Promise.all(asked);
        for (const answer of answers.filter((one) => one !== 2_000)) {
          expect(answer).toBeInstanceOf(ConnectorError);
          expect(answer).toMatchObject({ retryable: true });
        }
        expect(answers.some((one) => one instanceof ConnectorError)).toBe(true);
      } finally {
        await site.close();
        await server.stop();
      }
    },
    START_TIMEOUT_MS,
  );
});
