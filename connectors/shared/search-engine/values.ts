/** Tests that an index can't do itself: the reference does them for each value of the field that the events have. */
import { TooMuchError } from './engine.ts';
import { allOf, type Query } from './filter.ts';
import { listAt, numberAt, textAt } from './json.ts';
import type { Schema } from './schema.ts';
import { freeze, type Session, search } from './search.ts';

/** Different values of a field in a range; a query takes some 65,000. */
const MOST = 10_000;

/** Under this schema filters compile as if no value passed; the paths whose values they need are added to the set. */
export function noting(schema: Schema, needed: Set<string>): Schema {
  return {
    ...schema,
    valuesOf: (path) => {
      needed.add(path);
      return [];
    },
  };
}

/**
 * The schema with the values that these events have there; whatever else the session asks sees the same events.
 * Throws `TooMuchError` where a field has too many values.
 */
export async function withValues(
  session: Session,
  schema: Schema,
  needed: ReadonlySet<string>,
  events: readonly Query[],
): Promise<Schema> {
  if (needed.size === 0) return schema;
  await freeze(session);
  const terms = [...needed].map((field, i) => [`v${i}`, { terms: { field, size: MOST + 1 } }] as const);
  const aggs = Object.fromEntries(terms);
  const { aggregations } = await search(session, { size: 0, query: allOf(events), aggs });
  const values = new Map(
    [...needed].map((path, i) => [path, valuesIn(session, path, aggregations[`v${i}`])]),
  );
  return { ...schema, valuesOf: (path) => values.get(path) };
}

function valuesIn({ dataset }: Session, path: string, answer: unknown): string[] {
  const buckets = listAt(answer, 'buckets');
  if (buckets.length <= MOST && numberAt(answer, 'sum_other_doc_count') === 0)
    return buckets.map((bucket) => textAt(bucket, 'key'));
  throw new TooMuchError(
    `The field "${path}" has more than ${MOST.toLocaleString('en')} different values in one slice, and the server can't test them itself`,
    {
      retryable: false,
      where: dataset,
      help: 'Map it as a number, or as `ip` (a multi-field will do), or narrow the dataset.',
    },
  );
}
