/**
 * Lines that can't be read are never skipped in silence: each is counted and named, and taints the time between its
 * readable neighbours, or its file's whole range where it lacks one.
 */
import { hashOf } from '../../src/core/hash.ts';
import type { Cell, Session } from './duckdb.ts';
import { endsWithNewline, lineAt, lineOfRow, lineReader } from './lines.ts';
import type { FileEntry, Manifest } from './manifest.ts';
import type { Rejected, Relation } from './relation.ts';
import { describe, type Gap, type Needs, type Opened, readable, type Unreadable } from './source.ts';
import { identifier, int, ints, known, type Sql, sql } from './sql.ts';

/** Lines of a file that are placed one by one; with more, the whole file's range is tainted. */
const PLACED = 1_000;
const NAMED = 20;
const NONE: Unreadable = { count: 0, gaps: [], warnings: [] };

/**
 * Finds them, after the relation was read. `time` is the field whose times tell where a line belongs; null: nothing
 * does, and no gap is placed.
 */
export async function findUnreadable(
  opened: Opened,
  relation: Relation,
  needs: Needs,
  time: string | null,
): Promise<Unreadable> {
  const { manifest, described, session } = opened;
  // Parquet does not change: what is known of all files need not be looked for.
  if (!described.stored)
    return remember(opened, manifest.hash, needs, () => look(opened, relation, needs, time));
  return look(opened, relation, needs, time, await described.rejected(session));
}

async function remember(
  { source, options }: Opened,
  what: string,
  needs: Needs,
  find: () => Promise<Unreadable>,
): Promise<Unreadable> {
  const { gaps } = source.memory;
  const key = hashOf([what, options, needs.instants, needs.checks.map(({ why }) => why)]);
  const known = gaps.get(key);
  if (known !== undefined) return known;
  const found = await find();
  if (gaps.size > 10_000) gaps.clear();
  gaps.set(key, found);
  return found;
}

async function look(
  opened: Opened,
  relation: Relation,
  needs: Needs,
  time: string | null,
  rejected: readonly Rejected[] = [],
): Promise<Unreadable> {
  const { manifest, session } = opened;
  const counted = await session.look(
    sql`SELECT DISTINCT ${relation.file} FROM ${relation.from} WHERE NOT ${known(readable(relation, needs.checks))}`,
  );
  const files = new Set([...counted.map(([file]) => Number(file)), ...rejected.map(({ file }) => file)]);
  const found: Unreadable[] = [];
  for (const index of [...files].sort((a, b) => a - b)) {
    const file = manifest.files[index];
    if (file !== undefined)
      found.push(await remember(opened, file.stamp, needs, () => inFile(opened, file, needs, time)));
  }
  return gather(found);
}

function gather(found: readonly Unreadable[]): Unreadable {
  const count = found.reduce((sum, part) => sum + part.count, 0);
  if (count === 0) return NONE;
  const warnings = found.flatMap((part) => part.warnings).slice(0, NAMED);
  if (count > warnings.length)
    warnings.push(`and ${count - warnings.length} more lines that could not be read`);
  return { count, gaps: found.flatMap((part) => part.gaps), warnings };
}

/** A line that can't be read, and the times of its readable neighbours. */
interface Place {
  /** Among the rows: a rejected line stands half way between two. */
  readonly row: number;
  readonly why: string;
  /** What was rejected, where it is no row. */
  readonly rejected: Rejected | null;
  readonly before: number | null;
  readonly after: number | null;
}

/** Reads one file once more, to say which lines and between which times. */
async function inFile(
  opened: Opened,
  file: FileEntry,
  needs: Needs,
  time: string | null,
): Promise<Unreadable> {
  const { source, session, options } = opened;
  const manifest: Manifest = { ...opened.manifest, files: [file], hash: hashOf(file.stamp) };
  const described = await describe(source, session, manifest, options);
  const r = described.relation([...new Set([...needs.fields, ...needs.instants])], true);
  const table = identifier(session.tableName());
  const instant = time === null ? sql`CAST(NULL AS BIGINT)` : r.instant(time);
  const why = problemOf(r, needs);
  await session.look(
    sql`CREATE TABLE ${table} AS SELECT row, why, CASE WHEN why IS NULL THEN instant END AS instant FROM (SELECT ${r.row} AS row, ${why} AS why, ${instant} AS instant FROM ${r.from})`,
  );
  const rejected = await described.rejected(session);
  const [[rows, bad, first, last] = []] = await session.look(
    sql`SELECT max(row), count(why), min(instant), max(instant) FROM ${table}`,
  );
  const placed = await placesOf(session, table, rejected, needs);
  // Text may still be being written; a Parquet file is whole.
  const unended = opened.described.stored && !(await endsWithNewline(file));
  const unfinished = unended && isLast(placed, Number(rows ?? 0)) ? 1 : 0;
  const places = unfinished > 0 ? placed.slice(0, -1) : placed;
  const count = Number(bad) + rejected.length - unfinished;
  const exact =
    count <= PLACED &&
    (opened.manifest.format !== 'csv' || rejected.length === 0 || !(await hasBlankLines(session, file)));
  const range = {
    from: bound(first) ?? Number.NEGATIVE_INFINITY,
    to: bound(last) ?? Number.POSITIVE_INFINITY,
  };
  const labels = await Promise.all(
    places.slice(0, NAMED).map((place) => labelOf(file, place, opened.manifest.format)),
  );
  const gaps = exact
    ? places.map((place, i) =>
        gapOf(place, range, labels[i] ?? `${file.name} has more lines that could not be read`),
      )
    : [{ ...range, note: `${file.name} has ${count} lines that could not be read` }];
  return { count, gaps: time === null ? [] : gaps, warnings: labels };
}

/** The number of the first check that a row fails, 0 for a line that is no row at all; NULL for a readable row. */
function problemOf(r: Relation, needs: Needs): Sql {
  const checks = needs.checks.map((check, i) => sql` WHEN NOT ${known(check.holds(r))} THEN ${int(i + 1)}`);
  const all = checks.reduce(
    (text, check) => sql`${text}${check}`,
    sql`WHEN NOT ${known(r.sound ?? sql`true`)} THEN 0`,
  );
  return sql`CASE ${all} END`;
}

async function placesOf(
  session: Session,
  table: Sql,
  rejected: readonly Rejected[],
  needs: Needs,
): Promise<Place[]> {
  const known = rejected.slice(0, PLACED);
  const lost =
    known.length === 0
      ? sql``
      : sql` UNION ALL SELECT unnest(${ints(known.map(({ rowsBefore }) => rowsBefore ?? -1))}) + 0.5, -1 - unnest(${ints(known.map((_, i) => i))}), NULL`;
  const rows = await session.look(
    sql`SELECT row, why, earlier, later FROM (SELECT row, why, last_value(instant IGNORE NULLS) OVER before AS earlier, first_value(instant IGNORE NULLS) OVER after AS later FROM (SELECT CAST(row AS DOUBLE) AS row, why, instant FROM ${table}${lost}) WINDOW before AS (ORDER BY row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), after AS (ORDER BY row ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)) WHERE why IS NOT NULL ORDER BY row LIMIT ${int(PLACED + 1)}`,
  );
  return rows.map(([row, why, earlier, later]) => {
    const lostLine = Number(why) < 0 ? (known[-1 - Number(why)] ?? null) : null;
    const placed = lostLine === null || lostLine.rowsBefore !== null;
    const check = needs.checks[Number(why) - 1];
    return {
      row: Number(row),
      why: lostLine?.why ?? check?.why ?? 'is no JSON object',
      rejected: lostLine,
      before: placed ? bound(earlier) : null,
      after: placed ? bound(later) : null,
    };
  });
}

function bound(value: Cell | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** A writer may be in the middle of the last line: then it is not there yet. */
function isLast(places: readonly Place[], rows: number): boolean {
  const last = places.at(-1);
  return last !== undefined && last.row >= rows;
}

function gapOf(place: Place, range: { from: number; to: number }, note: string): Gap {
  const { before, after } = place;
  if (before === null || after === null) return { ...range, note };
  return { from: Math.min(before, after), to: Math.max(before, after), note };
}

async function labelOf(file: FileEntry, place: Place, format: Manifest['format']): Promise<string> {
  const { row, rejected, why } = place;
  if (rejected !== null) return `${file.name} line ${await lineAt(file, rejected.byte)}: ${why}`;
  if (format === 'ndjson') return `${file.name} line ${await lineOfRow(file, row)}: ${why}`;
  return `${file.name} row ${row}: ${why}`;
}

/** Then rows can't be counted by lines. (Also where a quoted value has an empty line: taints more than it must.) */
async function hasBlankLines(session: Session, file: FileEntry): Promise<boolean> {
  const found = await session.look(
    sql`SELECT 1 FROM ${lineReader([file], session.tableName())} WHERE l IS NULL LIMIT 1`,
  );
  return found.length > 0;
}
