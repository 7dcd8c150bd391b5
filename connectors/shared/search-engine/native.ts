/** A native query in the Query DSL: aggregations over the dataset's events in a range, each giving one number. */
import { ConnectorError } from '../../../src/core/errors.ts';
import type { QueryReply, QueryRequest } from '../../../src/ports/connector.ts';
import type { Engine } from './engine.ts';
import { allOf } from './filter.ts';
import { at, isObject, type Json } from './json.ts';
import { arrivalUnknown, arrived, inRange, nativeFilter, optionsOf } from './scope.ts';
import { evidenceOf, openSession, type Session, search } from './search.ts';

const ALLOWED = ['query', 'aggs', 'aggregations', 'runtime_mappings'];

export async function runDsl(
  engine: Engine,
  request: QueryRequest,
  signal: AbortSignal,
): Promise<QueryReply> {
  const { dataset, text, range, asOf } = request;
  const session = openSession(engine, dataset.name, optionsOf(dataset).index, signal);
  const { query, ...rest } = bodyOf(text, dataset.name);
  session.sent.push(text);
  const own = query === undefined ? [] : [query];
  const { aggregations } = await search(session, {
    size: 0,
    ...rest,
    query: allOf([...nativeFilter(dataset), inRange(dataset.time, range), ...arrived(dataset, asOf), ...own]),
  });
  const values: Record<string, number | null> = {};
  for (const [name, answer] of Object.entries(aggregations)) collect(values, name, answer, dataset.name);
  const notes = await unstamped(session, request);
  return { values, quality: notes.length > 0 ? 'partial' : 'complete', notes, evidence: evidenceOf(session) };
}

/** Events of the range that don't say when they came in: no query sees them. */
export async function unstamped(session: Session, { dataset, range }: QueryRequest): Promise<string[]> {
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
    throw refused(
      'The query is no JSON',
      where,
      'Write a search body with `aggs`, and optionally `query`.',
      cause,
    );
  }
  if (!isObject(body))
    throw refused('The query is no JSON object', where, 'Write a search body with `aggs`.');
  const other = Object.keys(body).find((key) => !ALLOWED.includes(key));
  if (other !== undefined) {
    throw refused(
      `The query holds "${other}"`,
      where,
      'Only `aggs` and `query` belong to it; range and index come from the dataset.',
    );
  }
  const { query, ...rest } = body;
  if (Object.values(rest).every((aggs) => !isObject(aggs) || Object.keys(aggs).length === 0)) {
    throw refused('The query has no aggregation, so that it gives no number', where, 'Write `aggs`.');
  }
  if (query !== undefined && !isObject(query))
    throw refused('`query` is no object', where, 'Write a query, or leave it out.');
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
    throw refused(
      `The aggregation "${name}" gives no single number`,
      where,
      'Use metrics and single buckets (`filter`), no lists of buckets.',
    );
  }
  for (const [part, inner] of Object.entries(parts)) {
    if (part === 'doc_count') collect(values, name, { value: inner }, where);
    else if (typeof inner === 'number' || inner === null) values[`${name}.${part}`] = inner;
    else if (isObject(inner)) collect(values, `${name}.${part}`, inner, where);
  }
}

export function refused(message: string, where: string, help: string, cause?: unknown): ConnectorError {
  return new ConnectorError(message, {
    retryable: false,
    where,
    help,
    ...(cause === undefined ? {} : { cause }),
  });
}

export function wrongLanguage(
  product: string,
  { language, dataset }: QueryRequest,
  spoken: string,
): ConnectorError {
  return refused(`${product} does not speak ${language}`, dataset.name, `Write the query in ${spoken}.`);
}
