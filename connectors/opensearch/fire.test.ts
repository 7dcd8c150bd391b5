/** The loop on OpenSearch under fire: whatever happens to a call, no wrong number is stored, and everything heals. */
import { describe } from 'vitest';
import { provesUnderFire } from '../../test/contract/fire.ts';
import { searchUnderFire } from '../../test/contract/fire-search.ts';
import { canStart } from '../../test/servers/server.ts';
import { opensearch } from './index.ts';

describe.runIf(canStart('opensearch'))('opensearch', () => {
  // A pass takes many calls; every so many of them is tried.
  provesUnderFire('opensearch', searchUnderFire(opensearch, 'opensearch'), { step: 13, deadlineMs: 3_000 });
});
