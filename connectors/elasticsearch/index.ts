/** An Elasticsearch cluster as a source, 7.17 to 9. */
import type { ConnectorType } from '../../src/ports/connector.ts';
import { datasetOptions } from '../shared/search-engine/options.ts';
import { sourceOptions } from './options.ts';

export const elasticsearch: ConnectorType = {
  type: 'elasticsearch',
  sourceOptions,
  datasetOptions,
  fieldKinds: async () => (await import('../shared/search-engine/kinds.ts')).fieldKinds,
  open: async (source, folder) => {
    // Only now: the client is large, and nobody pays for it without such a source.
    const { openElasticsearch } = await import('./connector.ts');
    return openElasticsearch(source, folder);
  },
};
