/** A field's value out of SQL: the columns to select, and the value that they hold. */
import type { FieldValue, Scalar } from '../../src/core/filter/model.ts';
import type { Cell } from './duckdb.ts';
import type { Field } from './field.ts';
import { type Sql, sql } from './sql.ts';
import type { Views } from './views.ts';

export interface ValueColumns {
  readonly select: readonly Sql[];
  readonly read: (values: readonly Cell[]) => FieldValue;
}

export function valueColumns({ one, list, views }: Field): ValueColumns {
  const scalar = one === null ? [] : columnsOf(views(one));
  const lists =
    list === null
      ? []
      : columnsOf(views(sql`v`)).map((view) => sql`list_transform(${list}, lambda v: ${view})`);
  return {
    select: [...scalar, ...lists],
    read: (values) => zip(values.slice(scalar.length)) ?? scalarOf(values.slice(0, scalar.length)),
  };
}

/** The first of them that is there is the value. */
function columnsOf({ integer, number, boolean, string, text }: Views): Sql[] {
  const numeric = integer ?? number;
  return [
    ...(boolean === null ? [] : [boolean]),
    ...(numeric === null ? [] : [numeric]),
    ...(string === null ? [] : [text]),
  ];
}

function scalarOf(values: readonly Cell[]): Scalar | null {
  const value = values.find((cell) => cell !== null);
  if (typeof value === 'bigint') return wholeOf(value);
  return typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string' ? value : null;
}

/** A whole number that a double can't hold keeps its digits as text. */
function wholeOf(value: bigint): Scalar {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** Lists side by side to a list of values; null where there are none. */
function zip(lists: readonly Cell[]): FieldValue {
  const [first] = lists;
  if (!Array.isArray(first)) return null;
  return first.map((_, i) => scalarOf(lists.map((list) => (Array.isArray(list) ? (list[i] ?? null) : null))));
}
