/** Versions of records: what was indexed since the last read, unless what was there before is no longer the same. */
import { z } from 'zod';
import type { RecordsDataset } from '../../src/config/model.ts';
import type { FieldValue } from '../../src/core/filter/model.ts';
import { numericValue } from '../../src/core/filter/value.ts';
import type { RecordVersion } from '../../src/core/measure/record.ts';
import type { RecordBatch, RecordRequest } from '../../src/ports/connector.ts';
import { parseCursor } from '../shared/cursor.ts';
import { baseOf, requireTimes } from './base.ts';
import { createColumns } from './columns.ts';
import { evidenceOf, stopwatch } from './evidence.ts';
import { requireFields } from './fields.ts';
import { requireIndexes } from './indexes.ts';
import { ALL_TIME, type Found, runSearch } from './job.ts';
import { numberIn, type ResultRow } from './row.ts';
import type { Source } from './source.ts';
import { number, type Spl, spl } from './spl.ts';
import { instantOf } from './time.ts';

const RECORDS_A_BATCH = 10_000;
const WARNINGS = 20;
const NOTHING = '0 0 0';

/** `seen`: how many rows had come in before `asOf`, and between when and when; `unreadable`: how many of them could not be used. */
const cursorSchema = z.object({
  asOf: z.number(),
  seen: z.string(),
  fields: z.string(),
  unreadable: z.number(),
});
type Cursor = z.infer<typeof cursorSchema>;

export async function* readRecords(
  source: Source,
  request: RecordRequest,
  signal: AbortSignal,
): AsyncGenerator<RecordBatch> {
  const took = stopwatch();
  signal.throwIfAborted();
  const { dataset, asOf } = request;
  requireTimes(dataset);
  const natives = request.fields.map((standard) => dataset.fields[standard] ?? standard);
  // No case may have been closed yet, or be due: only `doctor` can tell that from a slip of the pen.
  const named = [dataset.key, ...dataset.version, dataset.opened, ...natives];
  await requireFields(source, dataset, named, request.types, signal);
  const found: Found[] = [];
  const ask: Ask = async (search) => {
    const answer = await runSearch(source, { dataset, spl: search, range: ALL_TIME }, signal);
    found.push(answer);
    return answer.rows;
  };
  const fields = [...request.fields].sort().join('\n');
  const last = await usable(parseCursor(request.cursor, cursorSchema), request, fields, ask);
  const seen = await seenBefore(dataset, asOf, ask);
  if (seen === NOTHING) await requireIndexes(source, dataset, signal);
  const from = dataset.ingested === null ? null : (last?.asOf ?? null);
  const unchanged = dataset.ingested === null && last?.seen === seen;
  const reader = readerOf(request);
  const rows = unchanged ? [] : await ask(searchOf(dataset, from, asOf, reader.select));
  const read = rows.map((row) => reader.read(row));
  const records = read.flatMap((one) => ('record' in one ? [one.record] : []));
  const problems = read.flatMap((one) => ('problem' in one ? [one.problem] : []));
  const before = from !== null || unchanged ? (last?.unreadable ?? 0) : 0;
  const unreadable = before + problems.length;
  const cursor = JSON.stringify({ asOf, seen, fields, unreadable } satisfies Cursor);
  const notes = found.flatMap((answer) => answer.notes);
  const warnings = [
    ...problems.slice(0, WARNINGS),
    ...(before > 0 ? [`${before} rows read before can't be used`] : []),
  ];
  const quality = unreadable > 0 || notes.length > 0 ? 'partial' : 'complete';
  for (let at = 0; at === 0 || at < records.length; at += RECORDS_A_BATCH) {
    const evidence = evidenceOf(found, took(), [...warnings, ...notes]);
    yield { records: records.slice(at, at + RECORDS_A_BATCH), quality, evidence, cursor };
  }
}

type Ask = (search: Spl) => Promise<readonly ResultRow[]>;

/** The cursor, where what it saw is all there still, and nothing came in later with an older stamp. */
async function usable(
  last: Cursor | null,
  { dataset, asOf }: RecordRequest,
  fields: string,
  ask: Ask,
): Promise<Cursor | null> {
  if (last === null || last.fields !== fields || last.asOf > asOf) return null;
  if (dataset.ingested === null) return last;
  return (await seenBefore(dataset, last.asOf, ask)) === last.seen ? last : null;
}

/** Of all rows where no arrival is told. */
async function seenBefore(dataset: RecordsDataset, asOf: number, ask: Ask): Promise<string> {
  const { search, tstats } = baseOf(dataset);
  const before = Math.floor(asOf / 1000);
  const bound = dataset.ingested === null ? null : number(before);
  const counts = spl`count AS c9_n, min(_indextime) AS c9_i0, max(_indextime) AS c9_i1`;
  const counted =
    tstats === null
      ? spl`${search}${bound === null ? spl`` : spl` | where _indextime<${bound}`} | stats ${counts}`
      : spl`${tstats(counts)}${bound === null ? spl`` : spl` _index_latest=${bound}`}`;
  const [row = {}] = await ask(counted);
  return ['c9_n', 'c9_i0', 'c9_i1'].map((column) => numberIn(row, column) ?? 0).join(' ');
}

function searchOf(dataset: RecordsDataset, from: number | null, asOf: number, select: Spl): Spl {
  const after = from === null ? spl`` : spl`_indextime>=${number(Math.floor(from / 1000))} AND `;
  const within =
    dataset.ingested === null ? spl`` : spl` | where ${after}_indextime<${number(Math.floor(asOf / 1000))}`;
  return spl`${baseOf(dataset).search}${within} | eval c9_i=_indextime, c9_cd=_cd${select}`;
}

function timeFields({ opened, closed, due }: RecordsDataset): string[] {
  return [opened, ...closed, ...(due === null ? [] : [due])];
}

interface Reader {
  readonly select: Spl;
  readonly read: (row: ResultRow) => { readonly record: RecordVersion } | { readonly problem: string };
}

function readerOf(request: RecordRequest): Reader {
  const { dataset, asOf } = request;
  const { timeFormats } = baseOf(dataset).options;
  const columns = createColumns();
  const table = new Set<string>();
  const cellOf = (field: string) => {
    const alias = columns.field(field).spl;
    table.add(alias);
    return (row: ResultRow) => row[alias] ?? null;
  };
  const key = cellOf(dataset.key);
  const version = dataset.version.map(cellOf);
  const times = timeFields(dataset).map((field) => ({ field, cell: cellOf(field) }));
  const fields = request.fields.map((standard) => {
    return { standard, cell: cellOf(dataset.fields[standard] ?? standard) };
  });
  return {
    select: spl`${columns.evals()} | table c9_i c9_cd ${{ spl: [...table].join(' ') }}`,
    read: (row) => {
      const name = key(row);
      if (typeof name !== 'string')
        return { problem: `a row of ${String(row.c9_i)} has no single "${dataset.key}"` };
      const instants = times.map(({ field, cell }) => instantOf(cell(row), timeFormats[field]));
      const wrong = times.find(({ cell }, i) => cell(row) !== null && instants[i] === null);
      if (wrong !== undefined)
        return {
          problem: `"${name}" has something that is no time in "${wrong.field}": ${String(wrong.cell(row))}`,
        };
      const [opened = null, ...others] = instants;
      const record: RecordVersion = {
        key: name,
        version: version.map((cell) => versionOf(cell(row))),
        ingested: dataset.ingested === null ? asOf : (numberIn(row, 'c9_i') ?? 0) * 1000,
        order: orderOf(row),
        opened,
        closed: others.slice(0, dataset.closed.length),
        due: dataset.due === null ? null : (others.at(-1) ?? null),
        fields: Object.fromEntries(fields.map(({ standard, cell }) => [standard, cell(row)])),
      };
      return { record };
    },
  };
}

function versionOf(cell: FieldValue): number | string | null {
  if (typeof cell !== 'string') return null;
  return numericValue(cell) ?? cell;
}

const ADDRESSES = 2 ** 32;

/** An event's address, `bucket:offset`: in a bucket, events stand in the order in which they came. */
function orderOf(row: ResultRow): number {
  const [, bucket = '0', offset = '0'] = /^([0-9]+):([0-9]+)$/.exec(String(row.c9_cd)) ?? [];
  return (Number(bucket) % 2 ** 20) * ADDRESSES + (Number(offset) % ADDRESSES);
}
