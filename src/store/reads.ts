/** Reads with their evidence, from which another person gets the same numbers again. */
import { sql } from 'kysely';
import type { Evidence } from '../ports/connector.ts';
import type { Store, StoredRead } from '../ports/store.ts';
import { type Db, listOf } from './rows.ts';
import type { Tables } from './schema.ts';
import { filled, textId, withBlanks } from './texts.ts';

type ReadMethods = Pick<Store, 'read' | 'reads' | 'dropReads'>;

export function readMethods(db: Db): ReadMethods {
  const withText = () =>
    db.selectFrom('read').innerJoin('text', 'text.id', 'read.text').selectAll('read').select('text.body');
  return {
    async read(id) {
      const row = await withText().where('read.id', '=', id).executeTakeFirst();
      return row === undefined ? null : storedRead(row);
    },
    async reads(dataset, asOf, limit, range) {
      let rows = withText().where('read.dataset', '=', dataset).where('read.as_of', '<=', asOf);
      // Nothing is read before it is there.
      if (range !== undefined) {
        rows = rows.where('read.as_of', '>=', range.start);
        rows = rows.where('read.start', '<', range.end).where('read.end', '>', range.start);
      }
      const found = await rows
        .orderBy('read.as_of', 'desc')
        .orderBy('read.id', 'desc')
        .limit(limit)
        .execute();
      return found.map(storedRead);
    },
    dropReads: (input) => db.transaction().execute((trx) => dropReads(trx, input)),
  };
}

function storedRead(row: Tables['read'] & { readonly body: string }): StoredRead {
  const rest: Omit<Evidence, 'query' | 'parameters'> = JSON.parse(row.evidence);
  const [query, parameters]: [string, readonly unknown[]] = JSON.parse(
    filled(row.body, JSON.parse(row.blanks)),
  );
  return {
    id: row.id,
    dataset: row.dataset,
    asOf: row.as_of,
    range: row.start === null || row.end === null ? null : { start: row.start, end: row.end },
    evidence: { query, parameters, ...rest },
  };
}

/** Writes down a read with its evidence; returns its id. */
export async function insertRead(db: Db, read: Omit<StoredRead, 'id'>): Promise<number> {
  const { query, parameters, ...rest } = read.evidence;
  const { body, blanks } = withBlanks(JSON.stringify([query, parameters]));
  const row = {
    dataset: read.dataset,
    as_of: read.asOf,
    start: read.range?.start ?? null,
    end: read.range?.end ?? null,
    evidence: JSON.stringify(rest),
    text: await textId(db, body),
    blanks: JSON.stringify(blanks),
  };
  const { id } = await db
    .insertInto('read')
    .values(row as Tables['read'])
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Drops what nothing that is stored came from; returns the last read looked at, null where there is none any more. */
async function dropReads(
  db: Db,
  { before, after, limit }: Parameters<Store['dropReads']>[0],
): Promise<number | null> {
  const looked = await db
    .selectFrom('read')
    .select(['id', 'start'])
    .where('id', '>', after)
    .where('as_of', '<', before)
    .orderBy('id')
    .limit(limit)
    .execute();
  const last = looked.at(-1);
  if (last === undefined) return null;
  const cited = await citedElsewhere(
    db,
    looked.map(({ id }) => id),
  );
  // What has no range was read for records and lists, whose versions are all kept.
  const candidates = looked.filter(({ id, start }) => start !== null && !cited.has(id)).map(({ id }) => id);
  const slices = (table: 'slice' | 'slice_history') => sql<boolean>`exists (
    select 1 from series join ${sql.table(table)} as s on s.series = series.id
      and s.start >= read.start and s.start < read.end
    where series.dataset = read.dataset and s.read = read.id)`;
  const dropped = await db
    .deleteFrom('read')
    .where('id', 'in', listOf(candidates))
    .where(({ not }) => not(slices('slice')))
    .where(({ not }) => not(slices('slice_history')))
    .returning('text')
    .execute();
  await db
    .deleteFrom('text')
    .where('id', 'in', listOf(dropped.map(({ text }) => text)))
    .where(sql<boolean>`not exists (select 1 from read where read.text = text.id)`)
    .execute();
  return looked.length < limit ? null : last.id;
}

async function citedElsewhere(db: Db, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const citing = (table: 'answer' | 'snapshot') =>
    db.selectFrom(table).select('read').distinct().where('read', 'in', listOf(ids)).execute();
  const rows = [...(await citing('answer')), ...(await citing('snapshot'))];
  return new Set(rows.map(({ read }) => read));
}
