/**
 * Makes incidents.parquet from the data set as UCI publishes it (see README.md):
 * `node examples/incident-log/make.ts PATH_TO_ZIP_OR_CSV`. The same input gives the same file.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';

const output = join(import.meta.dirname, 'incidents.parquet');

/** The log's times carry no zone; they are taken as UTC. */
const time = (name: string) => `timezone('UTC', strptime(${name}, '%d/%m/%Y %H:%M')) AS ${name}`;
const as = (type: string) => (name: string) => `CAST(${name} AS ${type}) AS ${name}`;
const [text, whole, boolean] = [as('VARCHAR'), as('INTEGER'), as('BOOLEAN')];

/** What is kept, in this order. README.md says what is left out, and why. */
const columns = [
  text('number'),
  text('ident_state'),
  boolean('active'),
  whole('reassignment_count'),
  whole('reopen_count'),
  whole('sys_mod_count'),
  boolean('made_sla'),
  time('opened_at'),
  time('sys_updated_at'),
  text('contact_type'),
  text('category'),
  whole('priority'),
  whole('impact'),
  whole('urgency'),
  text('assignment_group'),
  time('resolved_at'),
  time('closed_at'),
];

/** A dictionary only for columns of few values: the long runs of the others zstd shortens better without. */
const format = [
  'FORMAT parquet',
  'PARQUET_VERSION v1',
  'COMPRESSION zstd',
  'COMPRESSION_LEVEL 22',
  'ROW_GROUP_SIZE 200000',
  'DICTIONARY_SIZE_LIMIT 1000',
].join(', ');

/**
 * Rows stay in the source's order: it breaks ties between versions of a case, and keeps a case's rows together, which
 * makes the file 40 % smaller than the order of time.
 */
async function convert(csv: string): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const source = `read_csv($csv, all_varchar = true, header = true, nullstr = '?')`;
  await connection.run(`CREATE TABLE log AS SELECT ${columns.join(', ')} FROM ${source}`, { csv });
  await connection.run(`COPY log TO '${output.replaceAll("'", "''")}' (${format})`);
  const reader = await connection.runAndReadAll('SELECT count(*)::INTEGER FROM log');
  connection.closeSync();
  return Number(reader.getRows()[0]?.[0]);
}

/** The only file in a zip archive (APPNOTE.TXT 4.3.12 and 4.3.7: central directory, then the file's own header). */
function unzip(archive: Buffer): Buffer {
  const end = archive.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  if (end < 0 || archive.readUInt16LE(end + 10) !== 1)
    throw new Error('expected a zip archive with one file in it');
  const entry = archive.readUInt32LE(end + 16);
  const header = archive.readUInt32LE(entry + 42);
  const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
  return inflateRawSync(archive.subarray(start, start + archive.readUInt32LE(entry + 20)));
}

const [input] = process.argv.slice(2);
if (input === undefined) {
  console.error('Usage: node examples/incident-log/make.ts PATH_TO_ZIP_OR_CSV');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'incident-log-'));
try {
  const csv = join(folder, 'log.csv');
  writeFileSync(csv, input.endsWith('.zip') ? unzip(readFileSync(input)) : readFileSync(input));
  const rows = await convert(csv);
  console.log(`${rows} rows, ${statSync(output).size} bytes: ${output}`);
} finally {
  rmSync(folder, { recursive: true });
}
