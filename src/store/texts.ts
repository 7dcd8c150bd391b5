/**
 * Texts of queries, each kept once however often it is sent: what changes from one time to the next (instants, ids of
 * frozen views) is cut out of it and kept with the read. Put together it is what was sent, to the letter.
 */
import { type Kysely, sql } from 'kysely';
import { hashOf } from '../core/hash.ts';

/** Instants as ISO text or as milliseconds (and longer numbers), and long ids. */
const VARYING = /\d{4}-\d{2}-\d{2}T[\d:.]+|\b\d{10,}(?:\.\d+)?\b|[A-Za-z0-9+/=_-]{40,}/g;
/** Stands around a blank's number. JSON writes this character in another way, so no text holds it. */
const MARK = '\u0001';
const BLANK = new RegExp(`${MARK}(\\d+)${MARK}`, 'g');

/** A JSON text with blanks for what varies, and what was in them. */
export function withBlanks(text: string): { readonly body: string; readonly blanks: readonly string[] } {
  const numbers = new Map<string, number>();
  const body = text.replace(VARYING, (found) => {
    const number = numbers.get(found) ?? numbers.size;
    numbers.set(found, number);
    return `${MARK}${number}${MARK}`;
  });
  return { body, blanks: [...numbers.keys()] };
}

export const filled = (body: string, blanks: readonly string[]): string =>
  body.replace(BLANK, (_, number: string) => blanks[Number(number)] ?? '');

/** The text's id; keeps it when it is new. */
export async function textId<T>(db: Kysely<T>, body: string): Promise<number> {
  const hash = hashOf(body);
  await sql`insert or ignore into text (hash, body) values (${hash}, ${body})`.execute(db);
  const { rows } = await sql<{ id: number }>`select id from text where hash = ${hash}`.execute(db);
  return rows[0]?.id ?? -1;
}

/** Reads that were kept with their text each: takes the texts out, some at a time. */
export async function takeOutTexts(db: Kysely<unknown>): Promise<void> {
  for (let after = 0; ; ) {
    const { rows } = await sql<{ id: number; evidence: string }>`
      select id, evidence from read where id > ${after} order by id limit 500`.execute(db);
    for (const { id, evidence } of rows) {
      const { query, parameters, ...rest } = JSON.parse(evidence);
      const { body, blanks } = withBlanks(JSON.stringify([query, parameters]));
      await sql`update read set evidence = ${JSON.stringify(rest)}, text = ${await textId(db, body)},
        blanks = ${JSON.stringify(blanks)} where id = ${id}`.execute(db);
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
