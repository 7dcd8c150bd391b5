/** What a person writes about an Elasticsearch or OpenSearch cluster and about a dataset in it, in clause9.yaml. */
import { z } from 'zod';
import { secretRef } from '../../../src/config/secrets.ts';
import { duration, httpUrl, isPrivate, NOT_PRIVATE } from '../options.ts';
import { tlsOptions } from '../tls.ts';

export const bearerAuth = z.strictObject({
  bearer: secretRef.describe('A token, sent as `Authorization: Bearer`.'),
});

export const commonOptions = {
  url: z
    .union([httpUrl, z.array(httpUrl).min(1)])
    .transform((urls) => (typeof urls === 'string' ? [urls] : urls))
    .describe('Where the cluster answers; several nodes as a list.'),
  tls: tlsOptions,
  proxy: httpUrl.optional().describe('An HTTP proxy on the way to the cluster.'),
  webUrl: httpUrl
    .optional()
    .describe('Where people open the pages of the cluster, for links from numbers to events.'),
  requestTimeout: duration('The longest that one request may take.', '60s'),
};

/** No secret goes over a wire that others read. `url` is as it was written where something else is wrong with it. */
export const keepsSecrets = ({ url, auth }: { url: string | readonly string[]; auth?: unknown }): boolean =>
  auth === undefined || [url].flat().every(isPrivate);

export const PRIVATE = { path: ['url'], message: NOT_PRIVATE };

const indexName = z
  .string()
  .min(1)
  .refine((name) => !/[\s/\\?"<>|#]/.test(name), { message: 'is no name or pattern of an index' })
  .refine((name) => name !== '*' && name !== '_all', { message: 'must not be every index there is' });

export const datasetOptions = z.strictObject({
  index: z
    .union([indexName, z.array(indexName).min(1)])
    .transform((names) => (typeof names === 'string' ? names : names.join(',')))
    .describe(
      'Index, data stream, alias or pattern, also of another cluster (`remote:logs-*`); several as a list; `-name` leaves one out.',
    ),
  dataView: z
    .string()
    .min(1)
    .optional()
    .describe('The id of the data view (index pattern) that links open, where the pages need one.'),
});

export type DatasetOptions = z.infer<typeof datasetOptions>;

export type CommonOptions = z.infer<z.ZodObject<typeof commonOptions>>;
