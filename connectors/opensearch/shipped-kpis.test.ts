/** The shipped KPIs on a real OpenSearch: the same numbers as in memory. */
import { describe } from 'vitest';
import { shippedKpisOnSearch } from '../../test/contract/shipped-search.ts';
import { canStart } from '../../test/servers/server.ts';
import { opensearch } from './index.ts';

describe.runIf(canStart('opensearch'))('opensearch', () => {
  shippedKpisOnSearch(opensearch, 'opensearch');
});
