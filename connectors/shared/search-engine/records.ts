/** Versions of records: only what came in since the last read, unless what came in before is no longer the same. */
import { z } from 'zod';
import type { RecordsDataset } from '../../../src/config/model.ts';
import type { Scalar } from '../../../src/core/filter/model.ts';
import { canonicalText, numericValue } from '../../../src/core/filter/value.ts';
import type { RecordVersion } from '../../../src/core/measure/record.ts';
import type { RecordBatch, RecordRequest } from '../../../src/ports/connector.ts';
import { parseCursor } from '../cursor.ts';
import { digestOf, hasSequence } from './census.ts';
import { allOf, exists, type Query } from './filter.ts';
import { allHits, ignoredFields, instantOf, valueIn } from './hits.ts';
import { at, type Json, numberAt } from './json.ts';
import { unique } from './plan.ts';
import { type Resolved, requireTime, resolveShown, resolveValues, type Schema, some } from './schema.ts';
import { before, inRange, nativeFilter } from './scope.ts';
import { evidenceOf, freeze, type Session, search, thaw } from './search.ts';
import { open, type Source } from './source.ts';

const cursorSchema = z.object({ asOf: z.number(), seen: z.string(), fields: z.string() });

interface Columns {
  readonly key: Resolved;
  readonly version: readonly Resolved[];
  readonly ingested: Resolved | null;
  readonly opened: Resolved;
  readonly closed: readonly Resolved[];
  readonly due: Resolved | null;
  /** Standard name → field. */
  readonly fields: ReadonlyMap<string, Resolved>;
}

export async function* readRecords(
  source: Source,
  request: RecordRequest,
  signal: AbortSignal,
): AsyncGenerator<RecordBatch> {
  const { dataset, asOf } = request;
  const { session, schema } = await open(source, dataset, signal);
  try {
    const columns = columnsOf(schema, request);
    await source.engine.rights.requireSeen(session.index, shownOf(columns), signal);
    const fields = [...request.fields].sort().join('\n');
    const parsed = parseCursor(request.cursor, cursorSchema);
    const last = parsed?.fields === fields && parsed.asOf <= asOf ? parsed : null;
    await freeze(session);
    const census = await takeCensus(session, schema, dataset, columns, asOf, last?.asOf ?? null);
    const cursor = JSON.stringify({ asOf, seen: census.seen, fields } satisfies z.infer<typeof cursorSchema>);
    const sameBefore = last !== null && census.before === last.seen;
    if (dataset.ingested !== null || !sameBefore) {
      const from = sameBefore ? last.asOf : null;
      yield* readPages(session, request, columns, from, census.notes, cursor);
    } else {
      session.warnings.push(...census.notes);
      yield batchOf(session, [], cursor);
    }
  } finally {
    await thaw(session);
  }
}

function columnsOf(schema: Schema, { dataset, fields }: RecordRequest): Columns {
  return {
    key: resolveValues(schema, dataset.key),
    version: dataset.version.map((name) => resolveValues(schema, name)),
    ingested: dataset.ingested === null ? null : requireTime(schema, dataset.ingested),
    opened: requireTime(schema, dataset.opened),
    closed: dataset.closed.map((name) => requireTime(schema, name)),
    due: dataset.due === null ? null : requireTime(schema, dataset.due),
    fields: new Map(fields.map((name) => [name, resolveShown(schema, dataset.fields[name] ?? name)])),
  };
}

function shownOf({ key, version, ingested, opened, closed, due, fields }: Columns): Resolved[] {
  const all = [key, ...version, ingested, opened, ...closed, due, ...fields.values()];
  return unique(all.filter((field) => field !== null));
}

interface Census {
  /** What tells whether the rows that had come in before `asOf` are the same. */
  readonly seen: string;
  /** The same of those before the last read's. */
  readonly before: string | null;
  /** What can't be read, in words. */
  readonly notes: readonly string[];
}

/** One search over everything: rows that came in and later change, go or come with an old stamp change its digest. */
async function takeCensus(
  session: Session,
  schema: Schema,
  dataset: RecordsDataset,
  { key, ingested }: Columns,
  asOf: number,
  lastAsOf: number | null,
): Promise<Census> {
  const digest: Json = hasSequence(schema) ? { aggs: { q: { stats: { field: '_seq_no' } } } } : {};
  const until = (instant: number): Query =>
    ingested === null ? { match_all: {} } : before(ingested.path, instant);
  const without = (field: Resolved | null) =>
    field === null ? {} : { [field.name]: { filter: { bool: { must_not: [exists(field.path)] } } } };
  const { aggregations } = await search(session, {
    size: 0,
    query: allOf(nativeFilter(dataset)),
    aggs: {
      '(seen)': { filter: until(asOf), ...digest },
      ...(lastAsOf === null ? {} : { '(before)': { filter: until(lastAsOf), ...digest } }),
      ...without(key),
      ...without(ingested),
    },
  });
  const state = (name: string): string => {
    const bucket = at(aggregations, name);
    return `${numberAt(bucket, 'doc_count')} ${digestOf(at(bucket, 'q')) ?? ''}`;
  };
  const notes = [key, ingested].flatMap((field) => {
    const lacking = field === null ? 0 : numberAt(aggregations, field.name, 'doc_count');
    return lacking === 0 ? [] : [`${lacking} rows have no "${field?.name}"`];
  });
  return { seen: state('(seen)'), before: lastAsOf === null ? null : state('(before)'), notes };
}

async function* readPages(
  session: Session,
  request: RecordRequest,
  columns: Columns,
  from: number | null,
  notes: readonly string[],
  cursor: string,
): AsyncGenerator<RecordBatch> {
  const { dataset, asOf } = request;
  const { key, ingested } = columns;
  const arrivals =
    ingested === null
      ? []
      : [from === null ? before(ingested.path, asOf) : inRange(ingested.path, { start: from, end: asOf })];
  const fields = shownOf(columns);
  session.warnings.push(...notes);
  const query = allOf([...nativeFilter(dataset), exists(key.path), ...arrivals]);
  let place = 0;
  let isEmpty = true;
  for await (const hits of allHits(session, {
    query,
    fields,
    sort: ingested === null ? [] : [ingested.path],
  })) {
    warnOfIgnored(session, hits, fields);
    yield batchOf(
      session,
      hits.map((hit) => versionOf(hit, columns, asOf, place++)),
      cursor,
    );
    isEmpty = false;
  }
  if (isEmpty) yield batchOf(session, [], cursor);
}

function warnOfIgnored(session: Session, hits: readonly unknown[], fields: readonly Resolved[]): void {
  const paths = new Set(fields.map(({ path }) => path));
  const tainted = hits.filter((hit) => ignoredFields(hit).some((name) => paths.has(name)));
  if (tainted.length === 0) return;
  session.warnings.push(
    `${tainted.length} rows hold a value in one of ${some([...paths])} that is not indexed (too long, or of another type)`,
  );
}

/** Whatever was warned of is a row, or a part of one, that is not there. */
function batchOf(session: Session, records: readonly RecordVersion[], cursor: string): RecordBatch {
  return {
    records,
    quality: session.warnings.length > 0 ? 'partial' : 'complete',
    evidence: evidenceOf(session),
    cursor,
  };
}

function versionOf(hit: unknown, columns: Columns, asOf: number, place: number): RecordVersion {
  const { key, version, ingested, opened, closed, due, fields } = columns;
  const written = at(hit, '_seq_no');
  return {
    key: canonicalText(firstOf(valueIn(hit, key)) ?? ''),
    version: version.map((field) => versionPart(hit, field)),
    ingested: ingested === null ? asOf : (instantOf(hit, ingested) ?? asOf),
    // The order of writing, where the server tells it.
    order: typeof written === 'number' && written >= 0 ? written : place,
    opened: instantOf(hit, opened),
    closed: closed.map((field) => instantOf(hit, field)),
    due: due === null ? null : instantOf(hit, due),
    fields: Object.fromEntries([...fields].map(([name, field]) => [name, valueIn(hit, field)])),
  };
}

function versionPart(hit: unknown, field: Resolved): number | string | null {
  if (field.family === 'time') return instantOf(hit, field);
  const value = firstOf(valueIn(hit, field));
  if (value === null) return null;
  return numericValue(value) ?? canonicalText(value);
}

function firstOf(value: ReturnType<typeof valueIn>): Scalar | null {
  const [first = null] = typeof value === 'object' && value !== null ? value : [value];
  return first ?? null;
}
