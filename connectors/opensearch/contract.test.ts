/** OpenSearch passes the contract of connectors. */
import { describe } from 'vitest';
import { connectorContract } from '../../test/contract/connector.ts';
import { searchHarness } from '../../test/contract/harness-search.ts';
import { canStart } from '../../test/servers/server.ts';
import { opensearch } from './index.ts';

describe.runIf(canStart('opensearch'))('opensearch', () => {
  connectorContract('opensearch', searchHarness(opensearch, 'opensearch'));
});
