/** Elasticsearch and OpenSearch for the loop under fire: a real node, reached through the proxy. */
import type { ConnectorType } from '../../src/ports/connector.ts';
import { type ServerKind, sharedServer } from '../servers/server.ts';
import type { FireSource } from './fire.ts';
import { searchHarness } from './harness-search.ts';

export const searchUnderFire = (type: ConnectorType, kind: ServerKind) => async (): Promise<FireSource> => {
  const source = await searchHarness(type, kind).create();
  const { hostname: host, port } = new URL(await sharedServer(kind));
  return {
    ...source,
    server: { host, port: Number(port) },
    connect: (address) =>
      type.open(
        {
          name: 'fire',
          type: type.type,
          maxConcurrentSearches: 2,
          options: { url: `http://${address.host}:${address.port}` },
        },
        '/',
      ),
  };
};
