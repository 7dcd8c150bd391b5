/** A call to OpenSearch that is given up. An error that nobody catches would fail the run by itself. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connector } from '../../src/ports/connector.ts';
import { events } from '../../test/fakes/splunk.ts';
import { opensearch } from './index.ts';

describe('A call that is given up while it is under way', () => {
  const arrived = Promise.withResolvers<void>();
  const silent = createServer(() => arrived.resolve());
  let connector: Connector;
  beforeAll(async () => {
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const options = { url: `http://127.0.0.1:${port}` };
    connector = await opensearch.open(
      { name: 'siem', type: 'opensearch', maxConcurrentSearches: 1, options },
      '/',
    );
  });
  afterAll(async () => {
    await connector.close();
    silent.closeAllConnections();
    silent.close();
  });

  it('ends with its reason, and takes nothing else down', async () => {
    const given = new AbortController();
    const asked = connector.probe(events({ time: '@timestamp', ingested: null }), given.signal);
    await arrived.promise;
    given.abort(new Error('given up'));
    await expect(asked).rejects.toThrow('given up');
    // What nobody catches is thrown one turn later.
    await setTimeout(20);
  });
});
