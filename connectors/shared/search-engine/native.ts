/** A native query in the Query DSL: aggregations over the dataset's events in a range, each giving one number. */
import type { QueryReply, QueryRequest } from '../../../src/ports/connector.ts';
import type { Engine } from './engine.ts';
import { refusal } from './failure.ts';
import { allOf } from './filter.ts';
import { at, isObject, type Json } from './json.ts';
import { arrivalUnknown, eventsQuery, inRange, nativeFilter, sessionOf } from './scope.ts';
import { evidenceOf, type Session, search } from './search.ts';

const ALLOWED = ['query', 'aggs', 'aggregations', 'runtime_mappings'];

export async function runDsl(
  engine: Engine,
  request: QueryRequest,
  signal: AbortSignal,
): Promise<QueryReply> {
  const { dataset, text, range, asOf } = request;
  const session = sessionOf(engine, dataset, signal);
  const { query, ...rest } = bodyOf(text, dataset.name);
  session.sent.push(text);
  const own = query === undefined ? [] : [query];
  const { aggregations } = await search(session, {
    size: 0,
    ...rest,
    query: allOf([...eventsQuery(dataset, range, asOf), ...own]),
  });
  const values: Record<string, number | null> = {};
  for (const [name, answer] of Object.entries(aggregations)) collect(values, name, answer, dataset.name);
  return replyOf(session, request, values);
}

export async function replyOf(
  session: Session,
  request: QueryRequest,
  values: QueryReply['values'],
): Promise<QueryReply> {
  const notes = await unstamped(session, request);
  return { values, quality: notes.length > 0 ? 'partial' : 'complete', notes, evidence: evidenceOf(session) };
}

/** Events of the range that don't say when they came in: no query sees them. */
async function unstamped(session: Session, { dataset, range }: QueryRequest): Promise<string[]> {
  const { ingested, time } = dataset;
  if (ingested === null) return [];
  const query = allOf([...nativeFilter(dataset), inRange(time, range), arrivalUnknown(ingested)]);
  const { total } = await search(session, { size: 0, query });
  return total === 0 ? [] : [`${total} events don't say when they came in ("${ingested}")`];
}

function bodyOf(text: string, where: string): { readonly query?: Json } & Json {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw refusal(
      where,
      'The query is no JSON',
      'Write a search body with `aggs`, and optionally `query`.',
      cause,
    );
  }
  if (!isObject(body))
    throw refusal(where, 'The query is no JSON object', 'Write a search body with `aggs`.');
  const other = Object.keys(body).find((key) => !ALLOWED.includes(key));
  if (other !== undefined) {
    throw refusal(
      where,
      `The query holds "${other}"`,
      'Only `aggs` and `query` belong to it; range and index come from the dataset.',
    );
  }
  const { query, ...rest } = body;
  if (Object.values(rest).every((aggs) => !isObject(aggs) || Object.keys(aggs).length === 0)) {
    throw refusal(where, 'The query has no aggregation, so that it gives no number', 'Write `aggs`.');
  }
  if (query !== undefined && !isObject(query))
    throw refusal(where, '`query` is no object', 'Write a query, or leave it out.');
  return query === undefined ? rest : { ...rest, query };
}

/** A metric gives its value, one with several (`stats`, `percentiles`) `name.part`; a single bucket its count as `name`, what is in it as `name.inner`. */
function collect(values: Record<string, number | null>, name: string, answer: unknown, where: string): void {
  const value = at(answer, 'value');
  if (typeof value === 'number' || value === null) {
    values[name] = value;
    return;
  }
  const parts = isObject(at(answer, 'values')) ? at(answer, 'values') : answer;
  if (!isObject(parts) || at(answer, 'buckets') !== undefined || at(answer, 'hits') !== undefined) {
    throw refusal(
      where,
      `The aggregation "${name}" gives no single number`,
      'Use metrics and single buckets (`filter`), no lists of buckets.',
    );
  }
  for (const [part, inner] of Object.entries(parts)) {
    if (part === 'doc_count') collect(values, name, { value: inner }, where);
    else if (typeof inner === 'number' || inner === null) values[`${name}.${part}`] = inner;
    else if (isObject(inner)) collect(values, `${name}.${part}`, inner, where);
  }
}
