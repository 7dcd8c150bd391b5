/** The shipped KPIs on a real Elasticsearch: the same numbers as in memory. */
import { describe } from 'vitest';
import { shippedKpisOnSearch } from '../../test/contract/shipped-search.ts';
import { canStart } from '../../test/servers/server.ts';
import { elasticsearch } from './index.ts';

describe.runIf(canStart('es9'))('es9', () => {
  shippedKpisOnSearch(elasticsearch, 'es9');
});
