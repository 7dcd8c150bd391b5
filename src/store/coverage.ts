/** From when to when the slices of a series were read. */
import type { Interval } from '../core/time/interval.ts';
import { type Db, insertRows, listOf } from './rows.ts';

export async function coverageOf(db: Db, seriesIds: readonly number[]): Promise<Map<number, Interval[]>> {
  const rows = await db
    .selectFrom('coverage')
    .selectAll()
    .where('series', 'in', listOf(seriesIds))
    .orderBy('series')
    .orderBy('start')
    .execute();
  const covered = new Map<number, Interval[]>(seriesIds.map((id) => [id, []]));
  for (const row of rows) covered.get(row.series)?.push({ start: row.start, end: row.end });
  return covered;
}

export async function replaceCoverage(
  db: Db,
  coverage: ReadonlyMap<number, readonly Interval[]>,
): Promise<void> {
  await db
    .deleteFrom('coverage')
    .where('series', 'in', listOf([...coverage.keys()]))
    .execute();
  const rows = [...coverage].flatMap(([id, parts]) => parts.map((part) => [id, part.start, part.end]));
  await insertRows(db, 'coverage', ['series', 'start', 'end'], rows);
}
