/** What splunkd's answers look like, read loosely: a number may be text, a truth may be "1", and shapes differ by version. */
import { z } from 'zod';
import { concealSecrets } from '../../src/config/secrets.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import type { ResultRow } from './row.ts';

export interface SplunkMessage {
  readonly type: string;
  readonly text: string;
}

const truth = z
  .union([z.boolean(), z.number(), z.string()])
  .transform((value) => value === true || value === 1 || value === '1' || value === 'true');
const amount = z.union([z.number(), z.string()]).transform((value, context) => {
  const number = value === '' ? Number.NaN : Number(value);
  if (Number.isFinite(number)) return number;
  context.addIssue({ code: 'custom', message: 'is no number' });
  return z.NEVER;
});

/** Splunk's own words, in which nothing of what it was sent may come back. */
const words = z.string().transform(concealSecrets);
const message = z.object({ type: z.string().default('ERROR'), text: words });
/** A list, in the past a map by level; newest endpoints answer `{code, message}` instead. */
const messages = z.union([
  z.array(message),
  z
    .record(z.string(), z.union([words, z.array(words)]))
    .transform((byType) =>
      Object.entries(byType).flatMap(([type, texts]) =>
        [texts].flat().map((text) => ({ type: type.toUpperCase(), text })),
      ),
    ),
]);
const withMessages = z.object({ messages });
const withError = z.object({ message: words });

export function messagesOf(data: unknown): readonly SplunkMessage[] {
  const listed = withMessages.safeParse(data);
  if (listed.success) return listed.data.messages;
  const error = withError.safeParse(data);
  return error.success ? [{ type: 'ERROR', text: error.data.message }] : [];
}

const jobContent = z.object({
  dispatchState: z.string(),
  isDone: truth,
  isFailed: truth.default(false),
  isFinalized: truth.default(false),
  isPaused: truth.default(false),
  isZombie: truth.default(false),
  doneProgress: amount.default(0),
  resultCount: amount.optional(),
  searchProviders: z.array(z.string()).optional(),
  optimizedSearch: z.string().optional(),
  normalizedSearch: z.string().optional(),
  messages: messages.default([]),
});
export type JobContent = z.output<typeof jobContent>;

const jobEntry = z.object({ content: jobContent });
const feed = <T extends z.ZodType>(entry: T) => z.object({ entry: z.array(entry) });

/** A job's state; null for an empty body, which is "ask again". */
export function jobOf(data: unknown): JobContent | null {
  if (data === null) return null;
  const [entry] = read(feed(jobEntry), data, 'the state of a search').entry;
  return entry?.content ?? null;
}

const listedJob = z.object({
  author: z.string().optional(),
  content: z.object({ sid: z.string(), author: z.string().optional() }),
});

export function jobsOf(data: unknown): readonly { readonly sid: string; readonly author: string | null }[] {
  return read(feed(listedJob), data, 'a list of searches').entry.map(({ author, content }) => ({
    sid: content.sid,
    author: author ?? content.author ?? null,
  }));
}

const created = z.object({ sid: z.string().min(1) });
export const sidOf = (data: unknown): string => read(created, data, 'the id of a search').sid;

const cell = z.union([z.string(), z.array(z.string()), z.null()]);
const results = z.object({
  preview: truth,
  init_offset: amount.default(0),
  messages: messages.default([]),
  results: z.array(z.record(z.string(), cell)),
});

export interface ResultPage {
  readonly preview: boolean;
  readonly offset: number;
  readonly messages: readonly SplunkMessage[];
  readonly rows: readonly ResultRow[];
}

export function pageOf(data: unknown): ResultPage {
  const page = read(results, data, 'the results of a search');
  return { preview: page.preview, offset: page.init_offset, messages: page.messages, rows: page.results };
}

const info = z.object({
  generator: z.object({ version: z.string().min(1), instance_type: z.string().default('') }),
  entry: z.array(z.object({ content: z.object({ guid: z.string().min(1) }) })).min(1),
});

export function serverInfo(data: unknown) {
  const { generator, entry } = read(info, data, 'who it is');
  const { version, instance_type: instanceType } = generator;
  return { version, instanceType, guid: entry[0]?.content.guid ?? '' };
}

/** Any entries: name and content. */
const anyEntry = z.object({ name: z.string().default(''), content: z.record(z.string(), z.unknown()) });
export const entriesOf = (data: unknown) => read(feed(anyEntry), data, 'a list').entry;

function read<T extends z.ZodType>(schema: T, data: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new ConnectorError(`Splunk was asked for ${what}, and answered something else`, {
    retryable: true,
    help: 'Something between clause9 and Splunk may replace answers; or this version of Splunk is unknown to clause9.',
    cause: parsed.error,
  });
}
