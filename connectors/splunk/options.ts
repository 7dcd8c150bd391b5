/** What a person writes about a Splunk deployment and about a dataset in it, in clause9.yaml. */
import { z } from 'zod';
import { secretRef } from '../../src/config/secrets.ts';
import { basicAuth, duration, httpUrl, isPrivate, NOT_PRIVATE } from '../shared/options.ts';
import { tlsOptions } from '../shared/tls.ts';
import { lintFilter, lintPipeline } from './lint.ts';

const managementUrl = httpUrl
  .refine(isPrivate, { message: NOT_PRIVATE })
  .refine((url) => URL.canParse(url) && ['', '/'].includes(new URL(url).pathname), {
    message: 'must have no path',
  })
  .describe("Splunk's management port: https://splunk.example:8089.");

const auth = z
  .union([z.strictObject({ token: secretRef }), basicAuth])
  .describe('A token (preferred), or a user and its password.');

const acceptMessages = z
  .array(z.string().min(1))
  .default([])
  .describe("Texts of Splunk's messages that a person has reviewed: they no longer count as a fault.");

export const sourceOptions = z.strictObject({
  url: managementUrl,
  auth,
  app: z.string().min(1).default('search').describe('The app whose macros, lookups and fields apply.'),
  owner: z.string().min(1).default('nobody').describe('The owner in whose name knowledge is looked up.'),
  webUrl: httpUrl.optional().describe("Splunk's web pages, for links: https://splunk.example:8000."),
  tls: tlsOptions,
  proxy: httpUrl.optional().describe('HTTP proxy: http://proxy.example:3128.'),
  requestTimeout: duration('The longest that one request may take.', '60s'),
  searchTimeout: duration('The longest that one search may take; it is cancelled then.', '10m'),
  acceptMessages,
});

/** A name that needs no quotes in `BY`. */
export const FIELD_NAME = /^[A-Za-z][\w.]*$/;

const oneOrMore = (description: string) =>
  z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .transform((names) => (typeof names === 'string' ? [names] : names))
    .describe(description);

export const datasetOptions = z
  .strictObject({
    index: oneOrMore(
      'The index or indexes. There is no default: that of a role differs from user to user.',
    ).optional(),
    sourcetype: oneOrMore('Only events of this source type or these.').optional(),
    search: z
      .string()
      .min(1)
      .superRefine((text, context) => report(lintPipeline(text), context))
      .optional()
      .describe(
        'Commands that each event goes through, such as `| rex … | eval …`; none that leaves events out.',
      ),
    lookup: z
      .string()
      .min(1)
      .optional()
      .describe('Snapshots: the lookup (its definition or its CSV file) that is the list.'),
    timeFormats: z
      .record(z.string(), z.enum(['iso', 'epoch_s', 'epoch_ms']))
      .default({})
      .describe('Records: field → how its times are written, where that does not follow from their looks.'),
    indexed: z
      .array(z.string().regex(FIELD_NAME, { message: 'may hold only letters, digits, dots and underscores' }))
      .min(1)
      .optional()
      .describe(
        'Events: fields that are indexed, with the values that a search finds. Counts and distinct values over them alone are asked of the index (`tstats`).',
      ),
    datamodel: z
      .string()
      .regex(/^[A-Za-z]\w*\.[A-Za-z]\w*$/, {
        message: 'must be a data model and its root dataset: `Network_Traffic.All_Traffic`',
      })
      .optional()
      .describe(
        'Events: the data model and its root dataset that hold them, such as `Network_Traffic.All_Traffic`; its fields are called `All_Traffic.src`.',
      ),
    acceptMessages,
    acceptTruncation: z
      .boolean()
      .default(false)
      .describe(
        '`search` and native queries may use commands that cut their input off at a limit. You vouch for it.',
      ),
  })
  .superRefine((options, context) => {
    if ((options.index === undefined) === (options.lookup === undefined))
      context.addIssue({
        code: 'custom',
        path: ['index'],
        message: 'needs an `index`, or (a snapshot) a `lookup`',
      });
    const { indexed, datamodel, search, lookup } = options;
    for (const [key, value] of Object.entries({ indexed, datamodel }))
      if (value !== undefined && (search !== undefined || lookup !== undefined))
        context.addIssue({ code: 'custom', path: [key], message: 'does not go with `search` or `lookup`' });
    if (indexed !== undefined && datamodel !== undefined)
      context.addIssue({ code: 'custom', path: ['indexed'], message: 'does not go with `datamodel`' });
  });

function report(problems: readonly string[], context: z.RefinementCtx): void {
  for (const message of problems) context.addIssue({ code: 'custom', message });
}

/** The dataset's `filter`: a search expression. */
export const nativeFilter = z.string().superRefine((text, context) => report(lintFilter(text), context));

export type SourceOptions = z.infer<typeof sourceOptions>;
export type DatasetOptions = z.infer<typeof datasetOptions>;
