/** What a person writes about an OpenSearch cluster (or Wazuh's indexer), in clause9.yaml. */
import { z } from 'zod';
import {
  basicAuth,
  bearerAuth,
  commonSourceOptions,
  isPrivate,
  PRIVATE,
} from '../shared/search-engine/options.ts';

export const sourceOptions = z
  .strictObject({
    ...commonSourceOptions,
    auth: z.union([bearerAuth, basicAuth]).optional().describe('A token, or a user and its password.'),
  })
  .refine(isPrivate, PRIVATE);

export type SourceOptions = z.infer<typeof sourceOptions>;
