/** The text files themselves: their first bytes, and which line a byte stands in. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { type FileEntry, literalPath } from './manifest.ts';
import { type Sql, sql, text, texts } from './sql.ts';

const START = 65_536;

/** The first 64 KB at most, uncompressed, as text without a byte order mark. */
export async function readStart(file: FileEntry): Promise<string> {
  const handle = await open(file.path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(START), 0, START, 0);
    const bytes = buffer.subarray(0, bytesRead);
    const plain = file.compressed ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes;
    return new TextDecoder().decode(plain.subarray(0, START));
  } finally {
    await handle.close();
  }
}

/** The 1-based line that the byte (counted from 0, uncompressed) stands in. */
export async function lineAt(file: FileEntry, byte: number): Promise<number> {
  let line = 1;
  let passed = 0;
  for await (const bytes of bytesOf(file)) {
    const end = Math.min(bytes.length, byte - passed);
    for (let i = bytes.indexOf(LF); i >= 0 && i < end; i = bytes.indexOf(LF, i + 1)) line += 1;
    passed += bytes.length;
    if (passed >= byte) break;
  }
  return line;
}

/** The 1-based line of a row that `lineReader` gives: to DuckDB, each end of CR LF ends a line. */
export async function lineOfRow(file: FileEntry, row: number): Promise<number> {
  let line = 1;
  let ends = 1;
  for await (const bytes of bytesOf(file)) {
    for (const byte of bytes) {
      if (ends === row) return line;
      if (byte === LF) line += 1;
      if (byte === LF || byte === CR) ends += 1;
    }
  }
  return line;
}

const LF = 10;
const CR = 13;

async function* bytesOf(file: FileEntry): AsyncGenerator<Buffer> {
  const stream = createReadStream(file.path);
  try {
    for await (const chunk of file.compressed ? stream.pipe(createGunzip()) : stream) yield chunk;
  } finally {
    stream.destroy();
  }
}

/** Whether the file's last line is finished; a compressed file's is. */
export async function endsWithNewline(file: FileEntry): Promise<boolean> {
  if (file.compressed) return true;
  const handle = await open(file.path);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    return bytesRead === 0 || buffer[0] === 10;
  } finally {
    await handle.close();
  }
}

/**
 * Each line as one text `l`, NULL where it is empty. JSON has no raw control characters and a line of CSV is only
 * counted, so the delimiter does not matter.
 */
export function lineReader(files: readonly FileEntry[], rejects: string): Sql {
  const paths = files.map((file) => literalPath(file.path));
  return sql`read_csv(${texts(paths)}, columns = {l: 'VARCHAR'}, auto_detect = false, header = false, delim = chr(1), quote = '', escape = '', new_line = '\\n', strict_mode = false, max_line_size = 8388608, buffer_size = 16777216, store_rejects = true, rejects_table = ${text(rejects)}, rejects_scan = ${text(`${rejects}_scans`)})`;
}
