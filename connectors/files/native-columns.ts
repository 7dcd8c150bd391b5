/** The columns of the table that a query in SQL sees, and the values that they can't hold. */
import type { FieldType } from '../../src/ports/connector.ts';
import type { Session } from './duckdb.ts';
import { type Field, hasValue, numberOf, onlyValue } from './field.ts';
import type { Relation } from './relation.ts';
import type { OpenScope } from './scope.ts';
import { join, known, type Sql, sql } from './sql.ts';
import { numeric } from './views.ts';

export interface NativeColumn {
  readonly name: string;
  readonly value: Sql;
  /** Holds where the field has a value that the column lacks; null: it never does. */
  readonly lost: Sql | null;
}

/**
 * A time is a TIMESTAMP in UTC, a number a DOUBLE or BIGINT, anything else a text; several values are a text that
 * holds them as a JSON array. A field of a Parquet file that is a list stays one.
 */
export function columnOf(relation: Relation, name: string, type: FieldType | undefined): NativeColumn {
  const field = relation.field(name);
  if (type === 'time') {
    return strict(name, field, sql`make_timestamp(${relation.instant(name)} * 1000)`);
  }
  if (field.one === null && field.list !== null)
    return { name, value: listOf(field, field.list), lost: null };
  const whole = field.one === null ? null : field.views(field.one).integer;
  if (whole !== null) return { name, value: whole, lost: null };
  if (type === 'number') return strict(name, field, numberOf(field));
  if (type === 'boolean')
    return strict(
      name,
      field,
      onlyValue(field, (views) => views.boolean ?? sql`CAST(NULL AS BOOLEAN)`),
    );
  return { name, value: textOf(field), lost: null };
}

function textOf({ one, list, views }: Field): Sql {
  const alone = one === null ? sql`NULL` : views(one).text;
  if (list === null) return alone;
  const texts = sql`list_filter(list_transform(${list}, lambda v: ${views(sql`v`).text}), lambda w: w IS NOT NULL)`;
  return sql`CASE WHEN ${list} IS NULL THEN ${alone} WHEN len(${texts}) > 1 THEN CAST(to_json(${texts}) AS VARCHAR) ELSE ${texts}[1] END`;
}

function strict(name: string, field: Field, value: Sql): NativeColumn {
  return { name, value, lost: sql`${known(hasValue(field))} AND ${value} IS NULL` };
}

function listOf({ views }: Field, list: Sql): Sql {
  const item = views(sql`v`);
  return sql`list_transform(${list}, lambda v: ${item.boolean ?? (item.number === null ? item.text : numeric(item))})`;
}

/** Says of which columns some values could not be kept. */
export async function lostIn(
  session: Session,
  { relation, within }: OpenScope,
  columns: readonly NativeColumn[],
): Promise<string[]> {
  const lossy = columns.flatMap(({ name, lost }) => (lost === null ? [] : [{ name, lost }]));
  if (lossy.length === 0) return [];
  const counts = lossy.map(({ lost }) => sql`count(*) FILTER (WHERE ${lost})`);
  const [found = []] = await session.look(
    sql`SELECT ${join(counts, ', ')} FROM ${relation.from} WHERE ${within}`,
  );
  return lossy.flatMap(({ name }, i) => {
    const count = Number(found[i]);
    if (count === 0) return [];
    return [`${count} events have several values in "${name}" or one of another type: the query sees none`];
  });
}
