/** Rows of a dataset's files as something to select from, whatever their format. */
import type { FieldTypes } from '../../src/ports/connector.ts';
import type { Session } from './duckdb.ts';
import { type Field, qualified, rebuild } from './field.ts';
import { instantOf } from './instant.ts';
import type { DatasetOptions } from './options.ts';
import { identifier, join, known, type Sql, sql } from './sql.ts';

/** To be selected from under the alias `r`. */
export interface Relation {
  readonly from: Sql;
  /** Only names that the relation was made with. */
  field(name: string): Field;
  /** The field as milliseconds since 1970; NULL where it is no time. */
  instant(name: string): Sql;
  /** Index of the file in the manifest, from 0. */
  readonly file: Sql;
  /** Where the row stands in its file, from 1: a line, for NDJSON. Costs the reader its parallelism. */
  readonly row: Sql;
  /** A whole number that changes with the row's content, or with its file's. */
  readonly hash: Sql;
  /** Whether the line could be read at all; null where a line that can't be is no row. */
  readonly sound: Sql | null;
}

/** The files of a dataset, described: the fields they have, and their rows. */
export interface Described {
  types(): Promise<FieldTypes>;
  /** Text is read once a call, into a table; Parquet is queried where it lies. */
  readonly stored: boolean;
  readonly emptyTexts: boolean;
  /** Whether a field that is not among the types may still be in some row. */
  readonly open: boolean;
  relation(names: readonly string[], numbered: boolean): Relation;
  /** Lines that a query over the relation, run in this session, left out because they are no rows. */
  rejected(session: Session): Promise<Rejected[]>;
}

export interface Rejected {
  readonly file: number;
  /** Where the line begins in the uncompressed file. */
  readonly byte: number;
  /** Rows of the file before it; null where that can't be known. */
  readonly rowsBefore: number | null;
  readonly why: string;
}

export function timeFormats(options: DatasetOptions, name: string): readonly string[] {
  const formats = options.timeFormats[name] ?? [];
  return typeof formats === 'string' ? [formats] : formats;
}

/** A relation whose fields are computed from their columns. */
export function relationOf(
  parts: Omit<Relation, 'field' | 'instant'>,
  fields: ReadonlyMap<string, Field>,
  options: DatasetOptions,
): Relation {
  const field = (name: string): Field => {
    const found = fields.get(name);
    if (found === undefined) throw new Error(`the relation was made without the field "${name}"`);
    return found;
  };
  return {
    ...parts,
    field,
    instant: (name) => instantOf(field(name), timeFormats(options, name), options.timeZone),
  };
}

/**
 * Reads a relation once, into a table of this session, so that all further queries see the same rows: those that
 * pass `keep`, and those that are not `readable`.
 */
export async function store(
  session: Session,
  relation: Relation,
  needs: {
    readonly fields: readonly string[];
    readonly instants: readonly string[];
    readonly numbered: boolean;
  },
  conditions: { readonly readable: (r: Relation) => Sql; readonly keep: (r: Relation) => Sql },
): Promise<Relation> {
  const table = identifier(session.tableName());
  const instantColumns = needs.instants.map((_, i) => identifier(`instant_${i}`));
  const rebuilt = needs.fields.map((name, i) => ({
    name,
    ...rebuild(relation.field(name), (part) => qualified(identifier(`field_${i}_${part}`))),
  }));
  const columns = [
    sql`${relation.file} AS file`,
    ...(needs.numbered ? [sql`${relation.row} AS line`] : []),
    sql`${relation.hash} AS hash`,
    sql`${relation.sound ?? sql`true`} AS sound`,
    ...rebuilt.flatMap((field, i) =>
      field.columns.map((column, part) => sql`${column} AS ${identifier(`field_${i}_${part}`)}`),
    ),
    ...needs.instants.map((name, i) => sql`${relation.instant(name)} AS ${instantColumns[i] ?? table}`),
  ];
  const fields = new Map(rebuilt.map(({ name, field }) => [name, field]));
  const stored: Relation = {
    from: sql`${table} AS r`,
    field: (name) => fields.get(name) ?? relation.field(name),
    instant: (name) => qualified(instantColumns[needs.instants.indexOf(name)] ?? table),
    file: sql`r.file`,
    row: sql`r.line`,
    hash: sql`r.hash`,
    sound: relation.sound === null ? null : sql`r.sound`,
  };
  const kept = sql`NOT ${known(conditions.readable(stored))} OR ${conditions.keep(stored)}`;
  await session.all(
    sql`CREATE TABLE ${table} AS SELECT * FROM (SELECT ${join(columns, ', ')} FROM ${relation.from}) AS r WHERE ${kept}`,
  );
  for (const name of await withoutLists(session, stored, needs.fields)) {
    fields.set(name, { ...stored.field(name), list: null });
  }
  return stored;
}

/** Fields that may have had lists, and have none: then they are as quick as if they could not. */
async function withoutLists(session: Session, stored: Relation, names: readonly string[]): Promise<string[]> {
  const either = names.filter((name) => stored.field(name).one !== null && stored.field(name).list !== null);
  if (either.length === 0) return [];
  const counts = either.map((name) => sql`count(${stored.field(name).list ?? sql`NULL`})`);
  const [found = []] = await session.look(sql`SELECT ${join(counts, ', ')} FROM ${stored.from}`);
  return either.filter((_, i) => Number(found[i]) === 0);
}
