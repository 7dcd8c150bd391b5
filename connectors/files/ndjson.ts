/**
 * NDJSON: a JSON object a line. A field `event.action` is found nested, under a name with the dot in it, and in any
 * mixture. A line that is no object is a row that is not sound.
 */
import type { FieldType } from '../../src/ports/connector.ts';
import type { Session } from './duckdb.ts';
import { type Field, packedField, packJson, qualified } from './field.ts';
import { lineReader } from './lines.ts';
import type { Manifest } from './manifest.ts';
import type { DatasetOptions } from './options.ts';
import { type Described, relationOf } from './relation.ts';
import { identifier, int, join, type Sql, sql, texts } from './sql.ts';

/** Lines looked at in each of the first and the last few files, to tell the types of fields. */
const SAMPLE_LINES = 5_000;
const SAMPLE_FILES = 3;

export function describeNdjson(session: Session, manifest: Manifest, options: DatasetOptions): Described {
  const rejects = session.tableName();
  return {
    types: async () => ({ ...(await sampleTypes(session, manifest, options)), ...options.types }),
    stored: true,
    emptyTexts: true,
    open: true,
    relation: (wanted, numbered) => {
      const json = wanted.map((_, i) => identifier(`json_${i}`));
      const packed = wanted.map((name, i) => packJson(json[i] ?? sql``, options.nulls, options.types[name]));
      const line = numbered ? sql`, line` : sql``;
      const number = numbered ? sql`, row_number() OVER () AS line` : sql``;
      const lines = sql`SELECT l, file_index AS file${number} FROM ${lineReader(manifest.files, rejects)}`;
      const pointers = texts(wanted.flatMap(pointersOf));
      const found = sql`SELECT *, CASE WHEN json_valid(l) THEN json_extract(l, ${pointers}) END AS found FROM (${lines})`;
      const values = extract(wanted).map((value, i) => sql`${value} AS ${json[i] ?? sql``}`);
      const sound = sql`json_valid(l) AND starts_with(ltrim(l), '{') AS sound`;
      const rows = sql`SELECT file${line}, hash(l) AS hash, ${join([sound, ...values], ', ')} FROM (${found}) WHERE trim(l) <> ''`;
      const columns = packed.map(({ one, list }, i) => sql`${one} AS ${one_(i)}, ${list} AS ${list_(i)}`);
      const from = sql`(SELECT ${join([sql`file${line}, hash, sound`, ...columns], ', ')} FROM (${rows})) AS r`;
      const fields = wanted.map((name, i): [string, Field] => [
        name,
        packedField(qualified(one_(i)), qualified(list_(i))),
      ]);
      const row = { file: sql`r.file`, row: sql`r.line`, hash: sql`r.hash`, sound: sql`r.sound` };
      return relationOf({ from, ...row }, new Map(fields), options);
    },
    rejected: async (inSession) => {
      const found = await inSession.look(
        sql`SELECT file_id, line, min(line_byte_position), min(error_message) FROM ${identifier(rejects)} GROUP BY ALL ORDER BY ALL`,
      );
      return found.map(([file, _line, byte, why]) => ({
        file: Number(file),
        byte: Number(byte),
        rowsBefore: null,
        why: String(why),
      }));
    },
  };
}

const one_ = (i: number): Sql => identifier(`one_${i}`);
const list_ = (i: number): Sql => identifier(`list_${i}`);

/** The first that is there of a field's ways to be written, as JSON text. */
function extract(names: readonly string[]): Sql[] {
  let at = 0;
  return names.map((name) => {
    const ways = pointersOf(name).map(() => {
      at += 1;
      return sql`nullif(CAST(found[${int(at)}] AS VARCHAR), 'null')`;
    });
    return sql`coalesce(${join(ways, ', ')})`;
  });
}

/** JSON pointers to every way to write a dotted name: all nested, all in one, and what is between. */
function pointersOf(name: string): string[] {
  const [first = '', ...rest] = name.split('.');
  let ways: string[][] = [[first]];
  for (const [i, segment] of rest.entries()) {
    const nested = ways.map((way) => [...way, segment]);
    const joined = ways.map((way) => [...way.slice(0, -1), `${way.at(-1)}.${segment}`]);
    // Beyond six segments, only the two plain ways.
    ways = i < 5 ? [...joined, ...nested] : [...joined.slice(0, 1), ...nested.slice(-1)];
  }
  return ways.map((way) =>
    way.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
  );
}

async function sampleTypes(
  session: Session,
  manifest: Manifest,
  options: DatasetOptions,
): Promise<Record<string, FieldType>> {
  const { files } = manifest;
  const sampled = new Set([...files.slice(0, SAMPLE_FILES), ...files.slice(-SAMPLE_FILES)]);
  const types: Record<string, FieldType> = {};
  for (const file of sampled) {
    const one = lineReader([file], session.tableName());
    const lines = await session.look(
      sql`SELECT l FROM ${one} WHERE l IS NOT NULL AND json_valid(l) LIMIT ${int(SAMPLE_LINES)}`,
    );
    for (const [line] of lines) if (typeof line === 'string') collect(types, '', parse(line));
  }
  for (const name of Object.keys(types)) if (options.timeFormats[name] !== undefined) types[name] = 'time';
  return types;
}

/** DuckDB takes some lines for JSON that JavaScript does not, such as NaN: they tell no types. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function collect(types: Record<string, FieldType>, name: string, value: unknown): void {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) {
    for (const item of value)
      note(types, name, typeof item === 'object' && item !== null ? 'unknown' : typeOf(item));
  } else if (typeof value === 'object') {
    for (const [key, inner] of Object.entries(value))
      collect(types, name === '' ? key : `${name}.${key}`, inner);
  } else {
    note(types, name, typeOf(value));
  }
}

function note(types: Record<string, FieldType>, name: string, type: FieldType | null): void {
  if (type === null) return;
  const known = Object.hasOwn(types, name) ? types[name] : undefined;
  types[name] = known === undefined || known === type ? type : 'mixed';
}

function typeOf(value: unknown): FieldType | null {
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'string' ? 'text' : null;
}
