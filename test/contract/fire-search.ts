/** Elasticsearch and OpenSearch for the loop under fire: a real node, reached through the proxy. */
import type { ConnectorType } from '../../src/ports/connector.ts';
import { type ServerKind, sharedServer } from '../servers/server.ts';
import { type FireSource, provesUnderFire } from './fire.ts';
import { searchHarness } from './harness-search.ts';

export function searchUnderFire(type: ConnectorType, kind: ServerKind): void {
  const makeSource = async (): Promise<FireSource> => {
    const harness = searchHarness(type, kind);
    const [native] = harness.native ?? [];
    if (native === undefined) throw new Error(`${kind} has no language`);
    const { hostname: host, port } = new URL(await sharedServer(kind));
    return {
      ...(await harness.create()),
      native,
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
  provesUnderFire(kind, makeSource, { alone: 'the first and the last call of each kind', deadlineMs: 2_000 });
}
