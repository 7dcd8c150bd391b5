/** The answers of sources to native queries: one row a window and revision, never overwritten. */
import type { Store, StoredAnswer } from '../ports/store.ts';
import { insertRead } from './reads.ts';
import { type Db, insertRows } from './rows.ts';

type AnswerMethods = Pick<Store, 'query' | 'knownQuery' | 'saveAnswer' | 'confirmAnswers' | 'answers'>;

export function answerMethods(db: Db): AnswerMethods {
  return {
    async query(dataset, fingerprint) {
      await insertRows(db, 'query', ['dataset', 'fingerprint'], [[dataset, fingerprint]], 'ignore');
      const { id } = await idOf(db, fingerprint).executeTakeFirstOrThrow();
      return id;
    },
    knownQuery: async (fingerprint) => (await idOf(db, fingerprint).executeTakeFirst())?.id ?? null,
    saveAnswer: (input) => db.transaction().execute((trx) => saveAnswer(trx, input)),
    async confirmAnswers(queryId, ends, asOf) {
      if (ends.length === 0) return;
      await db
        .updateTable('answer')
        .set({ checked_at: asOf })
        .where('query', '=', queryId)
        .where('newest', '=', 1)
        .where('end', 'in', [...ends])
        .execute();
    },
    async answers(queryId, range, asOf) {
      let rows = db
        .selectFrom('answer')
        .selectAll()
        .where('query', '=', queryId)
        .where('end', '>', range.start)
        .where('end', '<=', range.end);
      rows = asOf === undefined ? rows.where('newest', '=', 1) : rows.where('as_of', '<=', asOf);
      const found = await rows.orderBy('end').orderBy('start').orderBy('revision').execute();
      // Later revisions take the place of earlier ones.
      return [...new Map(found.map((row) => [`${row.start} ${row.end}`, storedAnswer(row)])).values()];
    },
  };
}

const idOf = (db: Db, fingerprint: string) =>
  db.selectFrom('query').select('id').where('fingerprint', '=', fingerprint);

const storedAnswer = (row: {
  start: number;
  end: number;
  revision: number;
  as_of: number;
  checked_at: number;
  quality: 'complete' | 'partial';
  notes: string;
  numbers: string;
  read: number;
}): StoredAnswer => ({
  window: { start: row.start, end: row.end },
  revision: row.revision,
  asOf: row.as_of,
  checkedAt: row.checked_at,
  quality: row.quality,
  notes: JSON.parse(row.notes),
  values: JSON.parse(row.numbers),
  readId: row.read,
});

async function saveAnswer(db: Db, input: Parameters<Store['saveAnswer']>[0]): Promise<void> {
  const { queryId, window, quality, read } = input;
  const notes = JSON.stringify(input.notes);
  const numbers = JSON.stringify(Object.fromEntries(Object.entries(input.values).sort()));
  const newest = await db
    .selectFrom('answer')
    .selectAll()
    .where('query', '=', queryId)
    .where('start', '=', window.start)
    .where('end', '=', window.end)
    .where('newest', '=', 1)
    .executeTakeFirst();
  const own = db.updateTable('answer').where('query', '=', queryId).where('end', '=', window.end);
  const newestRow = own.where('start', '=', window.start).where('newest', '=', 1);
  if (newest?.numbers === numbers && newest.quality === quality && newest.notes === notes) {
    await newestRow.set({ checked_at: read.asOf }).execute();
    return;
  }
  const readId = await insertRead(db, read);
  await newestRow.set({ newest: 0 }).execute();
  await insertRows(
    db,
    'answer',
    [
      'query',
      'start',
      'end',
      'revision',
      'as_of',
      'checked_at',
      'quality',
      'notes',
      'numbers',
      'read',
      'newest',
    ],
    [
      [
        queryId,
        window.start,
        window.end,
        (newest?.revision ?? 0) + 1,
        read.asOf,
        read.asOf,
        quality,
        notes,
        numbers,
        readId,
        1,
      ],
    ],
  );
  await insertRows(
    db,
    'touched',
    ['input', 'kind', 'start', 'end'],
    [[`query:${queryId}`, 'slice', window.end - 1, window.end]],
  );
}
