/**
 * One search from its start to its last row. It has an id of ours, so that it is found again where the answer to its
 * start was lost; it is removed whatever happens; and only what `accept.ts` lets pass comes back.
 */
import type { Dataset } from '../../src/config/model.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { type Instant, parseDuration } from '../../src/core/time/interval.ts';
import { acceptJob, acceptRows, type Expectation, TooMuch } from './accept.ts';
import { type JobContent, jobOf, sidOf } from './answer.ts';
import { optionsOf } from './base.ts';
import { POLLS_MS, pause, readPages, refusal } from './pages.ts';
import type { ResultRow } from './row.ts';
import type { Answer, Parameters } from './session.ts';
import type { Source } from './source.ts';
import { type Spl, spl } from './spl.ts';

export interface Search {
  readonly spl: Spl;
  /** What it is about, by whose rules its answer is accepted; none: the deployment itself. */
  readonly dataset?: Dataset;
  /** Without an end: up to the last event, also one that lies ahead. Absent: all events that the role lets see. */
  readonly range?: { readonly start: Instant; readonly end?: Instant };
  /** What the control row counts: rows, unless told; with `events`, what `c9_n` adds up to, too. */
  readonly control?: 'rows' | 'events' | 'none';
  /** Extract every field, not only those that the search names. */
  readonly verbose?: boolean;
}

/** Said, not left out: a role's limit of time is then an error, not fewer cases. */
export const ALL_TIME = { start: 0 };

/** How many rows (and events) there were, and the range that Splunk really searched. */
const CONTROLS = {
  rows: spl` | appendpipe [stats count AS c9_rows | addinfo | eval c9_control=1]`,
  events: spl` | appendpipe [stats count AS c9_rows, sum(c9_n) AS c9_total | addinfo | eval c9_control=1]`,
  none: spl``,
} as const;

export interface Found {
  readonly rows: readonly ResultRow[];
  readonly warnings: readonly string[];
  /** Why the answer is partial. */
  readonly notes: readonly string[];
  readonly sid: string;
  /** As it was sent. */
  readonly sent: Parameters;
  /** The search as Splunk ran it, its macros and event types resolved. */
  readonly resolved: string | null;
  /** The servers that took part. */
  readonly providers: readonly string[];
}

export async function runSearch(source: Source, search: Search, signal: AbortSignal): Promise<Found> {
  signal.throwIfAborted();
  const { jobs } = await source.server(signal);
  const { range, control = 'rows' } = search;
  const sent = parametersOf(search, control);
  const expected = expectationOf(source, search);
  const { where } = expected;
  const wanted = source.sid({ ...sent, app: source.options.app });
  // Not with the caller's signal: once under way it must be known whether there is something to remove.
  const started = start(source, jobs, { ...sent, id: wanted }, wanted, where);
  try {
    const sid = await untilAborted(started, signal);
    const path = `${jobs}/${encodeURIComponent(sid)}`;
    const job = await untilDone(source, path, where, signal);
    const told = acceptJob(job, expected);
    const pages = await readPages(source, `${path}/results`, job, expected, signal);
    const rows =
      control === 'none'
        ? pages.rows
        : acceptRows(pages.rows, { range, sums: control === 'events' }, job, where);
    await source.remove(wanted, started);
    return {
      rows,
      sid,
      sent,
      providers: job.searchProviders ?? [],
      resolved: job.normalizedSearch ?? job.optimizedSearch ?? null,
      warnings: [...new Set([...told.warnings, ...pages.warnings])],
      notes: [...new Set([...told.notes, ...pages.notes])],
    };
  } catch (error) {
    source.remove(wanted, started);
    signal.throwIfAborted();
    throw error;
  }
}

function expectationOf({ name, peers, options }: Source, { spl, dataset }: Search): Expectation {
  // Lookups and the like are read where the search is started, not at the peers.
  const distributed = /^(?:search|\| tstats|\| datamodel) /.test(spl.spl);
  const reviewed = dataset === undefined ? [] : optionsOf(dataset).acceptMessages;
  return {
    peers: distributed ? peers : [],
    acceptMessages: [...options.acceptMessages, ...reviewed],
    where: dataset?.name ?? name,
  };
}

/** Each stands here because of its default: partial answers, rows and time limits that cut off, jobs that outlive us. */
function parametersOf(
  { spl: asked, range, verbose }: Search,
  control: NonNullable<Search['control']>,
): Parameters {
  return {
    search: spl`${asked}${CONTROLS[control]}`.spl,
    earliest_time: (range?.start ?? 0) / 1000,
    // Without one there is no end: events that lie ahead of the clock are seen, too.
    ...(range?.end === undefined ? {} : { latest_time: range.end / 1000 }),
    exec_mode: 'normal',
    allow_partial_results: 'false',
    adhoc_search_level: verbose === true ? 'verbose' : 'fast',
    status_buckets: 0,
    max_count: 500_000,
    timeout: 300,
    auto_cancel: 120,
    enable_lookups: 1,
    reload_macros: 1,
  };
}

/** The id of the search that now runs. An answer that was lost is looked up by that id before anything is repeated. */
async function start(
  source: Source,
  jobs: string,
  parameters: Parameters,
  wanted: string,
  where: string,
): Promise<string> {
  const alone = new AbortController().signal;
  let answer: Answer;
  try {
    answer = await source.session.post(jobs, alone, parameters);
  } catch (error) {
    if (!(error instanceof ConnectorError) || !error.retryable) throw error;
    const found = await source.session.get(`${jobs}/${encodeURIComponent(wanted)}`, alone);
    if (found.status === 200 || found.status === 204) return wanted;
    throw error;
  }
  if (answer.status === 200 || answer.status === 201) return sidOf(answer.data);
  throw refusal(answer, where);
}

/** The promise's value, or the signal's reason as soon as there is one. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const OVER = ['FAILED', 'INTERNAL_CANCEL', 'USER_CANCEL', 'BAD_INPUT_CANCEL', 'QUIT'];

async function untilDone(
  source: Source,
  path: string,
  where: string,
  signal: AbortSignal,
): Promise<JobContent> {
  const limit = parseDuration(source.options.searchTimeout) ?? 0;
  const begin = performance.now();
  for (let poll = 0; ; poll += 1) {
    const answer = await source.session.get(path, signal);
    const job = answer.status === 204 ? null : stateOf(answer, where);
    if (job !== null && (job.isDone || job.isFailed || OVER.includes(job.dispatchState))) return job;
    if (performance.now() - begin > limit) throw tooLong(where, source.options.searchTimeout);
    await pause(POLLS_MS[poll] ?? 2_000, signal);
  }
}

/** An empty body means that the search is not there yet; 404, that it is there no more. */
function stateOf(answer: Answer, where: string): JobContent | null {
  if (answer.status === 200) return jobOf(answer.data);
  if (answer.status === 404) {
    throw new ConnectorError('The search is gone: it was cancelled, or Splunk was restarted', {
      retryable: true,
      where,
    });
  }
  throw refusal(answer, where);
}

function tooLong(where: string, limit: string): TooMuch {
  return new TooMuch(`The search took longer than ${limit}`, {
    retryable: true,
    where,
    help: 'It was cancelled. `searchTimeout` of the source sets the limit.',
  });
}
