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
    read: (values) => {
      const many = zip(values.slice(scalar.length));
      return many ?? scalarOf(values.slice(0, scalar.length));
    },
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

/** Lists side by side to a list of values; null where there are none. */
function zip([numbers, booleans, texts]: readonly Cell[]): FieldValue {
  if (!Array.isArray(texts)) return null;
  const at = (list: Cell | undefined, i: number): Cell => (Array.isArray(list) ? (list[i] ?? null) : null);
  return texts.map((text, i) => scalarOf([at(numbers, i), at(booleans, i), text]));
}
