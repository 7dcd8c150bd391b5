/** An index of another cluster is a source like one's own; when that cluster is gone, its events are not left out quietly. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { canStart, START_TIMEOUT_MS, startServer, type TestServer } from './server.ts';
import { is, openSite, type Site } from './site.ts';

const transportSchema = z.object({
  nodes: z.record(z.string(), z.object({ transport: z.object({ publish_address: z.string() }) })),
});
const infoSchema = z.record(z.string(), z.object({ connected: z.boolean() }));

const ROLES = 'cluster_manager,data,ingest,remote_cluster_client';

for (const kind of ['es8', 'opensearch'] as const) {
  describe.runIf(canStart(kind))(`${kind}: another cluster`, () => {
    let servers: TestServer[] = [];
    let here: Site;
    let there: Site;
    /** Events of the first hour, and ann's by group. */
    const counts = async (index: string | readonly string[]) => {
      const [reading] = await here.ask([{ where: is('user', 'ann') }, { groupBy: ['user'] }], {
        options: { index },
      });
      return [reading?.events, reading?.tallies['0']?.['[]']?.n, reading?.tallies['1']?.['["ann"]']?.n];
    };
    const connect = async (skip: boolean) => {
      const { nodes } = transportSchema.parse(await there.admin.send('GET', '/_nodes/transport'));
      const [node] = Object.values(nodes);
      await here.admin.send('PUT', '/_cluster/settings', {
        persistent: {
          cluster: {
            remote: { other: { seeds: [node?.transport.publish_address], skip_unavailable: skip } },
          },
        },
      });
    };

    beforeAll(async () => {
      const roles = kind === 'opensearch' ? [`node.roles=${ROLES}`] : [];
      servers = await Promise.all([startServer(kind, roles), startServer(kind)]);
      const [first, second] = servers.map(({ url }) => url);
      here = await openSite(kind, first ?? '');
      there = await openSite(kind, second ?? '');
      const user = { user: { type: 'keyword' } };
      await here.index('logs', user, [{ user: 'ann' }, { user: 'bob' }]);
      await there.index('logs', user, [{ user: 'ann' }, { user: 'ann' }, { user: 'cat' }]);
      await connect(false);
    }, START_TIMEOUT_MS);
    afterAll(async () => {
      await here.close();
      await Promise.all(servers.map((server) => server.stop()));
    });

    it('is counted alone, and together with one’s own', async () => {
      expect(await counts(`other:${there.prefix}-*`)).toEqual([3, 2, 2]);
      expect(await counts([`${here.prefix}-*`, `other:${there.prefix}-*`])).toEqual([5, 3, 3]);
    });

    it('that is gone is an error, whether or not the server may skip it', async () => {
      const both = [`${here.prefix}-*`, `other:${there.prefix}-*`];
      await there.connector.close();
      await servers[1]?.stop();
      await expect(counts(both)).rejects.toThrow(/The server refused/);
      await here.admin.send('PUT', '/_cluster/settings', {
        persistent: { cluster: { remote: { other: { skip_unavailable: true } } } },
      });
      expect(infoSchema.parse(await here.admin.send('GET', '/_remote/info'))).toMatchObject({
        other: { connected: false },
      });
      await expect(counts(both)).rejects.toThrow(/clusters were skipped|shards of all clusters/);
      // Ungrouped, without a frozen view; and to one who never saw the other cluster.
      await expect(here.ask([{}], { options: { index: both } })).rejects.toThrow(/clusters were skipped/);
      const anew = await openSite(kind, servers[0]?.url ?? '');
      await expect(anew.ask([{}], { options: { index: both } })).rejects.toThrow(/clusters were skipped/);
      await anew.close();
    });
  });
}
