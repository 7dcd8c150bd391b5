/** What times a text file holds, learnt once: reads leave out the files of an archive that they don't concern. */
import { hashOf } from '../../src/core/hash.ts';
import type { Interval } from '../../src/core/time/interval.ts';
import type { FileEntry } from './manifest.ts';
import { describe, type Needs, type Opened, readable } from './source.ts';
import { join, known, sql } from './sql.ts';

/** Null: no readable row has one. */
export interface Span {
  readonly first: number | null;
  readonly last: number | null;
  /** The newest arrival. */
  readonly arrived: number | null;
  /** Some line can't be read. */
  readonly unreadable: boolean;
}

export interface Reach {
  readonly time: string;
  readonly ingested: string | null;
  readonly range: Interval;
  /** Rows that arrived at this instant or later are wanted, whatever their time; null: none. */
  readonly arrivedFrom: number | null;
}

/** The dataset with only the files that may have rows within reach, or lines that can't be read. */
export async function narrow(opened: Opened, needs: Needs, reach: Reach): Promise<Opened> {
  const { files } = opened.manifest;
  if (!opened.described.stored || files.length < 2) return opened;
  // The newest is likely still written to: nothing that is learnt of it would last.
  const newest = files.reduce((a, b) => (b.changed >= a.changed ? b : a));
  const spans = await spansOf(
    opened,
    needs,
    reach,
    files.filter((file) => file !== newest),
  );
  const wanted = files.filter((file) => {
    const span = spans.get(file);
    return span === undefined || reaches(span, reach);
  });
  const manifest = { ...opened.manifest, files: wanted };
  return {
    ...opened,
    manifest,
    described: await describe(opened.source, opened.session, manifest, opened.options),
  };
}

function reaches({ first, last, arrived, unreadable }: Span, { range, arrivedFrom }: Reach): boolean {
  const within = first !== null && last !== null && first < range.end && last >= range.start;
  return unreadable || within || (arrivedFrom !== null && arrived !== null && arrived >= arrivedFrom);
}

async function spansOf(
  opened: Opened,
  needs: Needs,
  reach: Reach,
  files: readonly FileEntry[],
): Promise<ReadonlyMap<FileEntry, Span>> {
  const { spans } = opened.source.memory;
  const key = (file: FileEntry): string => hashOf([file.stamp, opened.options, reach.time, reach.ingested]);
  const unknown = files.filter((file) => !spans.has(key(file)));
  if (spans.size + unknown.length > 100_000) spans.clear();
  for (const [file, span] of await learn(opened, needs, reach, unknown)) spans.set(key(file), span);
  return new Map(
    files.flatMap((file) => {
      const span = spans.get(key(file));
      return span === undefined ? [] : [[file, span]];
    }),
  );
}

async function learn(
  { source, session, options, manifest }: Opened,
  needs: Needs,
  { time, ingested }: Reach,
  files: readonly FileEntry[],
): Promise<ReadonlyMap<FileEntry, Span>> {
  if (files.length === 0) return new Map();
  const described = await describe(source, session, { ...manifest, files }, options);
  const r = described.relation(needs.instants, false);
  const sound = readable(r, needs.checks);
  const arrival = ingested === null ? sql`NULL` : r.instant(ingested);
  const columns = [
    r.file,
    ...[sql`min(${r.instant(time)})`, sql`max(${r.instant(time)})`, sql`max(${arrival})`].map(
      (part) => sql`${part} FILTER (WHERE ${sound})`,
    ),
    sql`count(*) FILTER (WHERE NOT ${known(sound)})`,
  ];
  const rows = await session.look(sql`SELECT ${join(columns, ', ')} FROM ${r.from} GROUP BY ALL`);
  const rejected = new Set((await described.rejected(session)).map(({ file }) => file));
  const found = new Map(rows.map((row) => [Number(row[0]), row]));
  const number = (value: unknown): number | null =>
    value === null || value === undefined ? null : Number(value);
  return new Map(
    files.map((file, i): [FileEntry, Span] => {
      const [, first, last, arrived, bad] = found.get(i) ?? [];
      const unreadable = Number(bad ?? 0) > 0 || rejected.has(i);
      return [file, { first: number(first), last: number(last), arrived: number(arrived), unreadable }];
    }),
  );
}
