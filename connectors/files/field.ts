/** What one field of a row is in SQL: one value, a list of them, or now one and now the other. */
import { join, type Sql, sql } from './sql.ts';
import {
  type DeclaredType,
  jsonViews,
  numeric,
  pack,
  packedViews,
  textViews,
  timeViews,
  type Views,
} from './views.ts';

export interface Field {
  /** The value, where the field has no list; null: it always has one. */
  readonly one: Sql | null;
  /** The list, NULL in rows without one; null: it never has one. */
  readonly list: Sql | null;
  readonly views: (value: Sql) => Views;
  /** Milliseconds, where the field is a native time. */
  readonly instant: Sql | null;
  /** A condition on a native time that lets whole parts of a file be skipped; it holds at least from `start` to `end`. */
  readonly near?: (start: number, end: number) => Sql;
}

/** A column of texts, of which some stand for no value. */
export function textField(one: Sql, nulls: readonly string[], declared?: DeclaredType): Field {
  return { one, list: null, instant: null, views: (value) => textViews(value, nulls, declared) };
}

export function timeField(one: Sql, instant: Sql, near?: Field['near']): Field {
  return {
    one,
    list: null,
    instant,
    ...(near === undefined ? {} : { near }),
    views: () => timeViews(instant),
  };
}

/** Values that `packJson` made. */
export function packedField(one: Sql, list: Sql): Field {
  return { one, list, instant: null, views: packedViews };
}

/** A value as JSON text, packed: what it is alone, and what it is as a list. */
export function packJson(
  json: Sql,
  nulls: readonly string[],
  declared: DeclaredType,
): { one: Sql; list: Sql } {
  const values = sql`CAST(from_json(${json}, '["JSON"]') AS VARCHAR[])`;
  return {
    one: pack(jsonViews(json, nulls, declared)),
    list: sql`CASE WHEN starts_with(${json}, '[') THEN list_transform(${values}, lambda v: ${pack(jsonViews(sql`v`, nulls, declared))}) END`,
  };
}

/** A field that no row has. */
export const ABSENT: Field = textField(sql`CAST(NULL AS VARCHAR)`, []);

/** Whether any value of the field passes; unknown rather than false where it has none. */
export function anyValue({ one, list, views }: Field, test: (views: Views) => Sql): Sql {
  return choose(
    one === null ? null : test(views(one)),
    list === null ? null : sql`len(list_filter(${list}, lambda v: ${test(views(sql`v`))})) > 0`,
    list,
  );
}

/** All values of the field as canonical texts, each once. */
export function valueTexts({ one, list, views }: Field): Sql {
  const present = (texts: Sql): Sql => sql`list_filter(${texts}, lambda w: w IS NOT NULL)`;
  return choose(
    one === null ? null : present(sql`[${views(one).text}]`),
    list === null
      ? null
      : sql`list_distinct(${present(sql`list_transform(${list}, lambda v: ${views(sql`v`).text})`)})`,
    list,
  );
}

/** The only value, seen in one way: NULL where there is none, or several. */
export function onlyValue(field: Field, see: (views: Views) => Sql): Sql {
  const { one, list, views } = field;
  if (list === null) return one === null ? sql`NULL` : see(views(one));
  const values = sql`list_filter(${list}, lambda v: ${views(sql`v`).present})`;
  const sole = sql`CASE WHEN len(${values}) = 1 THEN ${see(views(sql`${values}[1]`))} END`;
  return choose(one === null ? null : see(views(one)), sole, list);
}

/** The only value as a finite number: NULL also where it is none. */
export function numberOf(field: Field): Sql {
  return onlyValue(field, numeric);
}

export function hasValue(field: Field): Sql {
  return anyValue(field, (views) => views.present);
}

function choose(one: Sql | null, many: Sql | null, list: Sql | null): Sql {
  if (one === null || many === null || list === null) return one ?? many ?? sql`NULL`;
  return sql`CASE WHEN ${list} IS NULL THEN ${one} ELSE ${many} END`;
}

/** The columns that a field is made of, and the field made of others in their place. */
export function rebuild(
  field: Field,
  column: (i: number) => Sql,
): { readonly columns: readonly Sql[]; readonly field: Field } {
  const columns = [field.one, field.list].filter((part) => part !== null);
  const one = field.one === null ? null : column(0);
  const list = field.list === null ? null : column(columns.length - 1);
  return { columns, field: { ...field, one, list } };
}

export const qualified = (name: Sql): Sql => join([sql`r`, name], '.');
