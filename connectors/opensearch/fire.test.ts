/** The loop on OpenSearch under fire: whatever happens to a call, no wrong number is stored, and everything heals. */
import { describe } from 'vitest';
import { searchUnderFire } from '../../test/contract/fire-search.ts';
import { canStart } from '../../test/servers/server.ts';
import { opensearch } from './index.ts';

describe.runIf(canStart('opensearch'))('opensearch', () => {
  searchUnderFire(opensearch, 'opensearch');
});
