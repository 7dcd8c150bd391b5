/** Elasticsearch passes the contract of connectors in every major version that starts here. */
import { describe } from 'vitest';
import { connectorContract } from '../../test/contract/connector.ts';
import { searchHarness, TYPED } from '../../test/contract/harness-search.ts';
import { canStart } from '../../test/servers/server.ts';
import { elasticsearch } from './index.ts';

for (const kind of ['es7', 'es8', 'es9'] as const) {
  describe.runIf(canStart(kind))(kind, () => {
    connectorContract(kind, searchHarness(elasticsearch, kind));
  });
}

describe.runIf(canStart('es9'))('es9, typed', () => {
  connectorContract('es9, typed', searchHarness(elasticsearch, 'es9', TYPED));
});
