/** Splunk Enterprise and Splunk Cloud as a source: searches over its REST interface. */
import type { ConnectorType } from '../../src/ports/connector.ts';
import { datasetOptions, sourceOptions } from './options.ts';

export const splunk: ConnectorType = {
  type: 'splunk',
  sourceOptions,
  datasetOptions,
  fieldKinds: async () => (await import('./kinds.ts')).fieldKinds,
  open: async (source, folder) => {
    const { openSplunk } = await import('./connector.ts');
    return openSplunk(source, folder);
  },
};
