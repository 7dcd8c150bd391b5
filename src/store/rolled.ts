/**
 * Slices that retention merged: those of a whole hour, later of a whole day, as one row of their series. Merging is
 * exact; what gets lost is where in the hour or day a window may begin, and each slice's revisions and read.
 */
import { sql } from 'kysely';
import { hashOf } from '../core/hash.ts';
import { mergeAllTallies } from '../core/measure/fold.ts';
import { NO_GROUP, type Tallies } from '../core/measure/tally.ts';
import { DAY, type Instant, type Interval, union } from '../core/time/interval.ts';
import type { RollUp, Store } from '../ports/store.ts';
import { type Db, insertRows, listOf } from './rows.ts';
import { tallyText } from './tally-text.ts';

type RolledMethods = Pick<Store, 'rolled' | 'oldestPart' | 'rollUp'>;

export function rolledMethods(db: Db): RolledMethods {
  return {
    async rolled(seriesId, range) {
      const rows = await db
        .selectFrom('rolled')
        .selectAll()
        .where('series', '=', seriesId)
        .where('start', '>', range.start - DAY)
        .where('start', '<', range.end)
        .where(sql<boolean>`start + length > ${range.start}`)
        .orderBy('start')
        .orderBy('length')
        .execute();
      return rows.map((row) => ({
        start: row.start,
        end: row.start + row.length,
        asOf: row.as_of,
        tallies: JSON.parse(row.tallies),
        partial: row.partial,
        events: row.events === null ? null : JSON.parse(row.events),
        notes: JSON.parse(row.notes),
      }));
    },
    async oldestPart(parts, range) {
      const { start } = await sql<{ start: number | null }>`
        select min(oldest) as start from (
          select (select min(start) from ${partTable(parts)} as p
            where p.series = id.value ${ofLength(parts)} and p.start >= ${range.start} and p.start < ${range.end}) as oldest
          from json_each(${JSON.stringify(parts.seriesIds)}) as id)`
        .execute(db)
        .then(({ rows }) => rows[0] ?? { start: null });
      return start;
    },
    rollUp: (input) => db.transaction().execute((trx) => rollUp(trx, input)),
  };
}

type Parts = Pick<RollUp, 'seriesIds' | 'grain' | 'from'>;

/** What is merged: slices as read, or what was merged to hours before. */
const partTable = ({ grain, from }: Parts) => sql.table(grain === from ? 'slice' : 'rolled');
const ofLength = ({ grain, from }: Parts) => (grain === from ? sql`` : sql`and p.length = ${sql.lit(from)}`);

interface Part {
  readonly series: number;
  readonly tallies: Tallies;
  readonly partial: number;
  readonly events: readonly number[];
  readonly asOf: Instant;
  readonly read: string;
  readonly notes: readonly string[];
}

async function rollUp(db: Db, input: RollUp): Promise<number> {
  const { cell, to, controls } = input;
  const chosen = await completeSeries(db, input);
  if (chosen.length === 0) return 0;
  const parts = Map.groupBy(await partsOf(db, { ...input, seriesIds: chosen }), (part) => part.series);
  const rows = [...parts].map(([series, own]) => [
    series,
    cell,
    to,
    Math.max(...own.map(({ asOf }) => asOf)),
    hashOf(own.map(({ read }) => read)),
    tallyText(mergeAllTallies(own.map(({ tallies }) => tallies))),
    own.reduce((sum, { partial }) => sum + partial, 0),
    controls.includes(series) ? JSON.stringify(own.flatMap(({ events }) => events)) : null,
    JSON.stringify([...new Set(own.flatMap(({ notes }) => notes))]),
  ]);
  const columns = [
    'series',
    'start',
    'length',
    'as_of',
    'reads',
    'tallies',
    'partial',
    'events',
    'notes',
  ] as const;
  await insertRows(db, 'rolled', columns, rows, 'replace');
  await dropParts(db, { ...input, seriesIds: chosen });
  return chosen.length;
}

/** The series that have all their parts in the cell; controls last, since they speak for what is merged already. */
async function completeSeries(db: Db, input: RollUp): Promise<number[]> {
  const { seriesIds, controls, from, to, cell, limit } = input;
  const { rows } = await sql<{ series: number }>`
    select p.series from ${partTable(input)} as p
    where p.series in ${listOf(seriesIds)} ${ofLength(input)} and p.start >= ${cell} and p.start < ${cell + to}
    group by p.series having count(*) = ${sql.lit(to / from)}
    order by p.series in ${listOf(controls)}, p.series limit ${limit}`.execute(db);
  return rows.map(({ series }) => series);
}

async function partsOf(db: Db, { seriesIds, controls, grain, from, to, cell }: RollUp): Promise<Part[]> {
  if (grain === from) {
    const rows = await db
      .selectFrom('slice')
      .select(['series', 'tallies', 'quality', 'as_of', 'read', 'notes'])
      .where('series', 'in', listOf(seriesIds))
      .where('start', '>=', cell)
      .where('start', '<', cell + to)
      .orderBy('series')
      .orderBy('start')
      .execute();
    return rows.map((row) => {
      const tallies: Tallies = JSON.parse(row.tallies);
      const events = controls.includes(row.series) ? [tallies[NO_GROUP]?.n ?? 0] : [];
      const partial = row.quality === 'partial' ? 1 : 0;
      const { series, as_of: asOf } = row;
      return { series, tallies, partial, events, asOf, read: String(row.read), notes: JSON.parse(row.notes) };
    });
  }
  const rows = await db
    .selectFrom('rolled')
    .selectAll()
    .where('series', 'in', listOf(seriesIds))
    .where('length', '=', from)
    .where('start', '>=', cell)
    .where('start', '<', cell + to)
    .orderBy('series')
    .orderBy('start')
    .execute();
  return rows.map((row) => ({
    series: row.series,
    tallies: JSON.parse(row.tallies),
    partial: row.partial,
    events: JSON.parse(row.events ?? '[]'),
    asOf: row.as_of,
    read: row.reads,
    notes: JSON.parse(row.notes),
  }));
}

async function dropParts(db: Db, { seriesIds, grain, from, to, cell }: RollUp): Promise<void> {
  const range = { start: cell, end: cell + to };
  const drop = (table: 'slice' | 'slice_history' | 'rolled' | 'block') =>
    db
      .deleteFrom(table)
      .where('series', 'in', listOf(seriesIds))
      .where('start', '>=', range.start)
      .where('start', '<', range.end);
  if (grain === from) {
    await drop('slice').execute();
    await drop('slice_history').execute();
  } else await drop('rolled').where(sql<boolean>`length = ${from}`).execute();
  await drop('block').where('length', '<=', to).execute();
}

/** Where some of these series were merged, and not all of them from the same reads. */
export async function mixedRolled(
  db: Db,
  seriesIds: readonly number[],
  range: Interval,
): Promise<readonly Interval[]> {
  const rows = await db
    .selectFrom('rolled')
    .select(['start', 'length'])
    .where('series', 'in', listOf(seriesIds))
    .where('start', '>', range.start - DAY)
    .where('start', '<', range.end)
    .groupBy(['start', 'length'])
    .having(sql<boolean>`count(*) < ${seriesIds.length} or min(reads) <> max(reads)`)
    .execute();
  const cells = rows.map(({ start, length }) => ({
    start: Math.max(start, range.start),
    end: Math.min(start + length, range.end),
  }));
  return union(cells, []);
}
