/**
 * Rows in memory as a source, for `clause9 test`. It is no source type of clause9.yaml (`connectors/index.ts` does not
 * list it): nothing real is measured from it.
 */
import { z } from 'zod';
import type { Row } from '../../src/core/filter/model.ts';
import type { ConnectorType } from '../../src/ports/connector.ts';
import { inlineConnector } from './connector.ts';

const options = { batchSize: () => 1_000, now: Date.now };

export const inline: ConnectorType = {
  type: 'inline',
  sourceOptions: z.strictObject({}),
  datasetOptions: z.strictObject({}),
  // The reference itself: all is exact.
  fieldKinds: async () => [{ name: 'memory', refusal: () => null }],
  open: async () => inlineConnector(new Map(), options),
};

/** A source whose rows are put in as it runs. */
export function openInline() {
  const data = new Map<string, readonly Row[]>();
  return {
    connector: inlineConnector(data, options),
    replace: (dataset: string, rows: readonly Row[]) => void data.set(dataset, rows),
  };
}
