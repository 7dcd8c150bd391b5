/** CSV: texts, by the names in the header line or in the configuration. A line that is no row is left out and told. */
import { ConnectorError } from '../../src/core/errors.ts';
import type { FieldType } from '../../src/ports/connector.ts';
import type { Session } from './duckdb.ts';
import { type Field, textField } from './field.ts';
import { readStart } from './lines.ts';
import { type FileEntry, literalPath, type Manifest } from './manifest.ts';
import type { DatasetOptions } from './options.ts';
import { type Described, relationOf } from './relation.ts';
import { identifier, ints, join, type Sql, sql, text, texts } from './sql.ts';

/** Files with the same columns, read together. */
interface Group {
  readonly names: readonly string[];
  /** Indices in the manifest. */
  readonly files: readonly number[];
  /** Where DuckDB writes down what it could not read. */
  readonly rejects: string;
}

export async function describeCsv(
  session: Session,
  manifest: Manifest,
  options: DatasetOptions,
): Promise<Described> {
  const groups = await groupByHeader(session, manifest, options);
  const names = [...new Set(groups.flatMap((group) => group.names)), ...Object.keys(options.types)];
  return {
    types: async () => Object.fromEntries(names.map((name) => [name, typeOf(name, options)])),
    stored: true,
    emptyTexts: false,
    open: false,
    relation: (wanted, numbered) => {
      const selects = groups.map((group) => selectGroup(group, wanted, manifest, options, numbered));
      const fields = new Map<string, Field>(
        wanted.map((name, i) => [name, textField(sql`r.${column(i)}`, [], options.types[name])]),
      );
      const from = sql`(${join(selects, ' UNION ALL ')}) AS r`;
      return relationOf(
        { from, file: sql`r.file`, row: sql`r.line`, hash: sql`r.hash`, sound: null },
        fields,
        options,
      );
    },
    rejected: async (inSession) => {
      const all = await Promise.all(groups.map((group) => rejectedOf(inSession, group, options)));
      return all.flat();
    },
  };
}

function typeOf(name: string, options: DatasetOptions): FieldType {
  return options.types[name] ?? (options.timeFormats[name] === undefined ? 'text' : 'time');
}

const column = (i: number): Sql => identifier(`column_${i}`);

function selectGroup(
  group: Group,
  wanted: readonly string[],
  manifest: Manifest,
  options: DatasetOptions,
  numbered: boolean,
): Sql {
  const all = group.names.map((_, i) => sql`c.${identifier(`c${i}`)}`);
  const columns = wanted.map((name, i) => {
    const value = all[group.names.indexOf(name)] ?? sql`CAST(NULL AS VARCHAR)`;
    return sql`${value} AS ${column(i)}`;
  });
  const parts = [
    sql`(${ints(group.files)})[CAST(c.file_index AS BIGINT) + 1] AS file`,
    sql`hash(${join(all, ', ')}) AS hash`,
    ...(numbered ? [sql`row_number() OVER () AS line`] : []),
    ...columns,
  ];
  return sql`SELECT ${join(parts, ', ')} FROM ${reader(group, manifest, options)} AS c`;
}

function reader(group: Group, manifest: Manifest, options: DatasetOptions): Sql {
  const paths = group.files.flatMap((i) => manifest.files[i]?.path ?? []).map(literalPath);
  const columns = join(
    group.names.map((_, i) => sql`${identifier(`c${i}`)}: 'VARCHAR'`),
    ', ',
  );
  const header = options.columns === undefined ? sql`true` : sql`false`;
  return sql`read_csv(${texts(paths)}, columns = {${columns}}, auto_detect = false, header = ${header}, delim = ${text(delimiterOf(manifest, group, options))}, quote = '"', escape = '"', nullstr = ${texts(['', ...options.nulls])}, store_rejects = true, rejects_table = ${text(group.rejects)}, rejects_scan = ${text(`${group.rejects}_scans`)})`;
}

function delimiterOf(manifest: Manifest, group: Group, options: DatasetOptions): string {
  const first = manifest.files[group.files[0] ?? 0];
  return options.delimiter ?? (first !== undefined && /\.tsv\b/i.test(first.name) ? '\t' : ',');
}

async function groupByHeader(
  session: Session,
  manifest: Manifest,
  options: DatasetOptions,
): Promise<Group[]> {
  const groups = new Map<string, { names: readonly string[]; files: number[] }>();
  for (const [i, file] of manifest.files.entries()) {
    const tab = /\.tsv\b/i.test(file.name);
    const names =
      options.columns ?? uniqueNames(await headerOf(file, options.delimiter ?? (tab ? '\t' : ',')));
    const key = JSON.stringify([names, tab]);
    const group = groups.get(key) ?? { names, files: [] };
    group.files.push(i);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => ({ ...group, rejects: session.tableName() }));
}

async function headerOf(file: FileEntry, delimiter: string): Promise<string[]> {
  const start = await readStart(file);
  const names = firstRecord(start, delimiter);
  if (names !== null) return names;
  throw new ConnectorError(`The header line of ${file.name} has no end in its first 64 KB`, {
    retryable: false,
    help: 'Check `delimiter` and `format`; name the columns in `columns` where the files have no header line.',
  });
}

/** The fields of the first record; null where it does not end. */
function firstRecord(start: string, delimiter: string): string[] | null {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < start.length; i += 1) {
    const character = start.charAt(i);
    if (quoted && character === '"' && start.charAt(i + 1) === '"') {
      field += '"';
      i += 1;
    } else if (character === '"') {
      quoted = !quoted;
    } else if (!quoted && (character === '\n' || character === '\r')) {
      return [...fields, field];
    } else if (!quoted && character === delimiter) {
      fields.push(field);
      field = '';
    } else {
      field += character;
    }
  }
  return quoted || start.length >= 65_536 ? null : [...fields, field];
}

/** A name that occurs again gets `_1`, `_2`, …; an empty one is named by its place. */
function uniqueNames(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((name, i) => {
    const base = name === '' ? `column${i}` : name;
    let unique = base;
    for (let n = 1; used.has(unique); n += 1) unique = `${base}_${n}`;
    used.add(unique);
    return unique;
  });
}

async function rejectedOf(
  session: Session,
  group: Group,
  options: DatasetOptions,
): ReturnType<Described['rejected']> {
  const found = await session.look(
    sql`SELECT file_id, line, min(line_byte_position), min(error_message) FROM ${identifier(group.rejects)} GROUP BY ALL ORDER BY ALL`,
  );
  const header = options.columns === undefined ? 1 : 0;
  const before = new Map<number, number>();
  return found.map(([id, line, byte, why]) => {
    const file = group.files[Number(id)] ?? 0;
    const earlier = before.get(file) ?? 0;
    before.set(file, earlier + 1);
    return { file, byte: Number(byte), rowsBefore: Number(line) - 1 - header - earlier, why: String(why) };
  });
}
