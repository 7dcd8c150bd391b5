/** Parquet: typed columns, nested ones as dotted names, read where they lie, and only those that a query names. */
import { DuckDBListType, DuckDBStructType, type DuckDBType, DuckDBTypeId } from '@duckdb/node-api';
import { DAY } from '../../src/core/time/interval.ts';
import type { FieldType } from '../../src/ports/connector.ts';
import type { Session } from './duckdb.ts';
import { ABSENT, type Field, packedField, packJson, textField, timeField } from './field.ts';
import { literalPath, type Manifest } from './manifest.ts';
import type { DatasetOptions } from './options.ts';
import { type Described, relationOf } from './relation.ts';
import { double, identifier, int, ints, join, type Sql, sql, texts } from './sql.ts';
import { booleanViews, type DeclaredType, integerViews, numberViews, textViews } from './views.ts';

/** `marks` changes with a file's content: a row's hash is its file's. */
export async function describeParquet(
  session: Session,
  manifest: Manifest,
  marks: readonly number[],
  options: DatasetOptions,
): Promise<Described> {
  const from = sql`read_parquet(${texts(manifest.files.map((file) => literalPath(file.path)))}, union_by_name = true) AS r`;
  const columns = await session.columns(sql`SELECT * FROM ${from} LIMIT 0`);
  const fields = new Map<string, Field>();
  for (const { name, type } of columns) collect(fields, name, sql`r.${identifier(name)}`, type, options);
  const types = Object.fromEntries(
    [...fields].map(([name, field]) => [name, typeOf(field, options.types[name])]),
  );
  const hash =
    marks.length === 1 ? sql`(${ints(marks)})[1]` : sql`(${ints(marks)})[CAST(r.file_index AS BIGINT) + 1]`;
  return {
    types: async () => types,
    stored: false,
    emptyTexts: true,
    open: false,
    relation: (names) => {
      // A declared field need not be in any file.
      const wanted = new Map(names.map((name) => [name, fields.get(name) ?? ABSENT]));
      const row = { file: sql`r.file_index`, row: sql`r.file_row_number + 1`, hash, sound: null };
      return relationOf({ from, ...row }, wanted, options);
    },
    rejected: async () => [],
  };
}

function collect(
  fields: Map<string, Field>,
  name: string,
  column: Sql,
  type: DuckDBType,
  options: DatasetOptions,
): void {
  if (type instanceof DuckDBStructType) {
    for (const [i, entry] of type.entryNames.entries()) {
      const inner = type.entryTypes[i];
      if (inner !== undefined)
        collect(fields, `${name}.${entry}`, join([column, identifier(entry)], '.'), inner, options);
    }
    return;
  }
  const field = fieldOf(column, type, options, options.types[name]);
  if (field !== null && !fields.has(name)) fields.set(name, field);
}

const WHOLE: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
]);
const FRACTIONAL: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
]);
const UNZONED: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TIMESTAMP,
  DuckDBTypeId.TIMESTAMP_S,
  DuckDBTypeId.TIMESTAMP_MS,
  DuckDBTypeId.TIMESTAMP_NS,
  DuckDBTypeId.DATE,
]);

/** Null for a type that no filter can read, such as a map or bytes. */
function fieldOf(
  column: Sql,
  type: DuckDBType,
  options: DatasetOptions,
  declared: DeclaredType,
): Field | null {
  if (type instanceof DuckDBListType) {
    const element = fieldOf(column, type.valueType, options, declared);
    const scalar = element !== null && element.list === null && element.instant === null;
    return scalar ? { ...element, one: null, list: column } : null;
  }
  const one = (views: Field['views']): Field => ({ one: column, list: null, instant: null, views });
  const { typeId } = type;
  if (type.alias === 'JSON') {
    const packed = packJson(sql`CAST(${column} AS VARCHAR)`, options.nulls, declared);
    return packedField(packed.one, packed.list);
  }
  if (typeId === DuckDBTypeId.VARCHAR) return textField(column, options.nulls, declared);
  if (typeId === DuckDBTypeId.ENUM || typeId === DuckDBTypeId.UUID) {
    return one((value) => textViews(sql`CAST(${value} AS VARCHAR)`, options.nulls, declared));
  }
  if (typeId === DuckDBTypeId.BOOLEAN) return one(booleanViews);
  if (declared === 'text' && (WHOLE.has(typeId) || FRACTIONAL.has(typeId))) {
    const canonical = WHOLE.has(typeId) ? integerViews : numberViews;
    return one((value) => textViews(canonical(value).text, [], 'text'));
  }
  if (WHOLE.has(typeId)) return one(integerViews);
  if (FRACTIONAL.has(typeId)) return one((value) => numberViews(sql`CAST(${value} AS DOUBLE)`));
  if (typeId === DuckDBTypeId.TIMESTAMP_TZ) {
    return timeField(
      column,
      sql`epoch_ms(${column})`,
      between(column, (instant) => sql`to_timestamp(${double(instant / 1000)})`),
    );
  }
  if (UNZONED.has(typeId)) {
    const near =
      typeId === DuckDBTypeId.TIMESTAMP
        ? between(column, (instant) => sql`make_timestamp(${int(instant * 1000)})`)
        : undefined;
    return timeField(column, unzoned(column, options.timeZone), near);
  }
  return null;
}

/** A day wide of the mark at both ends: more than any zone is away from UTC. */
function between(column: Sql, time: (instant: number) => Sql): Field['near'] {
  return (start, end) => sql`${column} >= ${time(start - DAY)} AND ${column} < ${time(end + DAY)}`;
}

function unzoned(column: Sql, timeZone: string): Sql {
  if (timeZone === 'UTC') return sql`epoch_ms(${column})`;
  return sql`epoch_ms(timezone(current_setting('TimeZone'), CAST(${column} AS TIMESTAMP)))`;
}

function typeOf(field: Field, declared: DeclaredType): FieldType {
  if (declared !== undefined) return declared;
  if (field.instant !== null) return 'time';
  const views = field.views(sql`x`);
  if (field.one !== null && field.list !== null) return 'unknown';
  if (views.boolean !== null) return 'boolean';
  return views.number === null ? 'text' : 'number';
}
