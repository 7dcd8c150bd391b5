/** What a person writes about an OpenSearch cluster (or Wazuh's indexer), in clause9.yaml. */
import { z } from 'zod';
import { basicAuth } from '../shared/options.ts';
import { bearerAuth, commonOptions, keepsSecrets, PRIVATE } from '../shared/search-engine/options.ts';

const auth = z.union([bearerAuth, basicAuth]).optional().describe('A token, or a user and its password.');

export const sourceOptions = z.strictObject({ ...commonOptions, auth }).refine(keepsSecrets, PRIVATE);

export type SourceOptions = z.infer<typeof sourceOptions>;
