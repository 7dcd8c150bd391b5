/** An OpenSearch cluster (or Wazuh's indexer) as a source. */
import type { ConnectorType } from '../../src/ports/connector.ts';
import { datasetOptions } from '../shared/search-engine/options.ts';
import { sourceOptions } from './options.ts';

export const opensearch: ConnectorType = {
  type: 'opensearch',
  sourceOptions,
  datasetOptions,
  fieldKinds: async () => (await import('../shared/search-engine/kinds.ts')).fieldKinds,
  open: async (source, folder) => {
    const { openOpensearch } = await import('./connector.ts');
    return openOpensearch(source, folder);
  },
};
