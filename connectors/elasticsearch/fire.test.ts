/** The loop on Elasticsearch under fire: whatever happens to a call, no wrong number is stored, and everything heals. */
import { describe } from 'vitest';
import { searchUnderFire } from '../../test/contract/fire-search.ts';
import { canStart } from '../../test/servers/server.ts';
import { elasticsearch } from './index.ts';

describe.runIf(canStart('es9'))('es9', () => {
  searchUnderFire(elasticsearch, 'es9');
});
