/** A search that nobody waits for any more ends at the server, also behind a proxy that keeps its own connection open. */
import { once } from 'node:events';
import { createServer, request as forward, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { elasticsearch } from '../../connectors/elasticsearch/index.ts';
import { opensearch } from '../../connectors/opensearch/index.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import { canStart, SERVER_KINDS, START_TIMEOUT_MS, sharedServer } from './server.ts';
import { openSite, type Site, START } from './site.ts';

/** Each event is counted once for every triple of its numbers: long work in all, and a short part of it on each shard. */
const NUMBERS = Array.from({ length: 80 }, (_, n) => n);
const EVENTS = 300;
const triples = { terms: { field: 'n', size: 1, collect_mode: 'depth_first' } };
const SLOW = JSON.stringify({
  aggs: { slow: { ...triples, aggs: { two: { ...triples, aggs: { three: triples } } } } },
});

interface Exchange {
  readonly call: string;
  readonly opaqueId: string | undefined;
  /** What the server answered; null: not yet. */
  answer: string | null;
}

/** Passes on, and listens to the end even where the client has gone. */
async function startRecorder(to: string): Promise<{ server: Server; url: string; seen: Exchange[] }> {
  const seen: Exchange[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    const opaqueId = headers['x-opaque-id'];
    const one: Exchange = {
      call: `${method} ${url.split('?')[0]}`,
      opaqueId: typeof opaqueId === 'string' ? opaqueId : undefined,
      answer: null,
    };
    seen.push(one);
    const onwards = forward(`${to}${url}`, { method, headers, agent: false }, (answered) => {
      let text = '';
      outgoing.writeHead(answered.statusCode ?? 500, answered.headers);
      answered.on('data', (bytes) => {
        text += String(bytes);
        outgoing.write(bytes);
      });
      answered.on('end', () => {
        one.answer = `${answered.statusCode} ${text}`;
        outgoing.end();
      });
    });
    incoming.on('data', (bytes) => onwards.write(bytes));
    incoming.on('end', () => onwards.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the recorder has no port');
  return { server, url: `http://127.0.0.1:${address.port}`, seen };
}

async function until<T>(signal: AbortSignal, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(20, undefined, { signal });
  }
}

for (const kind of SERVER_KINDS) {
  describe.runIf(canStart(kind))(`${kind}: an aborted search`, () => {
    let url: string;
    let site: Site;
    beforeAll(async () => {
      url = await sharedServer(kind);
      site = await openSite(kind, url);
      const events = Array.from({ length: EVENTS }, () => ({
        '@timestamp': new Date(START).toISOString(),
        n: NUMBERS,
      }));
      await site.index('slow', { n: { type: 'long' } }, events, { number_of_shards: 20 });
    }, START_TIMEOUT_MS);
    afterAll(() => site.close());

    it('is cancelled at the server by its id', async ({ signal }) => {
      const recorder = await startRecorder(url);
      const type = kind === 'opensearch' ? opensearch : elasticsearch;
      const connector = await type.open(
        { name: 'siem', type: type.type, maxConcurrentSearches: 1, options: { url: recorder.url } },
        '/',
      );
      const stop = new AbortController();
      const range = { start: START, end: START + HOUR };
      const request = { dataset: site.dataset, types: {}, language: 'dsl', text: SLOW, range } as const;
      const asked = connector.runQuery({ ...request, asOf: START + HOUR }, stop.signal);
      asked.catch(() => {});
      const running = () => site.admin.send('GET', '/_tasks?actions=*search*&group_by=none');
      const search = await until(signal, () => recorder.seen.find(({ call }) => call.endsWith('/_search')));
      expect(search.opaqueId).toMatch(/^clause9-/);
      const id = String(search.opaqueId);
      await until(signal, async () => JSON.stringify(await running()).includes(id) || undefined);
      stop.abort(new Error('stopped'));
      await expect(asked).rejects.toThrow('stopped');
      await connector.close();
      const cancels = recorder.seen.filter(({ call }) => call.endsWith('/_cancel'));
      expect(cancels).toMatchObject([{ call: expect.stringMatching(/^POST \/_tasks\/.+\/_cancel$/) }]);
      expect(cancels[0]?.answer).toMatch(/^200 /);
      // The answer that nobody waits for.
      expect(await until(signal, () => search.answer ?? undefined)).toMatch(/^[45].*cancelled/is);
      await until(signal, async () => !JSON.stringify(await running()).includes(id) || undefined);
      recorder.server.closeAllConnections();
      await new Promise((resolve) => recorder.server.close(resolve));
    });
  });
}
