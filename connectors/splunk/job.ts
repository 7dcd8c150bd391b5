/**
 * One search from its start to its last row. It has an id of ours, so that it is found again where the answer to its
 * start was lost; it is removed whatever happens; and only what `accept.ts` lets pass comes back.
 */
import { ConnectorError } from '../../src/core/errors.ts';
import { parseDuration } from '../../src/core/time/interval.ts';
import { acceptJob, acceptRows, type Expectation, TooMuch } from './accept.ts';
import { type JobContent, jobOf, sidOf } from './answer.ts';
import { POLLS_MS, pause, readPages, refusal } from './pages.ts';
import type { ResultRow } from './row.ts';
import type { Answer, Parameters } from './session.ts';
import type { Source } from './source.ts';
import type { Spl } from './spl.ts';

export interface Search {
  readonly spl: Spl;
  /** Seconds since 1970; null: from the first event. */
  readonly earliest: number | null;
  /** Exclusive; null: up to the last event, also one that lies ahead. */
  readonly latest: number | null;
  /** The column whose sum the control row holds, or null; without a control row `false`. */
  readonly control: string | null | false;
  /** Extract every field, not only those that the search names. */
  readonly verbose?: boolean;
  readonly acceptMessages: readonly string[];
  /** The dataset. */
  readonly where: string;
}

export interface Found {
  readonly rows: readonly ResultRow[];
  readonly warnings: readonly string[];
  /** Why the answer is partial. */
  readonly notes: readonly string[];
  readonly sid: string;
  readonly search: Search;
  /** The search as Splunk ran it, its macros and event types resolved. */
  readonly resolved: string | null;
  /** The servers that took part. */
  readonly providers: readonly string[];
}

export async function runSearch(source: Source, search: Search, signal: AbortSignal): Promise<Found> {
  signal.throwIfAborted();
  const { jobs } = await source.server(signal);
  const parameters = parametersOf(search);
  const wanted = source.sid({ ...parameters, app: source.options.app });
  // Not with the caller's signal: once under way it must be known whether there is something to remove.
  const started = start(source, jobs, { ...parameters, id: wanted }, wanted, search.where);
  try {
    const sid = await untilAborted(started, signal);
    const job = await untilDone(source, `${jobs}/${encodeURIComponent(sid)}`, search, signal);
    const expected = expectationOf(source, search);
    const told = acceptJob(job, expected);
    const pages = await readPages(
      source,
      `${jobs}/${encodeURIComponent(sid)}/results`,
      job,
      expected,
      signal,
    );
    const { earliest, latest, control, where } = search;
    const rows =
      control === false
        ? pages.rows
        : acceptRows(pages.rows, { earliest, latest, total: control }, job, where);
    await source.remove(wanted, started);
    return {
      rows,
      sid,
      search,
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

function expectationOf({ peers, options }: Source, { spl, acceptMessages, where }: Search): Expectation {
  // Lookups and the like are read where the search is started, not at the peers.
  const distributed = /^(?:search|\| tstats|\| datamodel) /.test(spl.spl);
  return {
    peers: distributed ? peers : [],
    acceptMessages: [...options.acceptMessages, ...acceptMessages],
    where,
  };
}

/** Each stands here because of its default: partial answers, rows and time limits that cut off, jobs that outlive us. */
function parametersOf({ spl, earliest, latest, verbose }: Search): Parameters {
  return {
    search: spl.spl,
    earliest_time: earliest ?? 0,
    // Without one there is no end: events that lie ahead of the clock are seen, too.
    ...(latest === null ? {} : { latest_time: latest }),
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
  search: Search,
  signal: AbortSignal,
): Promise<JobContent> {
  const limit = parseDuration(source.options.searchTimeout) ?? 0;
  const begin = performance.now();
  for (let poll = 0; ; poll += 1) {
    const answer = await source.session.get(path, signal);
    const job = answer.status === 204 ? null : stateOf(answer, search.where);
    if (job !== null && (job.isDone || job.isFailed || OVER.includes(job.dispatchState))) return job;
    if (performance.now() - begin > limit) throw tooLong(search.where, source.options.searchTimeout);
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
