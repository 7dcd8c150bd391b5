/** What a person writes about an Elasticsearch or OpenSearch cluster and about a dataset in it, in clause9.yaml. */
import { z } from 'zod';
import { secretRef } from '../../../src/config/secrets.ts';
import { parseDuration } from '../../../src/core/time/interval.ts';
import { tlsOptions } from '../tls.ts';

const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    message: 'write an http or https URL',
  })
  .refine((text) => !URL.canParse(text) || (new URL(text).username === '' && new URL(text).password === ''), {
    message: 'must hold no user or password: use `auth`',
  });

export const basicAuth = z.strictObject({
  username: z.string().min(1).describe('Name of the account.'),
  password: secretRef,
});
export const bearerAuth = z.strictObject({
  bearer: secretRef.describe('A token, sent as `Authorization: Bearer`.'),
});

export const commonSourceOptions = {
  url: z
    .union([httpUrl, z.array(httpUrl).min(1)])
    .transform((urls) => (typeof urls === 'string' ? [urls] : urls))
    .describe('Where the cluster answers; several nodes as a list.'),
  tls: tlsOptions,
  proxy: httpUrl.optional().describe('An HTTP proxy on the way to the cluster.'),
  webUrl: httpUrl
    .optional()
    .describe('Where people open the pages of the cluster, for links from numbers to events.'),
  requestTimeout: z
    .string()
    .refine((text) => (parseDuration(text) ?? 0) > 0, { message: 'write a time such as 30s or 2m' })
    .default('60s')
    .describe('The longest that one request may take.'),
};

const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/;

/** A secret never goes over a wire that others read. */
export function isPrivate({
  url,
  auth,
}: {
  /** As it was written, where something else is wrong with it. */
  readonly url: string | readonly string[];
  readonly auth?: unknown;
}): boolean {
  return auth === undefined || [url].flat().every((one) => one.startsWith('https:') || LOOPBACK.test(one));
}

export const PRIVATE = {
  path: ['url'],
  message: 'must begin with https: a password or token would be readable on its way',
};

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

/** What every source of these has in common, parsed. */
export type CommonOptions = z.infer<z.ZodObject<typeof commonSourceOptions>>;
