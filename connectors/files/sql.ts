/**
 * SQL as data: text that stands in this code, and values that are always bound. A string can't get into a query
 * any other way, so nothing that a person or a log wrote is ever read as SQL.
 */
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';

type BoundType = 'BIGINT' | 'DOUBLE' | 'VARCHAR' | 'VARCHAR[]' | 'BIGINT[]';

export interface Bound {
  readonly type: BoundType;
  readonly value: string | number | readonly string[] | readonly number[];
}

export interface Sql {
  readonly parts: readonly (string | Bound)[];
}

/** `sql\`a = ${int(5)}\``: only other pieces of SQL may stand in the holes. */
export function sql(strings: TemplateStringsArray, ...holes: readonly Sql[]): Sql {
  const parts: (string | Bound)[] = [];
  for (const [i, text] of strings.entries()) {
    parts.push(text, ...(holes[i]?.parts ?? []));
  }
  return { parts };
}

/** A whole number (instants, counts). */
export const int = (value: number): Sql => bound('BIGINT', value);
export const double = (value: number): Sql => bound('DOUBLE', value);
export const text = (value: string): Sql => bound('VARCHAR', value);
export const texts = (value: readonly string[]): Sql => bound('VARCHAR[]', value);
export const ints = (value: readonly number[]): Sql => bound('BIGINT[]', value);

function bound(type: BoundType, value: Bound['value']): Sql {
  return { parts: [{ type, value }] };
}

/** A column's name, quoted. */
export function identifier(name: string): Sql {
  return { parts: [`"${name.replaceAll('"', '""')}"`] };
}

export function join(pieces: readonly Sql[], separator: ', ' | ' AND ' | ' OR ' | '.' | ' UNION ALL '): Sql {
  return { parts: pieces.flatMap((piece, i) => (i === 0 ? piece.parts : [separator, ...piece.parts])) };
}

/** A condition that is never unknown: what has no value is false. */
export const known = (condition: Sql): Sql => sql`coalesce(${condition}, false)`;

export const FALSE = sql`false`;
export const TRUE = sql`true`;

export interface Query {
  readonly text: string;
  readonly values: DuckDBValue[];
  readonly types: DuckDBType[];
  /** The values as evidence shows them. */
  readonly parameters: readonly unknown[];
}

/** The text with `$1`, `$2`, … and their values; equal values share a number, so that equal expressions are equal. */
export function render(
  statement: Sql,
  bind: (bound: Bound) => { readonly value: DuckDBValue; readonly type: DuckDBType },
): Query {
  const numbers = new Map<string, number>();
  const values: DuckDBValue[] = [];
  const types: DuckDBType[] = [];
  const parameters: unknown[] = [];
  let query = '';
  for (const part of statement.parts) {
    if (typeof part === 'string') {
      query += part;
      continue;
    }
    const key = `${part.type} ${JSON.stringify(part.value)}`;
    let number = numbers.get(key);
    if (number === undefined) {
      const { value, type } = bind(part);
      number = values.push(value);
      types.push(type);
      numbers.set(key, number);
      parameters.push(part.value);
    }
    query += `$${number}::${part.type}`;
  }
  return { text: query, values, types, parameters };
}
