/**
 * Many rows a statement: they travel as one JSON parameter (`json_each`), since a statement a row would cost
 * more than the work itself.
 */
import { type Kysely, sql } from 'kysely';
import type { Tables } from './schema.ts';

export type Db = Kysely<Tables>;

/** Inserts rows in one statement; `conflict` says what an existing key does. */
export async function insertRows<T extends keyof Tables & string>(
  db: Db,
  table: T,
  columns: readonly (keyof Tables[T] & string)[],
  rows: readonly (readonly (string | number | null)[])[],
  conflict: 'fail' | 'ignore' | 'replace' = 'fail',
): Promise<void> {
  if (rows.length === 0) return;
  const verb = { fail: 'insert', ignore: 'insert or ignore', replace: 'insert or replace' }[conflict];
  const fields = columns.map((_, index) => sql.raw(`value ->> ${index}`));
  await sql`${sql.raw(verb)} into ${sql.table(table)} (${sql.join(columns.map((name) => sql.ref(name)))})
    select ${sql.join(fields)} from json_each(${JSON.stringify(rows)})`.execute(db);
}

/** A subquery of the values, for `in`: one parameter, however many values. */
export const listOf = (values: readonly (string | number)[]) =>
  sql<never>`(select value from json_each(${JSON.stringify(values)}))`;
