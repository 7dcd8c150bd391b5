/** What a person writes about an OpenSearch cluster (or Wazuh's indexer), in clause9.yaml. */
import { z } from 'zod';
import { basicAuth, bearerAuth, commonSourceOptions } from '../shared/search-engine/options.ts';

export const sourceOptions = z.strictObject({
  ...commonSourceOptions,
  auth: z.union([bearerAuth, basicAuth]).optional(),
});

export type SourceOptions = z.infer<typeof sourceOptions>;
