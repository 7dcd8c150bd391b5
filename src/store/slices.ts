/** Series, coverage, slices with their revisions, and blocks. */
import { sql } from 'kysely';
import { GRAINS, subtract, union } from '../core/time/interval.ts';
import type { Series, Store, StoredSlice } from '../ports/store.ts';
import { coverageOf, replaceCoverage } from './coverage.ts';
import { mixedRolled } from './rolled.ts';
import { type Db, insertRows, listOf } from './rows.ts';
import type { Tables } from './schema.ts';
import { saveSlices } from './slice-writes.ts';

type SliceMethods = Pick<
  Store,
  | 'series'
  | 'knownSeries'
  | 'allSeries'
  | 'coverage'
  | 'uncover'
  | 'cursor'
  | 'mixedReads'
  | 'saveSlices'
  | 'seriesWithEvents'
  | 'touch'
  | 'slices'
  | 'contents'
  | 'known'
  | 'blocks'
  | 'saveBlocks'
>;

export function sliceMethods(db: Db): SliceMethods {
  return {
    async series(wanted) {
      await insertRows(
        db,
        'series',
        ['dataset', 'grain', 'fingerprint'],
        wanted.map((one) => [one.dataset, one.grain, one.fingerprint]),
        'ignore',
      );
      const rows = await knownSeries(
        db,
        wanted.map((one) => one.fingerprint),
      );
      const ids = new Map(rows.map((row) => [`${row.fingerprint} ${row.grain}`, row.id]));
      return wanted.map((one) => ({ ...one, id: ids.get(`${one.fingerprint} ${one.grain}`) ?? -1 }));
    },
    knownSeries: (fingerprints) => knownSeries(db, fingerprints),
    async allSeries(dataset, grain) {
      const rows = await db
        .selectFrom('series')
        .select('id')
        .where('dataset', '=', dataset)
        .where('grain', '=', grain)
        .execute();
      return rows.map((row) => row.id);
    },
    coverage: (seriesIds) => coverageOf(db, seriesIds),
    uncover: (seriesIds, intervals, cursor) =>
      db.transaction().execute(async (trx) => {
        if (intervals.length > 0) {
          const covered = await coverageOf(trx, seriesIds);
          await replaceCoverage(
            trx,
            new Map([...covered].map(([id, parts]) => [id, subtract(parts, intervals)])),
          );
        }
        if (cursor === undefined) return;
        if (cursor.value === null) await trx.deleteFrom('cursor').where('key', '=', cursor.key).execute();
        else await insertRows(trx, 'cursor', ['key', 'value'], [[cursor.key, cursor.value]], 'replace');
      }),
    async cursor(key) {
      const row = await db.selectFrom('cursor').select('value').where('key', '=', key).executeTakeFirst();
      return row?.value ?? null;
    },
    async mixedReads(seriesIds, range, grain) {
      const rows = await db
        .selectFrom('slice')
        .select('start')
        .where('series', 'in', listOf(seriesIds))
        .where('start', '>=', range.start)
        .where('start', '<', range.end)
        .groupBy('start')
        .having(sql`min(read)`, '<>', sql`max(read)`)
        .orderBy('start')
        .execute();
      return union(
        rows.map((row) => ({ start: row.start, end: row.start + grain })),
        await mixedRolled(db, seriesIds, range),
      );
    },
    saveSlices: (input) => db.transaction().execute((trx) => saveSlices(trx, input)),
    async seriesWithEvents(seriesIds) {
      const rows = await db
        .selectFrom('series')
        .select('id')
        .where('id', 'in', listOf(seriesIds))
        .where(
          sql<boolean>`exists (select 1 from slice where slice.series = series.id
            and json_extract(slice.tallies, '$."[]".n') > 0)
            or exists (select 1 from rolled where rolled.series = series.id
            and json_extract(rolled.tallies, '$."[]".n') > 0)`,
        )
        .execute();
      return new Set(rows.map((row) => row.id));
    },
    async touch(seriesId, { start, end }) {
      await insertRows(
        db,
        'touched',
        ['input', 'kind', 'start', 'end'],
        [[`series:${seriesId}`, 'slice', start, end]],
      );
    },
    async slices(seriesId, range, asOf) {
      const rowsOf = (table: 'slice' | 'slice_history') =>
        db
          .selectFrom(table)
          .selectAll()
          .where('series', '=', seriesId)
          .where('start', '>=', range.start)
          .where('start', '<', range.end)
          .orderBy('start')
          .orderBy('revision')
          .execute();
      const now = await rowsOf('slice');
      if (asOf === undefined || now.every((row) => row.as_of <= asOf)) return now.map(storedSlice);
      const known = [...(await rowsOf('slice_history')), ...now].filter((row) => row.as_of <= asOf);
      const newest = new Map(known.map((row) => [row.start, row]));
      return [...newest.values()].sort((a, b) => a.start - b.start).map(storedSlice);
    },
    async contents(seriesIds, range) {
      const rows = await db
        .selectFrom('slice')
        .select(['series', 'start', 'quality', 'tallies'])
        .where('series', 'in', listOf(seriesIds))
        .where('start', '>=', range.start)
        .where('start', '<', range.end)
        .orderBy('series')
        .orderBy('start')
        .execute();
      return bySeries(rows, ({ start, quality, tallies }) => ({
        start,
        quality,
        tallies: JSON.parse(tallies),
      }));
    },
    async known(seriesId, range) {
      const rows = await db
        .selectFrom('slice')
        .select(['start', 'tallies', 'max_ingested', 'digest'])
        .where('series', '=', seriesId)
        .where('start', '>=', range.start)
        .where('start', '<', range.end)
        .execute();
      return new Map(
        rows.map((row) => [
          row.start,
          {
            events: JSON.parse(row.tallies)['[]']?.n ?? 0,
            maxIngested: row.max_ingested,
            digest: row.digest,
          },
        ]),
      );
    },
    async blocks(seriesIds, range, length) {
      const rows = await db
        .selectFrom('block')
        .selectAll()
        .where('series', 'in', listOf(seriesIds))
        .where('length', '=', length)
        .where('start', '>=', range.start)
        .where('start', '<', range.end)
        .orderBy('series')
        .orderBy('start')
        .execute();
      return bySeries(rows, (row) => ({
        start: row.start,
        end: row.start + row.length,
        tallies: JSON.parse(row.tallies),
        partial: row.partial,
        events: row.events === null ? null : JSON.parse(row.events),
      }));
    },
    async saveBlocks(blocks) {
      await insertRows(
        db,
        'block',
        ['series', 'start', 'length', 'tallies', 'partial', 'events'],
        [...blocks].flatMap(([seriesId, own]) =>
          own.map((block) => [
            seriesId,
            block.start,
            block.end - block.start,
            JSON.stringify(block.tallies),
            block.partial,
            block.events === null ? null : JSON.stringify(block.events),
          ]),
        ),
        'replace',
      );
    },
  };
}

const bySeries = <R extends { readonly series: number }, T>(
  rows: readonly R[],
  itemOf: (row: R) => T,
): Map<number, T[]> =>
  new Map([...Map.groupBy(rows, ({ series }) => series)].map(([id, own]) => [id, own.map(itemOf)]));

const knownSeries = async (db: Db, fingerprints: readonly string[]): Promise<readonly Series[]> => {
  const rows = await db
    .selectFrom('series')
    .selectAll()
    .where('fingerprint', 'in', listOf([...new Set(fingerprints)]))
    .execute();
  return rows.flatMap((row) => {
    const grain = GRAINS.find((one) => one === row.grain);
    return grain === undefined ? [] : [{ ...row, grain }];
  });
};

const storedSlice = (row: Tables['slice']): StoredSlice => ({
  start: row.start,
  revision: row.revision,
  readId: row.read,
  asOf: row.as_of,
  quality: row.quality,
  notes: JSON.parse(row.notes),
  tallies: JSON.parse(row.tallies),
});
