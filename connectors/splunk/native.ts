/**
 * A query in SPL that a person wrote: commands that go on where the dataset's search ends, over the range and what
 * had come in before asOf. Its answer is held to the same rules as every other.
 */
import { ConnectorError } from '../../src/core/errors.ts';
import type { QueryReply, QueryRequest } from '../../src/ports/connector.ts';
import { arrivedBefore, baseOf, requireTimes } from './base.ts';
import { evidenceOf, stopwatch } from './evidence.ts';
import { requireIndexes } from './indexes.ts';
import { runSearch } from './job.ts';
import { lintQuery } from './lint.ts';
import { numberIn, type ResultRow } from './row.ts';
import type { Source } from './source.ts';
import { spl, written } from './spl.ts';

const HELP =
  'A query is commands that end in one row of numbers, such as `| stats count AS n`: they go on where the search of the dataset ends.';

export async function runQuery(
  source: Source,
  { dataset, language, text, range, asOf }: QueryRequest,
  signal: AbortSignal,
): Promise<QueryReply> {
  const took = stopwatch();
  signal.throwIfAborted();
  if (language !== 'spl') throw refusal(`Splunk is asked in SPL, not in "${language}"`, dataset.name);
  requireTimes(dataset);
  const { search, options } = baseOf(dataset);
  const problems = lintQuery(text, options.acceptTruncation);
  if (problems.length > 0) throw refusal(`The query ${problems.join('; ')}`, dataset.name);
  await requireIndexes(source, dataset, signal);
  const answer = await runSearch(
    source,
    { dataset, range, spl: spl`${search} | ${arrivedBefore(asOf)} ${written(text.trim())}` },
    signal,
  );
  const [row] = answer.rows;
  if (row === undefined || answer.rows.length > 1)
    throw refusal(`The answer has ${row === undefined ? 'no row' : 'several rows'}`, dataset.name);
  return {
    values: valuesOf(row, dataset.name),
    quality: answer.notes.length > 0 ? 'partial' : 'complete',
    notes: answer.notes,
    evidence: evidenceOf([answer], took()),
  };
}

function valuesOf(row: ResultRow, where: string): QueryReply['values'] {
  const entries = Object.keys(row).filter((name) => !name.startsWith('_'));
  if (entries.length === 0) throw refusal('The answer has no number', where);
  return Object.fromEntries(
    entries.map((name) => {
      try {
        const value = numberIn(row, name);
        return [name, value === null ? null : value + 0];
      } catch {
        throw refusal(`The column "${name}" of the answer is no number`, where);
      }
    }),
  );
}

function refusal(message: string, where: string): ConnectorError {
  return new ConnectorError(message, { retryable: false, where, help: HELP });
}
