/** Versions of records: only what came in since the last read, unless what came in before is no longer the same. */
import { z } from 'zod';
import type { RecordsDataset } from '../../src/config/model.ts';
import type { RecordVersion } from '../../src/core/measure/record.ts';
import type { RecordBatch, RecordRequest } from '../../src/ports/connector.ts';
import { parseCursor } from './cursor.ts';
import type { Cell } from './duckdb.ts';
import { evidenceOf, stopwatch } from './evidence.ts';
import { hasValue, numberOf, onlyValue } from './field.ts';
import type { Relation } from './relation.ts';
import { requireUnchanged } from './slices.ts';
import {
  type Check,
  type Needs,
  type Opened,
  openDataset,
  openRelation,
  readable,
  type Source,
} from './source.ts';
import { int, join, type Sql, sql } from './sql.ts';
import { findUnreadable } from './unreadable.ts';
import { valueColumns } from './value.ts';

const RECORDS_A_BATCH = 10_000;
/** Rows of one file; orders of later files stand above. */
const FILE = 2 ** 36;

/**
 * `before`: number and digest of the rows that had come in before `asOf`; `hidden`: there were others. `unreadable`:
 * lines that could not be read, which a read without changes must still tell.
 */
const cursorSchema = z.object({
  asOf: z.number(),
  before: z.string(),
  hidden: z.boolean(),
  manifest: z.string(),
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
  const opened = await openDataset(source, request.dataset, signal);
  try {
    const fields = [...request.fields].sort().join('\n');
    const parsed = parseCursor(request.cursor, cursorSchema);
    const last = parsed?.fields === fields && parsed.asOf <= request.asOf ? parsed : null;
    if (last !== null && last.manifest === opened.manifest.hash && !last.hidden) {
      const cursor = JSON.stringify({ ...last, asOf: request.asOf });
      yield batchOf(opened, [], last.unreadable, oldWarnings(last), cursor, took());
      return;
    }
    yield* readRows(opened, request, last, fields, took);
  } finally {
    await opened.session.close();
  }
}

function oldWarnings(last: Cursor): string[] {
  return last.unreadable > 0 ? [`nothing changed; still ${last.unreadable} lines can't be read`] : [];
}

async function* readRows(
  opened: Opened,
  request: RecordRequest,
  last: Cursor | null,
  fields: string,
  took: () => number,
): AsyncGenerator<RecordBatch> {
  const { dataset, asOf } = request;
  const needs = needsOf(request);
  const relation = await openRelation(opened, needs);
  const unreadable = await findUnreadable(opened, relation, needs, null);
  // Where every row is known to be readable, that need not be asked again.
  const sound =
    opened.described.stored || unreadable.count > 0 ? readable(relation, needs.checks) : sql`true`;
  const census = await countRows(opened, relation, dataset, sound, asOf);
  const from = last === null ? null : await goOnFrom(opened, relation, dataset, sound, last);
  const cursor = JSON.stringify({
    asOf,
    ...census,
    manifest: opened.manifest.hash,
    fields,
    unreadable: unreadable.count,
  } satisfies Cursor);
  const reader = readerOf(opened, relation, request);
  const within = arrivedWithin(relation, dataset, from, asOf);
  const rows = opened.session.stream(
    sql`SELECT ${join(reader.select, ', ')} FROM ${relation.from} WHERE ${sound} AND ${within}`,
  );
  let pending: RecordVersion[] = [];
  for await (const chunk of rows) {
    for (const row of chunk) pending.push(reader.read(row));
    if (pending.length < RECORDS_A_BATCH - 2_048) continue;
    yield batchOf(opened, pending, unreadable.count, unreadable.warnings, cursor, took());
    pending = [];
  }
  await requireUnchanged(opened);
  yield batchOf(opened, pending, unreadable.count, unreadable.warnings, cursor, took());
}

function batchOf(
  opened: Opened,
  records: readonly RecordVersion[],
  unreadable: number,
  warnings: readonly string[],
  cursor: string,
  tookMs: number,
): RecordBatch {
  return {
    records,
    quality: unreadable > 0 ? 'partial' : 'complete',
    evidence: evidenceOf(opened, warnings, tookMs),
    cursor,
  };
}

function nativeName({ fields }: RecordsDataset, standard: string): string {
  return fields[standard] ?? standard;
}

function instantsOf({ opened, closed, due, ingested }: RecordsDataset): string[] {
  return [
    ...new Set([opened, ...closed, ...(due === null ? [] : [due]), ...(ingested === null ? [] : [ingested])]),
  ];
}

function needsOf({ dataset, fields }: RecordRequest): Needs {
  const instants = instantsOf(dataset);
  const natives = fields.map((name) => nativeName(dataset, name));
  const { key, ingested } = dataset;
  const present: Check[] = [
    {
      holds: (r) => sql`${onlyValue(r.field(key), (views) => views.text)} IS NOT NULL`,
      why: `has no "${key}"`,
    },
  ];
  if (ingested !== null) {
    present.push({
      holds: (r) => sql`${r.instant(ingested)} IS NOT NULL`,
      why: `has no time that can be read in "${ingested}"`,
    });
  }
  const readableTimes = instants
    .filter((name) => name !== ingested)
    .map(
      (name): Check => ({
        holds: (r) =>
          sql`(${r.instant(name)} IS NOT NULL OR NOT coalesce(${hasValue(r.field(name))}, false))`,
        why: `has something that is no time in "${name}"`,
      }),
    );
  return {
    fields: [...new Set([key, ...dataset.version, ...instants, ...natives])],
    instants: [...new Set([...instants, ...dataset.version])],
    numbered: true,
    checks: [...present, ...readableTimes],
    keep: () => sql`true`,
  };
}

function arrivedWithin(r: Relation, { ingested }: RecordsDataset, from: number | null, asOf: number): Sql {
  if (ingested === null) return sql`true`;
  const before = sql`${r.instant(ingested)} < ${int(asOf)}`;
  if (from === null) return before;
  const near = r.field(ingested).near?.(from, asOf) ?? sql`true`;
  return sql`${near} AND ${r.instant(ingested)} >= ${int(from)} AND ${before}`;
}

async function countRows(
  { session }: Opened,
  r: Relation,
  dataset: RecordsDataset,
  sound: Sql,
  asOf: number,
): Promise<Pick<Cursor, 'before' | 'hidden'>> {
  const arrived = arrivedWithin(r, dataset, null, asOf);
  const [[count, hash, all] = []] = await session.all(
    sql`SELECT count(*) FILTER (WHERE ${arrived}), CAST(sum(${r.hash}) FILTER (WHERE ${arrived}) AS VARCHAR), count(*) FROM ${r.from} WHERE ${sound}`,
  );
  return { before: `${count} ${hash}`, hidden: Number(all) > Number(count) };
}

/** The instant that the last read went up to; null where what it saw is not there any more, or no arrival is told. */
async function goOnFrom(
  opened: Opened,
  r: Relation,
  dataset: RecordsDataset,
  sound: Sql,
  last: Cursor,
): Promise<number | null> {
  if (dataset.ingested === null) return null;
  if (last.manifest === opened.manifest.hash) return last.asOf;
  const { before } = await countRows(opened, r, dataset, sound, last.asOf);
  return before === last.before ? last.asOf : null;
}

interface Reader {
  readonly select: readonly Sql[];
  readonly read: (row: readonly Cell[]) => RecordVersion;
}

function readerOf({ options }: Opened, r: Relation, request: RecordRequest): Reader {
  const { dataset } = request;
  const times = new Set(instantsOf(dataset));
  const isTime = (name: string): boolean =>
    times.has(name) ||
    options.timeFormats[name] !== undefined ||
    options.types[name] === 'time' ||
    r.field(name).instant !== null;
  const version = dataset.version.map((name): Sql[] => {
    if (isTime(name)) return [r.instant(name), sql`NULL`];
    return [numberOf(r.field(name)), onlyValue(r.field(name), (views) => views.text)];
  });
  const instants = [dataset.opened, ...dataset.closed, ...(dataset.due === null ? [] : [dataset.due])].map(
    (name) => r.instant(name),
  );
  const fields = request.fields.map((standard) => {
    const native = nativeName(dataset, standard);
    return { standard, ...valueColumns(r.field(native)) };
  });
  const arrival = dataset.ingested === null ? sql`NULL` : r.instant(dataset.ingested);
  const select = [
    onlyValue(r.field(dataset.key), (views) => views.text),
    arrival,
    r.file,
    r.row,
    ...version.flat(),
    ...instants,
    ...fields.flatMap((field) => field.select),
  ];
  return {
    select,
    read: (row) => {
      let at = 4;
      const take = (count: number): readonly Cell[] => {
        at += count;
        return row.slice(at - count, at);
      };
      return {
        key: String(row[0]),
        version: dataset.version.map(() => versionOf(take(2))),
        ingested: instantOrNull(row[1]) ?? request.asOf,
        order: Number(row[2]) * FILE + Number(row[3]),
        opened: instantOrNull(take(1)[0]),
        closed: dataset.closed.map(() => instantOrNull(take(1)[0])),
        due: dataset.due === null ? null : instantOrNull(take(1)[0]),
        fields: Object.fromEntries(
          fields.map((field) => [field.standard, field.read(take(field.select.length))]),
        ),
      };
    },
  };
}

function versionOf([number = null, text = null]: readonly Cell[]): number | string | null {
  if (number !== null) return Number(number);
  return text === null ? null : String(text);
}

function instantOrNull(value: Cell | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
