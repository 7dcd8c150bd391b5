/** A data stream is a source like an index: by its name and by a pattern, and no event is lost or doubled by a rollover. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/core/time/interval.ts';
import { canStart, START_TIMEOUT_MS, sharedServer } from './server.ts';
import { is, openSite, type Site, START } from './site.ts';

const NEVER = new AbortController().signal;

// Elasticsearch 7 as it starts here has no data streams.
for (const kind of ['es8', 'es9', 'opensearch'] as const) {
  describe.runIf(canStart(kind))(`${kind}: a data stream`, () => {
    let site: Site;
    let stream: string;
    const write = (from: number, count: number) =>
      site.admin.bulk(
        stream,
        Array.from({ length: count }, (_, i) => ({
          '@timestamp': new Date(START + (from + i) * MINUTE).toISOString(),
          user: i % 2 === 0 ? 'ann' : 'bob',
        })),
      );
    /** Events of the first hour, and ann's. */
    const counts = async (index: string) => {
      const [reading] = await site.ask([{ where: is('user', 'ann') }, { groupBy: ['user'] }], {
        options: { index },
      });
      return [reading?.events, reading?.tallies['0'], reading?.tallies['1'], reading?.quality];
    };

    beforeAll(async () => {
      site = await openSite(kind, await sharedServer(kind));
      stream = `${site.prefix}-logs`;
      await site.admin.send('PUT', `/_index_template/${site.prefix}`, {
        index_patterns: [stream],
        data_stream: {},
        template: {
          settings: { number_of_shards: 1, number_of_replicas: 0 },
          mappings: { properties: { '@timestamp': { type: 'date' }, user: { type: 'keyword' } } },
        },
      });
      await write(0, 10);
    }, START_TIMEOUT_MS);
    afterAll(async () => {
      // Elasticsearch as it starts here can make data streams only: theirs end with the server.
      if (kind === 'opensearch') {
        await site.admin.send('DELETE', `/_data_stream/${stream}`);
        await site.admin.send('DELETE', `/_index_template/${site.prefix}`);
      }
      await site.close();
    });

    const tally = (n: number) => expect.objectContaining({ n });
    const whole = (ann: number, bob: number) => [
      ann + bob,
      { '[]': tally(ann) },
      { '["ann"]': tally(ann), '["bob"]': tally(bob) },
      'complete',
    ];

    it('is counted by its name and by a pattern', async () => {
      expect(await counts(stream)).toEqual(whole(5, 5));
      expect(await counts(`${site.prefix}-*`)).toEqual(whole(5, 5));
    });

    it('is counted whole after a rollover, an older event that comes in later included', async () => {
      const { identity } = await site.connector.probe({ ...site.dataset, options: { index: stream } }, NEVER);
      expect(await site.admin.send('POST', `/${stream}/_rollover`)).toMatchObject({ rolled_over: true });
      // Late: it lies in the time of the index before.
      await write(5, 7);
      expect(await counts(stream)).toEqual(whole(9, 8));
      expect(await counts(`${site.prefix}-*`)).toEqual(whole(9, 8));
      expect(
        await site.connector.probe({ ...site.dataset, options: { index: stream } }, NEVER),
      ).toMatchObject({ identity });
    });

    it('is found as one, not as the indices behind it', async () => {
      const found = (await site.connector.discover(NEVER)).filter(({ name }) => name.includes(site.prefix));
      expect(found).toMatchObject([{ options: { index: stream }, events: 17 }]);
    });
  });
}
