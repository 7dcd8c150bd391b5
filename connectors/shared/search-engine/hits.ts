/** Events themselves: all of them page by page from a frozen view, and their fields as the index holds them. */
import type { FieldValue, Scalar } from '../../../src/core/filter/model.ts';
import type { Query } from './filter.ts';
import { at, type Json, textsAt } from './json.ts';
import type { Resolved } from './schema.ts';
import { freeze, incomplete, type Session, search } from './search.ts';

const PAGE = 5_000;

export interface HitsRequest {
  readonly query: Query;
  readonly fields: readonly Resolved[];
  /** Fields to sort by, ascending; the server's own order breaks ties. */
  readonly sort: readonly string[];
}

/** All hits in pages. Throws where there are fewer or more than the server counted. */
export async function* allHits(session: Session, request: HitsRequest): AsyncGenerator<readonly unknown[]> {
  await freeze(session);
  const body = {
    size: PAGE,
    query: request.query,
    _source: false,
    seq_no_primary_term: true,
    // As they are indexed: from the source, a number in a keyword field would come in Java's notation.
    docvalue_fields: request.fields.filter(({ hasColumn }) => hasColumn).map(fieldRequest),
    fields: request.fields.filter(({ hasColumn }) => !hasColumn).map(fieldRequest),
    sort: [
      ...request.sort.map((field) => ({ [field]: { order: 'asc', missing: '_last' } })),
      { [placeOf(session)]: 'asc' },
    ],
  };
  let after: unknown;
  let seen = 0;
  for (;;) {
    const page: Json = after === undefined ? body : { ...body, search_after: after };
    const { hits, total } = await search(session, page, after !== undefined);
    seen += hits.length;
    if (hits.length > 0) yield hits;
    if (hits.length < PAGE) {
      if (seen !== total) throw incomplete(session.dataset, `it counted ${total} events and gave ${seen}`);
      return;
    }
    after = at(hits.at(-1), 'sort');
  }
}

/** What no two hits have in common: OpenSearch before 3.3 knows no place in a shard. */
function placeOf({ engine }: Session): string {
  const { major, minor } = engine.known() ?? { major: 0, minor: 0 };
  const isOld = engine.product === 'OpenSearch' && (major < 3 || (major === 3 && minor < 3));
  return isOld ? '_id' : '_shard_doc';
}

export function fieldRequest({ path, family }: Resolved): string | Json {
  return family === 'time' ? { field: path, format: 'epoch_millis' } : path;
}

/** A field's value; null for none; a time as ISO text. */
export function valueIn(hit: unknown, field: Resolved): FieldValue {
  const values = valuesOf(hit, field);
  return values.length > 1 ? values : (values[0] ?? null);
}

function valuesOf(hit: unknown, { path, family }: Resolved): Scalar[] {
  const values = at(hit, 'fields', path);
  if (!Array.isArray(values)) return [];
  return values.flatMap((value: unknown) => {
    if (family === 'time') return [timeText(Number(value))];
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? [value]
      : [];
  });
}

/** Milliseconds since 1970; null for none. */
export function instantOf(hit: unknown, { path }: Resolved): number | null {
  const values = at(hit, 'fields', path);
  const [first] = Array.isArray(values) ? values : [];
  return first === undefined || first === null ? null : Math.floor(Number(first));
}

export function timeText(instant: number): string {
  return new Date(Math.floor(instant)).toISOString();
}

/** Fields of which the server left a value out. */
export function ignoredFields(hit: unknown): readonly string[] {
  return textsAt(hit, '_ignored');
}
