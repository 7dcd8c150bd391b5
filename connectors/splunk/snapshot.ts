/** A list as a whole: a lookup, or the events of a search. */
import { ConnectorError } from '../../src/core/errors.ts';
import type { Row } from '../../src/core/filter/model.ts';
import type { SnapshotReply, SnapshotRequest } from '../../src/ports/connector.ts';
import { optionsOf } from './base.ts';
import { createColumns } from './columns.ts';
import { evidenceOf, stopwatch } from './evidence.ts';
import { requireFields, rowsOf } from './fields.ts';
import { requireIndexes } from './indexes.ts';
import { ALL_TIME, runSearch } from './job.ts';
import type { Source } from './source.ts';
import { join, spl } from './spl.ts';

const MAX_ROWS = 1_000_000;

export async function readSnapshot(
  source: Source,
  { dataset, fields, types }: SnapshotRequest,
  signal: AbortSignal,
): Promise<SnapshotReply> {
  const took = stopwatch();
  signal.throwIfAborted();
  const natives = fields.map((standard) => dataset.fields[standard] ?? standard);
  await requireFields(source, dataset, natives, types, signal);
  const columns = createColumns();
  const aliases = natives.map((native) => columns.field(native));
  const table = join([{ spl: 'c9_row' }, ...new Set(aliases)], ' ');
  const answer = await runSearch(
    source,
    {
      dataset,
      spl: spl`${rowsOf(dataset)}${columns.evals()} | eval c9_row=1 | table ${table}`,
      ...(optionsOf(dataset).lookup === undefined ? { range: ALL_TIME } : {}),
    },
    signal,
  );
  if (answer.rows.length === 0) await requireIndexes(source, dataset, signal);
  if (answer.rows.length > MAX_ROWS) throw tooLong(dataset.name);
  const rows = answer.rows.map(
    (row): Row =>
      Object.fromEntries(fields.map((standard, i) => [standard, row[aliases[i]?.spl ?? ''] ?? null])),
  );
  return {
    rows,
    quality: answer.notes.length > 0 ? 'partial' : 'complete',
    evidence: evidenceOf([answer], took(), answer.notes),
  };
}

function tooLong(where: string): ConnectorError {
  return new ConnectorError(`The list has more than ${MAX_ROWS.toLocaleString('en')} rows`, {
    retryable: false,
    where,
    help: 'Narrow it by `filter`, or make it a dataset of kind `events`.',
  });
}
