/** Which files a dataset has, as they are at the start of a read: what one read sees, and what tells that nothing changed. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { ConnectorError } from '../../src/core/errors.ts';
import { hashOf } from '../../src/core/hash.ts';
import type { Session } from './duckdb.ts';
import type { DatasetOptions, Format } from './options.ts';
import { sql, text } from './sql.ts';

export interface FileEntry {
  /** Absolute. */
  readonly path: string;
  /** Relative to the source's folder, with `/`. */
  readonly name: string;
  readonly size: number;
  readonly compressed: boolean;
  /** Changes when the file does: identity, size and time of change. */
  readonly stamp: string;
}

export interface Manifest {
  /** By name, in code-point order; empty text files are left out. */
  readonly files: readonly FileEntry[];
  readonly format: Format;
  readonly hash: string;
}

/** Finds the dataset's files. Throws where there is none, where one may not be read, or their format is unclear. */
export async function takeManifest(
  session: Session,
  folder: string,
  options: DatasetOptions,
  where: string,
): Promise<Manifest> {
  const paths = new Set<string>();
  for (const pattern of options.files) {
    const found = await session.look(
      sql`SELECT file FROM glob(${text(`${literalPath(folder)}/${pattern}`)})`,
    );
    for (const [path] of found) if (typeof path === 'string') paths.add(path);
  }
  if (paths.size === 0) throw noFiles(folder, options, where);
  const entries = await Promise.all([...paths].map((path) => entryOf(folder, path, where)));
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const format = formatOf(entries, options, where);
  const files = format === 'parquet' ? entries : entries.filter((file) => file.size > 0);
  return { files, format, hash: hashOf(files.map((file) => [file.name, file.stamp])) };
}

/** A path in which DuckDB sees no pattern. */
export function literalPath(path: string): string {
  return path.replace(/[[*?]/g, '[$&]');
}

async function entryOf(folder: string, path: string, where: string): Promise<FileEntry> {
  try {
    const facts = await stat(path, { bigint: true });
    await access(path, constants.R_OK);
    const name = relative(folder, path).replaceAll('\\', '/');
    return {
      path: isAbsolute(path) ? path : join(folder, path),
      name,
      size: Number(facts.size),
      compressed: name.endsWith('.gz'),
      stamp: [facts.dev, facts.ino, facts.size, facts.mtimeNs].join(':'),
    };
  } catch (cause) {
    const gone = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new ConnectorError(`The file ${relative(folder, path)} can't be read`, {
      retryable: gone,
      where,
      help: gone ? 'It went away just now; the next try reads what is there.' : 'Check the rights on it.',
      cause,
    });
  }
}

function noFiles(folder: string, options: DatasetOptions, where: string): ConnectorError {
  return new ConnectorError(`No file matches ${options.files.join(', ')} in ${folder}`, {
    retryable: false,
    where,
    help: 'Check `path` of the source and `files` of the dataset.',
  });
}

const ENDINGS: readonly (readonly [RegExp, Format])[] = [
  [/\.(ndjson|jsonl|json)(\.gz)?$/i, 'ndjson'],
  [/\.(csv|tsv)(\.gz)?$/i, 'csv'],
  [/\.parquet$/i, 'parquet'],
];

function formatOf(files: readonly FileEntry[], options: DatasetOptions, where: string): Format {
  if (options.format !== undefined) return options.format;
  const formats = new Set(
    files.map(
      ({ name }) => ENDINGS.find(([ending]) => ending.test(name.replace(/\.[0-9]+(?=(\.gz)?$)/, '')))?.[1],
    ),
  );
  const [format] = formats;
  if (formats.size === 1 && format !== undefined) return format;
  throw new ConnectorError("The files' endings do not tell one format", {
    retryable: false,
    where,
    help: 'Write `format: ndjson`, `csv` or `parquet` in the dataset, and keep files of other formats out of `files`.',
  });
}

/** A number below 2^48 that changes with a file's content: of its size, its first and its last 64 KB. */
export async function contentMark(file: FileEntry): Promise<number> {
  const length = Math.min(file.size, 65_536);
  const handle = await open(file.path);
  try {
    const head = await handle.read(Buffer.alloc(length), 0, length, 0);
    const tail = await handle.read(Buffer.alloc(length), 0, length, file.size - length);
    const hash = createHash('sha256')
      .update(String(file.size))
      .update(head.buffer)
      .update(tail.buffer)
      .digest();
    return hash.readUIntBE(0, 6);
  } finally {
    await handle.close();
  }
}
