/** The results of a search, page by page, until there are as many as it said. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectorError } from '../../src/core/errors.ts';
import { acceptMessages, type Expectation, TooMuch } from './accept.ts';
import { type JobContent, pageOf } from './answer.ts';
import type { ResultRow } from './row.ts';
import type { Answer } from './session.ts';
import type { Source } from './source.ts';

/** Pauses between looks at what is not ready yet; then two seconds each. */
export const POLLS_MS = [30, 70, 200, 500, 1_000, 2_000];
const ROWS_A_PAGE = 10_000;
const MOST_ROWS = 2_000_000;

export interface Pages {
  readonly rows: ResultRow[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/** All results, page by page, until there are as many as the job said. */
export async function readPages(
  source: Source,
  path: string,
  { resultCount = 0 }: JobContent,
  expected: Expectation,
  signal: AbortSignal,
): Promise<Pages> {
  const { where } = expected;
  if (resultCount > MOST_ROWS)
    throw new TooMuch(`The search gives ${resultCount} rows`, { retryable: true, where });
  const rows: ResultRow[] = [];
  const warnings: string[] = [];
  const notes: string[] = [];
  for (let poll = 0; rows.length < resultCount; ) {
    const answer = await source.session.get(path, signal, { count: ROWS_A_PAGE, offset: rows.length });
    if ((answer.status === 204 || answer.data === null) && poll < POLLS_MS.length) {
      await pause(POLLS_MS[poll] ?? 0, signal);
      poll += 1;
      continue;
    }
    if (answer.status !== 200) throw lostResults(answer, where);
    const page = pageOf(answer.data);
    if (page.preview || page.offset !== rows.length || page.rows.length === 0)
      throw new ConnectorError(
        `Splunk answered with ${page.preview ? 'a preview' : 'another page'} of the results`,
        { retryable: true, where },
      );
    const told = acceptMessages(page.messages, expected);
    warnings.push(...told.warnings);
    notes.push(...told.notes);
    for (const row of page.rows) rows.push(row);
  }
  return { rows, warnings, notes };
}

function lostResults(answer: Answer, where: string): ConnectorError {
  if (answer.status === 404 || answer.status === 204 || answer.data === null)
    return new ConnectorError('The results of the search are gone', { retryable: true, where });
  return refusal(answer, where);
}

/** What splunkd says no to. */
export function refusal({ status, messages }: Answer, where: string): ConnectorError {
  const said = [...new Set(messages.map(({ text }) => text))].join(' ') || `status ${status}`;
  if (status === 503) {
    return new ConnectorError(`Splunk has no room for another search: ${said}`, {
      retryable: true,
      where,
      help: 'Give clause9 a role of its own with enough searches (srchJobsQuota), or lower `maxConcurrentSearches`.',
    });
  }
  return new ConnectorError(`Splunk refuses the search: ${said}`, { retryable: status >= 500, where });
}

/** Ends at once, with its reason, when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
