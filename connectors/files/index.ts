/** A folder of files as a source: NDJSON, CSV and Parquet, read by DuckDB. */
import type { ConnectorType } from '../../src/ports/connector.ts';
import { datasetOptions, sourceOptions } from './options.ts';

export const files: ConnectorType = {
  type: 'files',
  readsWhole: true,
  sourceOptions,
  datasetOptions,
  fieldKinds: async () => (await import('./kinds.ts')).fieldKinds,
  open: async (source, folder) => {
    // Only now: DuckDB is 60 MB that nobody pays for without such a source.
    const { openFiles } = await import('./connector.ts');
    return openFiles(source, folder);
  },
};
