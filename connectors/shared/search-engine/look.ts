/** What a person looks at: rows of a dataset, newest first, and a field's most frequent values. */
import type { EventsDataset, RecordsDataset } from '../../../src/config/model.ts';
import type { Filter, Row } from '../../../src/core/filter/model.ts';
import { canonicalText } from '../../../src/core/filter/value.ts';
import type { Interval } from '../../../src/core/time/interval.ts';
import type { Connector, RowsReply, RowsRequest, TopValues } from '../../../src/ports/connector.ts';
import { allOf, compileFilter, exists, type Query } from './filter.ts';
import { fieldRequest, timeText, valueIn } from './hits.ts';
import { at, listAt, numberAt } from './json.ts';
import { type Resolved, requireTime, resolveShown, resolveValues, type Schema } from './schema.ts';
import { arrived, inRange, nativeFilter } from './scope.ts';
import { evidenceOf, search } from './search.ts';
import { type Opened, opening, type Source } from './source.ts';
import { noting, withValues } from './values.ts';

/** Servers give no more at once. */
const MAX_ROWS = 10_000;

interface Looked {
  readonly dataset: EventsDataset | RecordsDataset;
  readonly where: Filter;
  readonly range: Interval;
}

/** By the dataset's time; of records, by when they opened. */
export function timeOf(dataset: Looked['dataset']): string {
  return dataset.kind === 'events' ? dataset.time : dataset.opened;
}

export function queryOf(schema: Schema, { dataset, where, range }: Looked): Query {
  return allOf([...nativeFilter(dataset), inRange(timeOf(dataset), range), compileFilter(where, schema)]);
}

/** The same where a test needs the field's values: those are asked for first. */
async function askedQuery({ session, schema }: Opened, looked: Looked): Promise<Query> {
  const { dataset, where, range } = looked;
  const events = [...nativeFilter(dataset), inRange(timeOf(dataset), range)];
  const needed = new Set<string>();
  compileFilter(where, noting(schema, needed));
  return queryOf(await withValues(session, schema, needed, events), looked);
}

export function readRows(source: Source, request: RowsRequest, signal: AbortSignal): Promise<RowsReply> {
  const { dataset, asOf, limit } = request;
  return opening(source, dataset, signal, async (opened) => {
    const { session, schema } = opened;
    const time = requireTime(schema, timeOf(dataset)).path;
    const fields = shownFields(schema);
    const { hits, total } = await search(session, {
      size: Math.min(limit, MAX_ROWS),
      query: allOf([await askedQuery(opened, request), ...arrived(dataset, asOf)]),
      _source: false,
      // All of them by one pattern; times in a form of their own.
      fields: ['*', ...fields.filter(({ family }) => family === 'time').map(fieldRequest)],
      sort: [{ [time]: { order: 'desc' } }],
    });
    const standard = new Map(Object.entries(dataset.fields).map(([name, own]) => [own, name]));
    const rows = hits.map((hit): Row => {
      const entries = fields.map(
        (field) => [standard.get(field.name) ?? field.name, valueIn(hit, field)] as const,
      );
      return Object.fromEntries(entries.filter(([, value]) => value !== null));
    });
    return { rows, total, evidence: evidenceOf(session) };
  });
}

/** Without metadata, and without the exact parts of texts that stand there themselves. */
function shownFields(schema: Schema): Resolved[] {
  return [...schema.fields].flatMap(([name, { family }]) => {
    const parent = schema.fields.get(name.slice(0, Math.max(0, name.lastIndexOf('.'))));
    if (name.startsWith('_') || family === 'unknown' || family === 'mixed' || parent !== undefined) return [];
    return [resolveShown(schema, name)];
  });
}

export function topValues(
  source: Source,
  request: Parameters<Connector['topValues']>[0],
  signal: AbortSignal,
): Promise<TopValues> {
  const { dataset, limit } = request;
  return opening(source, dataset, signal, async (opened) => {
    const { session, schema } = opened;
    const field = resolveValues(schema, request.field);
    await source.engine.rights.requireSeen(session.index, [field], signal);
    const { aggregations, total } = await search(session, {
      size: 0,
      query: await askedQuery(opened, request),
      aggs: {
        top: { terms: { field: field.path, size: limit, shard_size: limit * 10 + 1_000 } },
        present: { filter: exists(field.name) },
      },
    });
    const values = listAt(aggregations, 'top', 'buckets').map((bucket) => ({
      text: keyText(bucket, field),
      events: numberAt(bucket, 'doc_count'),
    }));
    return { values, present: numberAt(aggregations, 'present', 'doc_count'), events: total };
  });
}

function keyText(bucket: unknown, { family }: Resolved): string {
  const key = at(bucket, 'key');
  if (family === 'time' && typeof key === 'number') return timeText(key);
  if (family === 'boolean') return String(at(bucket, 'key_as_string'));
  return typeof key === 'string' || typeof key === 'number' ? canonicalText(key) : String(key);
}
