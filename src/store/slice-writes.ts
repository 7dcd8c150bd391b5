/** Slices as they are read: what is other than stored becomes a revision, and whatever rests on it is looked at again. */
import { sql } from 'kysely';
import { DAY, HOUR, type Interval, union } from '../core/time/interval.ts';
import type { NewSlice, Store } from '../ports/store.ts';
import { coverageOf, replaceCoverage } from './coverage.ts';
import { insertRead } from './reads.ts';
import { type Db, insertRows, listOf } from './rows.ts';
import { tallyText } from './tally-text.ts';

const SLICE_COLUMNS = [
  'series',
  'start',
  'revision',
  'read',
  'as_of',
  'quality',
  'notes',
  'tallies',
  'max_ingested',
  'digest',
] as const;

export async function saveSlices(db: Db, input: Parameters<Store['saveSlices']>[0]): Promise<void> {
  const { slices, covered, read, grain } = input;
  const readId = await insertRead(db, read);
  const { changed, unchanged } = await compare(db, slices);
  await db
    .updateTable('slice')
    .set({ read: readId })
    .where(sql<never>`(series, start)`, 'in', pairs(unchanged))
    .execute();
  await keepHistory(db, changed);
  const rows = changed.map(({ slice, tallies, revision }) => [
    slice.seriesId,
    slice.start,
    revision,
    readId,
    read.asOf,
    slice.quality,
    JSON.stringify(slice.notes),
    tallies,
    slice.known?.maxIngested ?? null,
    slice.known?.digest ?? null,
  ]);
  await insertRows(db, 'slice', SLICE_COLUMNS, rows, 'replace');
  await dropBlocks(
    db,
    changed.map(({ slice }) => slice),
  );
  await touchSlices(
    db,
    changed.map(({ slice }) => slice),
    grain,
  );
  const before = await coverageOf(db, covered.seriesIds);
  const after = [...before].map(([id, parts]) => [id, union(parts, covered.intervals)] as const);
  await replaceCoverage(db, new Map(after));
}

const pairs = (slices: readonly NewSlice[]) =>
  sql<never>`(select value ->> 0, value ->> 1 from json_each(${JSON.stringify(slices.map((slice) => [slice.seriesId, slice.start]))}))`;

interface Changed {
  readonly slice: NewSlice;
  /** Its tallies as they are kept. */
  readonly tallies: string;
  readonly revision: number;
}

/** Which slices say something else than what is stored (or nothing was)? */
async function compare(
  db: Db,
  slices: readonly NewSlice[],
): Promise<{ changed: Changed[]; unchanged: NewSlice[] }> {
  const starts = slices.map((slice) => slice.start);
  const stored = await db
    .selectFrom('slice')
    .select(['series', 'start', 'revision', 'quality', 'notes', 'tallies', 'max_ingested', 'digest'])
    .where('series', 'in', listOf([...new Set(slices.map((slice) => slice.seriesId))]))
    .where(
      'start',
      '>=',
      starts.reduce((a, b) => Math.min(a, b), Number.MAX_SAFE_INTEGER),
    )
    .where(
      'start',
      '<=',
      starts.reduce((a, b) => Math.max(a, b), 0),
    )
    .execute();
  const byKey = new Map(stored.map((row) => [`${row.series} ${row.start}`, row]));
  const changed: Changed[] = [];
  const unchanged: NewSlice[] = [];
  for (const slice of slices) {
    const row = byKey.get(`${slice.seriesId} ${slice.start}`);
    const tallies = tallyText(slice.tallies);
    const same =
      row !== undefined &&
      row.quality === slice.quality &&
      row.tallies === tallies &&
      row.notes === JSON.stringify(slice.notes) &&
      row.max_ingested === (slice.known?.maxIngested ?? null) &&
      row.digest === (slice.known?.digest ?? null);
    if (same) unchanged.push(slice);
    else changed.push({ slice, tallies, revision: (row?.revision ?? 0) + 1 });
  }
  return { changed, unchanged };
}

async function keepHistory(db: Db, changed: readonly Changed[]): Promise<void> {
  const revised = changed.filter((one) => one.revision > 1).map((one) => one.slice);
  if (revised.length === 0) return;
  await db
    .insertInto('slice_history')
    .columns(SLICE_COLUMNS)
    .expression(
      db.selectFrom('slice').select(SLICE_COLUMNS).where(sql<never>`(series, start)`, 'in', pairs(revised)),
    )
    .execute();
}

async function dropBlocks(db: Db, changed: readonly NewSlice[]): Promise<void> {
  for (const length of [HOUR, DAY]) {
    const around = new Map<string, NewSlice>();
    for (const slice of changed) {
      const start = Math.floor(slice.start / length) * length;
      around.set(`${slice.seriesId} ${start}`, { ...slice, start });
    }
    await db
      .deleteFrom('block')
      .where('length', '=', length)
      .where(sql<never>`(series, start)`, 'in', pairs([...around.values()]))
      .execute();
  }
}

async function touchSlices(db: Db, changed: readonly NewSlice[], grain: number): Promise<void> {
  const bySeries = new Map<number, Interval[]>();
  for (const slice of changed) {
    const parts = bySeries.get(slice.seriesId) ?? [];
    parts.push({ start: slice.start, end: slice.start + grain });
    bySeries.set(slice.seriesId, parts);
  }
  const rows = [...bySeries].flatMap(([id, parts]) =>
    union(
      parts.sort((a, b) => a.start - b.start),
      [],
    ).map((part) => [`series:${id}`, 'slice', part.start, part.end]),
  );
  await insertRows(db, 'touched', ['input', 'kind', 'start', 'end'], rows);
}
