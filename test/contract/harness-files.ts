/** Files as a source for the contract of connectors, in every format. */
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { files } from '../../connectors/files/index.ts';
import { fieldKinds } from '../../connectors/files/kinds.ts';
import type { Dataset } from '../../src/config/model.ts';
import type { FieldValue, Filter } from '../../src/core/filter/model.ts';
import { literalOf } from '../../src/core/filter/pattern.ts';
import { canonicalText, numericValue } from '../../src/core/filter/value.ts';
import type { Instant } from '../../src/core/time/interval.ts';
import { FIELDS } from './connector-data.ts';
import {
  type ConnectorHarness,
  type ContractSource,
  contractDatasets,
  type StoredRow,
} from './connector-harness.ts';

export const EXTENSIONS = ['ndjson', 'ndjson.gz', 'csv', 'csv.gz', 'parquet'] as const;
type Extension = (typeof EXTENSIONS)[number];

const REFUSED = [
  '',
  'SELECT "event.action" FROM events LIMIT 1',
  'SELECT 1 AS n FROM events',
  'SELECT 1 AS n FROM events WHERE false',
  'SELECT 1 AS n, 2 AS n',
  'SELECT 1 AS n; SELECT 2 AS n',
  'SELECT no_such_field AS n FROM events',
  'SELECT $end - $other AS n',
  "COPY (SELECT 1 AS n) TO 'stolen.csv'",
  "SELECT count(*) AS n FROM read_text('/etc/hostname')",
  'DELETE FROM events',
];

export function filesHarness(extension: Extension): ConnectorHarness {
  const csv = extension.startsWith('csv');
  return {
    create: () => createSource(extension),
    hold: csv ? holdText : extension === 'parquet' ? holdTyped : (_, value) => value,
    // CSV can't tell an empty text from none.
    refuses: (filter) => csv && testsEmpty(filter),
    fieldKinds: {
      kinds: async () => fieldKinds.filter(({ name }) => extension.startsWith(name.toLowerCase())),
      fields: Object.fromEntries(
        fieldKinds.flatMap(({ name }) => (extension.startsWith(name.toLowerCase()) ? [[name, FIELDS]] : [])),
      ),
    },
    native: [
      {
        language: 'sql',
        count: 'SELECT count(*) AS n FROM events',
        sum: 'SELECT sum(CAST("http.bytes" AS DOUBLE)) AS n FROM events WHERE "@timestamp" >= $start AND "@timestamp" < $end',
        refused: REFUSED,
      },
    ],
    // 29/3/2026 could be a day of several formats: it is not guessed at.
    ...(csv ? { discoversTime: null } : {}),
  };
}

function testsEmpty(filter: Filter): boolean {
  if (filter.op === 'test')
    return filter.predicate.kind === 'text' && literalOf(filter.predicate.pattern) === '';
  if (filter.op === 'not') return testsEmpty(filter.of);
  return filter.op === 'everything' ? false : filter.of.some(testsEmpty);
}

function first(value: FieldValue): FieldValue {
  return typeof value === 'object' && value !== null ? value.find((item) => item !== null) : value;
}

function holdText(_: string, value: FieldValue): FieldValue {
  const one = first(value);
  if (typeof one === 'object' || one === undefined || one === '') return null;
  return canonicalText(one);
}

const TYPES: Readonly<Record<string, string>> = {
  'http.bytes': 'DOUBLE',
  flag: 'BOOLEAN',
  'user.name': 'VARCHAR[]',
  tags: 'VARCHAR[]',
  priority: 'BIGINT',
  revision: 'INTEGER',
};

function holdTyped(field: string, value: FieldValue): FieldValue {
  const type = TYPES[field] ?? 'VARCHAR';
  if (value === null || value === undefined) return null;
  if (type === 'VARCHAR[]') {
    const list = typeof value === 'object' ? value : [value];
    return list.map((item) => (item === null ? null : canonicalText(item)));
  }
  const one = first(value);
  if (one === null || one === undefined || typeof one === 'object') return null;
  if (type === 'BOOLEAN') return typeof one === 'boolean' ? one : null;
  return type === 'VARCHAR' ? canonicalText(one) : numericValue(one);
}

async function createSource(extension: Extension): Promise<ContractSource> {
  const folder = await mkdtemp(join(tmpdir(), 'clause9-contract-'));
  const connector = await files.open(
    { name: 'site', type: 'files', maxConcurrentSearches: 2, options: { path: '.' } },
    folder,
  );
  const timeFormats = extension.startsWith('csv') ? { '@timestamp': '%d/%m/%Y %H:%M:%S.%g' } : {};
  const options = (name: string) => ({ files: `${name}/*.${extension}`, timeFormats });
  const parts = new Map<string, number>();
  const write = async (dataset: Dataset, rows: readonly StoredRow[], part: number): Promise<void> => {
    const path = join(folder, dataset.name, `part.${extension}`);
    await mkdir(dirname(path), { recursive: true });
    if (extension === 'parquet')
      return writeParquet(join(folder, dataset.name, `part-${part}.parquet`), rows);
    const content = extension.startsWith('csv') ? csvOf(rows, part === 0) : ndjsonOf(rows);
    const bytes = extension.endsWith('.gz') ? gzipSync(content) : Buffer.from(content);
    await (part === 0 ? writeFile(path, bytes) : appendFile(path, bytes));
  };
  return {
    connector,
    ...contractDatasets('site', options),
    replace: async (dataset, rows) => {
      await rm(join(folder, dataset.name), { recursive: true, force: true });
      parts.set(dataset.name, 0);
      await write(dataset, rows, 0);
    },
    append: async (dataset, rows) => {
      const part = (parts.get(dataset.name) ?? 0) + 1;
      parts.set(dataset.name, part);
      await write(dataset, rows, part);
    },
    taint: async (dataset) => {
      if (extension === 'parquet' && dataset.kind === 'snapshot') return false;
      if (extension === 'parquet') {
        const times = { '@timestamp': null, 'event.ingested': null, updated: null, opened: null };
        await writeParquet(join(folder, dataset.name, 'part-99.parquet'), [{ times, fields: {} }]);
        return true;
      }
      const content = extension.startsWith('csv') ? `${'x,'.repeat(99)}\n` : '{"half": \n';
      const bytes = extension.endsWith('.gz') ? gzipSync(content) : content;
      await appendFile(join(folder, dataset.name, `part.${extension}`), bytes);
      return true;
    },
    close: async () => {
      await connector.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** By turns nested, with dots in the names, and half of each. */
function ndjsonOf(rows: readonly StoredRow[]): string {
  return rows.map((row, i) => `${JSON.stringify(objectOf(row, i % 3))}\n`).join('');
}

function objectOf({ times, fields }: StoredRow, style: number): object {
  const object: Record<string, unknown> = {};
  const entries = [
    ...Object.entries(times).map(([name, time]) => [name, writeTime(name, time)] as const),
    ...Object.entries(fields),
  ];
  for (const [i, [name, value]] of entries.entries()) {
    const [head = '', ...rest] = name.split('.');
    if (style === 0 || (style === 2 && i % 2 === 0) || rest.length === 0) object[name] = value;
    else object[head] = { ...Object(object[head]), [rest.join('.')]: value };
  }
  return object;
}

/** An offset from UTC in one field, milliseconds since 1970 in the others. */
function writeTime(name: string, time: Instant | null): unknown {
  if (time === null || name !== '@timestamp') return time;
  return new Date(time + 7_200_000).toISOString().replace('Z', '+02:00');
}

const CSV_COLUMNS = ['@timestamp', 'event.ingested', 'opened', 'closed', 'due', 'updated'];
const CSV_FIELDS = [
  'event.action',
  'user.name',
  'event.code',
  'http.bytes',
  'source.ip',
  'flag',
  'tags',
  'odd.name of/it~',
  'id',
  'revision',
  'state',
  'priority',
  'team.name',
];

function csvOf(rows: readonly StoredRow[], header: boolean): string {
  const lines = rows.map(({ times, fields }) => [
    ...CSV_COLUMNS.map((name) => csvTime(name, times[name])),
    ...CSV_FIELDS.map((name) => String(holdText(name, fields[name]) ?? '')),
  ]);
  const all = header ? [[...CSV_COLUMNS, ...CSV_FIELDS], ...lines] : lines;
  return all.map((line) => `${line.map(quote).join(',')}\n`).join('');
}

/** Unpadded, without a zone. */
function csvTime(name: string, time: Instant | null | undefined): string {
  if (time === null || time === undefined) return '';
  const date = new Date(time);
  if (name !== '@timestamp') return date.toISOString();
  const clock = `${date.getUTCHours()}:${date.getUTCMinutes()}:${date.getUTCSeconds()}`;
  return `${date.getUTCDate()}/${date.getUTCMonth() + 1}/${date.getUTCFullYear()} ${clock}.${String(date.getUTCMilliseconds()).padStart(3, '0')}`;
}

function quote(value: string): string {
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** Typed columns, written by DuckDB itself. */
async function writeParquet(path: string, rows: readonly StoredRow[]): Promise<void> {
  const columns = [
    ...CSV_COLUMNS.map((name) => [name, 'BIGINT'] as const),
    ...CSV_FIELDS.map((name) => [name, TYPES[name] ?? 'VARCHAR'] as const),
  ];
  const lines = rows.map(({ times, fields }) => {
    const held = CSV_FIELDS.map((name) => [name, holdTyped(name, fields[name])] as const);
    return `${JSON.stringify({ ...times, ...Object.fromEntries(held) })}\n`;
  });
  await writeFile(`${path}.tmp`, lines.join(''));
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  const schema = columns.map(([name, type]) => `${quoted(name)}: '${type}'`).join(', ');
  const select = columns.map(([name, type]) =>
    type === 'BIGINT' && CSV_COLUMNS.includes(name)
      ? `make_timestamp(${quoted(name)} * 1000) AS ${quoted(name)}`
      : quoted(name),
  );
  const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' });
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT ${select.join(', ')} FROM read_json('${path}.tmp', format = 'newline_delimited', columns = {${schema}})) TO '${path}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
  await rm(`${path}.tmp`);
}
