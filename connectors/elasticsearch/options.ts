/** What a person writes about an Elasticsearch cluster, in clause9.yaml. */
import { z } from 'zod';
import { secretRef } from '../../src/config/secrets.ts';
import { basicAuth } from '../shared/options.ts';
import { bearerAuth, commonOptions, keepsSecrets, PRIVATE } from '../shared/search-engine/options.ts';

const apiKey = secretRef.describe('The encoded key, as Kibana shows it.');

export const sourceOptions = z
  .strictObject({
    ...commonOptions,
    auth: z
      .union([z.strictObject({ apiKey }), bearerAuth, basicAuth])
      .optional()
      .describe('An API key, a token, or a user and its password.'),
    space: z.string().min(1).optional().describe('The Kibana space that links open.'),
  })
  .refine(keepsSecrets, PRIVATE);

export type SourceOptions = z.infer<typeof sourceOptions>;
