/** Versions of records: only what came in since the last read, unless what came in before is no longer the same. */
import { z } from 'zod';
import type { RecordsDataset } from '../../src/config/model.ts';
import type { RecordVersion } from '../../src/core/measure/record.ts';
import type { RecordBatch, RecordRequest } from '../../src/ports/connector.ts';
import { parseCursor } from '../shared/cursor.ts';
import { evidenceOf, stopwatch } from './evidence.ts';
import { hasValue, onlyValue } from './field.ts';
import { instantsOf, nativeName, readerOf } from './record-reader.ts';
import type { Relation } from './relation.ts';
import { requireUnchanged } from './scope.ts';
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

const RECORDS_A_BATCH = 10_000;

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
