/** What tests of KPIs run on, in tests of their own: the source in memory and a store in memory. */
import { z } from 'zod';
import type { TestParts } from '../../src/app/test-kpis.ts';
import type { ConnectorType } from '../../src/ports/connector.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { memorySource } from './memory-connector.ts';

export const inlineType: ConnectorType = {
  type: 'inline',
  sourceOptions: z.strictObject({}),
  datasetOptions: z.strictObject({}),
  open: async () => memorySource().connector,
};

export const inlineParts: TestParts = {
  openSource: async () => {
    const source = memorySource();
    return {
      connector: source.connector,
      bind: (dataset) => dataset,
      replace: async (dataset, rows) =>
        source.replace(
          dataset.name,
          rows.map(({ times, fields }) => ({ ...fields, ...times })),
        ),
      close: () => source.connector.close(),
    };
  },
  openStore: () => openSqlite(':memory:', { isThrowaway: true }),
};
