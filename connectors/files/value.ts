/** A field's value out of SQL: the columns to select, and the value that they hold. */
import type { FieldValue, Scalar } from '../../src/core/filter/model.ts';
import { canonicalText, foldCase, numericValue } from '../../src/core/filter/value.ts';
import type { Cell } from './duckdb.ts';
import type { DeclaredType, Field, Views } from './field.ts';
import { type Sql, sql } from './sql.ts';

export interface ValueColumns {
  readonly select: readonly Sql[];
  readonly read: (values: readonly Cell[]) => FieldValue;
}

export function valueColumns(field: Field, nulls: readonly string[], declared: DeclaredType): ValueColumns {
  const { column } = field;
  if (field.shape === 'one') {
    const select = columnsOf(field.views(column));
    return { select, read: scalarOf };
  }
  if (field.shape === 'many') {
    const select = columnsOf(field.views(sql`v`)).map(
      (view) => sql`list_transform(${column}, lambda v: ${view})`,
    );
    return { select, read: (lists) => zip(lists) };
  }
  const select = [
    sql`CASE WHEN starts_with(${column}, '[') THEN ${column} END`,
    ...columnsOf(field.views(column)),
  ];
  return {
    select,
    read: ([array, ...scalar]) =>
      typeof array === 'string' ? arrayOf(array, nulls, declared) : scalarOf(scalar),
  };
}

function columnsOf(views: Views): Sql[] {
  return [views.integer ?? views.number ?? sql`NULL`, views.boolean ?? sql`NULL`, views.text];
}

/** A whole number that a double can't hold keeps its digits as text. */
function scalarOf([number = null, boolean = null, text = null]: readonly Cell[]): Scalar | null {
  if (typeof boolean === 'boolean') return boolean;
  if (typeof number === 'number') return number;
  if (typeof number === 'bigint' && Number.isSafeInteger(Number(number))) return Number(number);
  return typeof text === 'string' ? text : null;
}

function zip(lists: readonly Cell[]): FieldValue {
  const columns = lists.map((list) => (Array.isArray(list) ? list : []));
  const length = Math.max(...columns.map((list) => list.length));
  if (lists.at(-1) === null) return null;
  return Array.from({ length }, (_, i) => scalarOf(columns.map((list) => list[i] ?? null)));
}

function arrayOf(json: string, nulls: readonly string[], declared: DeclaredType): FieldValue {
  const parsed: unknown = JSON.parse(json);
  const items: unknown[] = Array.isArray(parsed) ? parsed : [];
  return items.map((item) => {
    if (typeof item !== 'string' && typeof item !== 'number' && typeof item !== 'boolean') return null;
    if (typeof item === 'string' && nulls.includes(item)) return null;
    return declare(item, declared);
  });
}

function declare(value: Scalar, declared: DeclaredType): Scalar {
  if (declared === 'text') return canonicalText(value);
  if (declared === 'number') return numericValue(value) ?? value;
  if (declared !== 'boolean') return value;
  const folded = foldCase(canonicalText(value));
  return folded === 'true' ? true : folded === 'false' ? false : value;
}
