/** Record versions, and snapshots. */
import { sql } from 'kysely';
import type { RecordVersion } from '../core/measure/record.ts';
import { compareVersions, latestVersions } from '../core/measure/records.ts';
import { alignOut, HOUR, type Instant, type Interval } from '../core/time/interval.ts';
import type { Store } from '../ports/store.ts';
import { insertRead } from './reads.ts';
import {
  everyCohort,
  hourOf,
  insertTouched,
  OPEN_END,
  passedBy,
  span,
  touches,
  touchesOf,
} from './record-touches.ts';
import { type Db, insertRows, listOf } from './rows.ts';
import type { Tables } from './schema.ts';

type RecordMethods = Pick<
  Store,
  | 'recordSet'
  | 'saveRecords'
  | 'touchRecords'
  | 'records'
  | 'histories'
  | 'hasIngested'
  | 'ingestedCounts'
  | 'saveSnapshot'
  | 'snapshot'
>;

/** Versions kept as read; beyond it, all are read anew. A pass mostly looks at what the pass before looked at. */
const KEPT = 50_000;

export function recordMethods(db: Db): RecordMethods {
  const versions = versionReader(db);
  return {
    async recordSet(dataset, fingerprint) {
      await insertRows(
        db,
        'record_set',
        ['dataset', 'fingerprint', 'quality'],
        [[dataset, fingerprint, 'complete']],
        'ignore',
      );
      const row = await db
        .selectFrom('record_set')
        .selectAll()
        .where('dataset', '=', dataset)
        .where('fingerprint', '=', fingerprint)
        .executeTakeFirstOrThrow();
      return { id: row.id, dataset, cursor: row.cursor, asOf: row.as_of, quality: row.quality };
    },
    saveRecords: (input) => db.transaction().execute((trx) => saveRecords(trx, input)),
    touchRecords: (setId, interval) => insertTouched(db, setId, everyCohort(interval)),
    async records(setId, interval) {
      // One text of numbers costs less than a row object for each of them.
      const { ids } = await db
        .selectFrom('record')
        .select(sql<string>`json_group_array(rowid)`.as('ids'))
        .where('record_set', '=', setId)
        .where('latest', '=', sql.lit(1))
        .where('hi', '>=', interval.start)
        .where('lo', '<', interval.end)
        .executeTakeFirstOrThrow();
      return versions(JSON.parse(ids));
    },
    async histories(setId, interval) {
      const keys = db
        .selectFrom('record')
        .select('key')
        .where('record_set', '=', setId)
        .where('latest', '=', sql.lit(1))
        .where('hi', '>=', interval.start)
        .where('lo', '<', interval.end);
      const { ids } = await db
        .selectFrom('record')
        .select(sql<string>`json_group_array(rowid)`.as('ids'))
        .where('record_set', '=', setId)
        .where('key', 'in', keys)
        .executeTakeFirstOrThrow();
      return Map.groupBy(await versions(JSON.parse(ids)), ({ key }) => key);
    },
    async hasIngested(setId, range) {
      const row = await db
        .selectFrom('record')
        .select(sql.lit(1).as('one'))
        .where('record_set', '=', setId)
        .where('ingested', '>=', range.start)
        .where('ingested', '<', range.end)
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },
    async ingestedCounts(setId, range, periodMs) {
      // Parameters are bound as doubles, whose quotient is no whole number.
      const period = sql<number>`cast((ingested - ${range.start}) / ${periodMs} as integer)`;
      const rows = await db
        .selectFrom('record')
        .select([period.as('period'), sql<number>`count(*)`.as('versions')])
        .where('record_set', '=', setId)
        .where('ingested', '>=', range.start)
        .where('ingested', '<', range.end)
        .groupBy(period)
        .execute();
      const counts = new Array<number>(Math.ceil((range.end - range.start) / periodMs)).fill(0);
      for (const row of rows) counts[row.period] = row.versions;
      return counts;
    },
    saveSnapshot: (input) =>
      db.transaction().execute(async (trx) => {
        const newest = await trx
          .selectFrom('snapshot')
          .select(['as_of', 'hash', 'quality'])
          .where('key', '=', input.key)
          .orderBy('as_of', 'desc')
          .executeTakeFirst();
        const { asOf } = input.read;
        if (newest?.hash === input.hash && newest.quality === input.quality) {
          await trx
            .updateTable('snapshot')
            .set({ checked_at: asOf })
            .where('key', '=', input.key)
            .where('as_of', '=', newest.as_of)
            .execute();
          return;
        }
        const read = await insertRead(trx, input.read);
        await insertRows(
          trx,
          'snapshot',
          ['key', 'as_of', 'checked_at', 'hash', 'quality', 'rows', 'read'],
          [[input.key, asOf, asOf, input.hash, input.quality, JSON.stringify(input.rows), read]],
          'replace',
        );
      }),
    async snapshot(key, at) {
      const row = await db
        .selectFrom('snapshot')
        .selectAll()
        .where('key', '=', key)
        .where('as_of', '<=', at)
        .orderBy('as_of', 'desc')
        .executeTakeFirst();
      if (row === undefined) return null;
      const { hash, quality, as_of: asOf, checked_at: checkedAt, read: readId } = row;
      return { rows: JSON.parse(row.rows), hash, quality, asOf, checkedAt, readId };
    },
  };
}

/** A stored version never changes, so that its row's number stands for it. */
function versionReader(db: Db): (ids: readonly number[]) => Promise<readonly RecordVersion[]> {
  let kept = new Map<number, RecordVersion>();
  return async (ids) => {
    const missing = ids.filter((id) => !kept.has(id));
    const rows =
      missing.length === 0
        ? []
        : await db
            .selectFrom('record')
            .select([sql<number>`rowid`.as('id'), 'ord', 'body'])
            .where(sql<number>`rowid`, 'in', listOf(missing))
            .execute();
    for (const row of rows) kept.set(row.id, versionOf(row));
    const found = ids.map((id) => kept.get(id)).filter((version) => version !== undefined);
    if (kept.size > KEPT) kept = new Map();
    return found;
  };
}

async function saveRecords(db: Db, input: Parameters<Store['saveRecords']>[0]): Promise<void> {
  const { setId, done, quality, records } = input;
  const before = await db
    .selectFrom('record_set')
    .select(['as_of', 'quality'])
    .where('id', '=', setId)
    .executeTakeFirstOrThrow();
  if (records.length > 0) await insertVersions(db, input, before.as_of);
  if (done === null) return;
  // Windows that ended since the last read waited for this one; another quality is one of all windows.
  const start = quality === before.quality ? (before.as_of ?? 0) : 0;
  await insertTouched(db, setId, everyCohort({ start, end: done.asOf }));
  if (before.as_of !== null) await touchRevealed(db, setId, { start: before.as_of, end: done.asOf });
  await db
    .updateTable('record_set')
    .set({ cursor: done.cursor, as_of: done.asOf, quality })
    .where('id', '=', setId)
    .execute();
}

/** A row may hold a closing time that was yet to come when it was read. Once it has passed, it counts. */
async function touchRevealed(db: Db, setId: number, passed: Interval): Promise<void> {
  const rows = await db
    .selectFrom('record')
    .select(['ord', 'body'])
    .where('record_set', '=', setId)
    .where('latest', '=', sql.lit(1))
    .where('hi', '>', passed.start)
    .where('hi', '<', OPEN_END)
    .where(
      sql<boolean>`exists (select 1 from json_each(body, '$.closed') where value > ${passed.start} and value <= ${passed.end})`,
    )
    .execute();
  const revealed = rows.map(versionOf);
  await insertTouched(
    db,
    setId,
    revealed.flatMap((record) => {
      // Before its first known end it was open, whether we knew of this one or not.
      const start = Math.min(passed.start, ...record.closed.filter((time) => time !== null));
      return touchesOf(record, null).map((touch) =>
        touch.kind === 'open-at-end' ? { ...touch, ...alignOut({ start, end: passed.end }, HOUR) } : touch,
      );
    }),
  );
}

async function insertVersions(
  db: Db,
  input: Parameters<Store['saveRecords']>[0],
  readTo: Instant | null,
): Promise<void> {
  const { setId } = input;
  const keys = [...new Set(input.records.map((record) => record.key))];
  const ofKeys = db.selectFrom('record').where('record_set', '=', setId).where('key', 'in', listOf(keys));
  const seen = new Set(
    (await ofKeys.select(['key', 'hash']).execute()).map((row) => `${row.key} ${row.hash}`),
  );
  const unseen = input.records.map(withContent).filter(({ record, hash }) => {
    const name = `${record.key} ${hash}`;
    return seen.has(name) ? false : seen.add(name);
  });
  if (unseen.length === 0) return;
  const newest = await ofKeys.where('latest', '=', 1).select(['ord', 'body']).execute();
  const before = new Map(newest.map(versionOf).map((record) => [record.key, record]));
  const isNew = newToUs(input.records, before, input.read.asOf);
  const fresh = unseen.filter(({ record }) => isNew(record));
  if (fresh.length === 0) return;
  const read = await insertRead(db, input.read);
  const any = await db
    .selectFrom('record')
    .select('key')
    .where('record_set', '=', setId)
    .limit(1)
    .executeTakeFirst();
  const wasEmpty = any === undefined;
  const latest = new Map(before);
  for (const { record } of fresh) {
    const current = latest.get(record.key);
    // A source that keeps only the newest state may say another one without any sign of its being newer.
    if (current === undefined || compareVersions(current, record) <= 0) latest.set(record.key, record);
  }
  const replaced = keys.filter((key) => latest.get(key) !== before.get(key));
  await db
    .updateTable('record')
    .set({ latest: 0 })
    .where('record_set', '=', setId)
    .where('latest', '=', 1)
    .where('key', 'in', listOf(replaced))
    .execute();
  await insertRows(
    db,
    'record',
    ['record_set', 'key', 'hash', 'ingested', 'lo', 'hi', 'latest', 'read', 'ord', 'body'],
    fresh.map(({ record, hash, body }) => {
      const { lo, hi } = span(record);
      const isLatest = latest.get(record.key) === record ? 1 : 0;
      return [setId, record.key, hash, record.ingested, lo, hi, isLatest, read, record.order, body];
    }),
  );
  const late = fresh.filter(({ record }) => readTo !== null && record.ingested < readTo);
  await insertTouched(db, setId, [
    // A set that had nothing to say until now was silent in every window.
    ...(wasEmpty && readTo !== null ? everyCohort({ start: 0, end: readTo }) : []),
    ...replaced.flatMap((key) => touches(before.get(key), latest.get(key))),
    ...passedBy(fresh, before, latest),
    ...late.flatMap(({ record }) => everyCohort(hourOf(record.ingested))),
  ]);
}

/**
 * Where a source doesn't tell when a row came in, it came in when it was read, and all its rows come again with each
 * read. Of those count the ones of a record whose last row says something else than what is known of it.
 */
function newToUs(
  records: readonly RecordVersion[],
  known: ReadonlyMap<string, RecordVersion>,
  asOf: Instant,
): (record: RecordVersion) => boolean {
  const untold = latestVersions(records.filter((record) => record.ingested >= asOf));
  return (record) => {
    const [latest, last] = [known.get(record.key), untold.get(record.key)];
    if (latest === undefined || last === undefined || record.ingested < asOf) return true;
    return !isOlder(record, latest) && !isOlder(last, latest) && said(last) !== said(latest);
  };
}

/** By the record's own `version`, wherever and whenever the two were read. */
const isOlder = (a: RecordVersion, b: RecordVersion): boolean =>
  compareVersions({ ...a, ingested: b.ingested, order: b.order }, b) < 0;

const said = ({ ingested: _, order: __, ...content }: RecordVersion): string => JSON.stringify(content);

/** A version's content as text and its hash: its place in the source is no part of it. */
function withContent(record: RecordVersion) {
  const { order: _, ...content } = record;
  const body = JSON.stringify(content);
  return { record, body, hash: textHash(body) };
}

const versionOf = ({ ord, body }: Pick<Tables['record'], 'ord' | 'body'>): RecordVersion => ({
  ...JSON.parse(body),
  order: ord,
});

/** 53 bits of a text (cyrb53, public domain). */
function textHash(text: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
