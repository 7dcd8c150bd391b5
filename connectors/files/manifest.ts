/** Which files a dataset has, as they are at the start of a read: what one read sees, and what tells that nothing changed. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConnectorError } from '../../src/core/errors.ts';
import { hashOf } from '../../src/core/hash.ts';
import { findFiles } from './glob.ts';
import type { DatasetOptions, Format } from './options.ts';

export interface FileEntry {
  /** Absolute. */
  readonly path: string;
  /** Relative to the source's folder, with `/`. */
  readonly name: string;
  readonly size: number;
  readonly compressed: boolean;
  /** Changes when the file does: identity, size and time of change. */
  readonly stamp: string;
  /** When it was last written to, in milliseconds. */
  readonly changed: number;
}

export interface Manifest {
  /** By name, in code-point order; empty text files are left out. */
  readonly files: readonly FileEntry[];
  readonly format: Format;
  readonly hash: string;
}

/** Finds the dataset's files. Throws where there is none, where one may not be read, or their format is unclear. */
export async function takeManifest(
  folder: string,
  options: DatasetOptions,
  where: string,
): Promise<Manifest> {
  const names = new Set<string>();
  for (const pattern of options.files) {
    for (const name of await find(folder, pattern, where)) names.add(name);
  }
  if (names.size === 0) throw noFiles(folder, options, where);
  const entries = await Promise.all([...names].map((name) => entryOf(folder, name, where)));
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const format = formatOf(entries, options, where);
  const files = format === 'parquet' ? entries : entries.filter((file) => file.size > 0);
  return { files, format, hash: hashOf(files.map((file) => [file.name, file.stamp])) };
}

async function find(folder: string, pattern: string, where: string): Promise<Set<string>> {
  try {
    return await findFiles(folder, pattern);
  } catch (cause) {
    throw unreadable(`The files ${pattern} in ${folder} can't be listed`, where, cause);
  }
}

/** A path in which DuckDB sees no pattern. */
export function literalPath(path: string): string {
  return path.replace(/[[*?]/g, '[$&]');
}

async function entryOf(folder: string, name: string, where: string): Promise<FileEntry> {
  const path = join(folder, name);
  try {
    const facts = await stat(path, { bigint: true });
    await access(path, constants.R_OK);
    const stamp = [facts.dev, facts.ino, facts.size, facts.mtimeNs].join(':');
    const changed = Number(facts.mtimeMs);
    return { path, name, size: Number(facts.size), compressed: name.endsWith('.gz'), stamp, changed };
  } catch (cause) {
    throw unreadable(`The file ${name} can't be read`, where, cause);
  }
}

function unreadable(message: string, where: string, cause: unknown): ConnectorError {
  const gone = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  const help = gone
    ? 'It is not there; if it went away just now, the next try reads what is there.'
    : 'Check the rights on it.';
  return new ConnectorError(message, { retryable: gone, where, help, cause });
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

/** By the ending; undefined where it tells none. */
export function formatByName(name: string): Format | undefined {
  const plain = name.replace(/\.[0-9]+(?=(\.gz)?$)/, '');
  return ENDINGS.find(([ending]) => ending.test(plain))?.[1];
}

function formatOf(files: readonly FileEntry[], options: DatasetOptions, where: string): Format {
  if (options.format !== undefined) return options.format;
  const formats = new Set(files.map(({ name }) => formatByName(name)));
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
