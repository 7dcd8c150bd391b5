/** One folder of files, open: the engine, what it has learnt about unchanging files, and the reads of its datasets. */
import type { Dataset } from '../../src/config/model.ts';
import { nearest } from '../../src/core/definition/suggest.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { hashOf } from '../../src/core/hash.ts';
import { describeCsv } from './csv.ts';
import type { Engine, Session } from './duckdb.ts';
import { ABSENT, hasValue } from './field.ts';
import { contentMark, type FileEntry, type Manifest, takeManifest } from './manifest.ts';
import { describeNdjson } from './ndjson.ts';
import { type DatasetOptions, datasetOptions, type SourceOptions } from './options.ts';
import { describeParquet } from './parquet.ts';
import { type Described, type Relation, relationOf, store } from './relation.ts';
import type { Span } from './span.ts';
import { FALSE, type Sql, sql } from './sql.ts';

export interface Source {
  readonly name: string;
  /** As the configuration writes it, for the source's identity. */
  readonly path: string;
  /** Absolute. */
  readonly folder: string;
  readonly engine: Engine;
  readonly options: SourceOptions;
  readonly memory: Memory;
}

/** What holds as long as files don't change: kept, so that small reads stay small. */
export interface Memory {
  /** File stamp → mark of its content. */
  readonly marks: Map<string, number>;
  /** Manifest and options → Parquet described. */
  readonly parquet: Map<string, Described>;
  /** Dataset → names of fields that it has. */
  readonly fields: Map<string, Set<string>>;
  /** File or manifest, and checks → lines that can't be read. */
  readonly gaps: Map<string, Unreadable>;
  /** File and time fields → its times. */
  readonly spans: Map<string, Span>;
}

export interface Gap {
  /** Milliseconds, both ends included; infinite where no time is known. */
  readonly from: number;
  readonly to: number;
  readonly note: string;
}

/** Lines that could not be read. */
export interface Unreadable {
  readonly count: number;
  readonly gaps: readonly Gap[];
  /** The first of them by file and line, and how many more there are. */
  readonly warnings: readonly string[];
}

export interface Opened {
  readonly source: Source;
  readonly dataset: Dataset;
  readonly options: DatasetOptions;
  readonly session: Session;
  readonly manifest: Manifest;
  readonly described: Described;
}

/** Begins a call: finds the files and what they are. Close the session at the end. */
export async function openDataset(source: Source, dataset: Dataset, signal: AbortSignal): Promise<Opened> {
  const options = parseOptions(dataset);
  const session = await source.engine.session(signal, options.timeZone);
  try {
    const manifest = await takeManifest(source.folder, options, dataset.name);
    const described = await describe(source, session, manifest, options);
    return { source, dataset, options, session, manifest, described };
  } catch (error) {
    await session.close();
    throw error;
  }
}

function parseOptions(dataset: Dataset): DatasetOptions {
  if (dataset.filter !== null) {
    throw new ConnectorError('A dataset of files takes no `filter`', {
      retryable: false,
      where: dataset.name,
      help: 'Narrow it by `files`, or by `where` in the measures.',
    });
  }
  const parsed = datasetOptions.safeParse(dataset.options);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConnectorError(`${issue?.path.join('.') ?? 'options'}: ${issue?.message ?? 'not valid'}`, {
    retryable: false,
    where: dataset.name,
    cause: parsed.error,
  });
}

export async function describe(
  source: Source,
  session: Session,
  manifest: Manifest,
  options: DatasetOptions,
): Promise<Described> {
  if (manifest.files.length === 0) return NOTHING;
  if (manifest.format === 'csv') return describeCsv(session, manifest, options);
  if (manifest.format === 'ndjson') return describeNdjson(session, manifest, options);
  const key = hashOf([manifest.hash, options]);
  const remembered = source.memory.parquet.get(key);
  if (remembered !== undefined) return remembered;
  const marks: number[] = [];
  for (const file of manifest.files) marks.push(await markOf(source, file));
  const described = await describeParquet(session, manifest, marks, options);
  if (source.memory.parquet.size > 100) source.memory.parquet.clear();
  source.memory.parquet.set(key, described);
  return described;
}

async function markOf(source: Source, file: FileEntry): Promise<number> {
  const known = source.memory.marks.get(file.stamp);
  if (known !== undefined) return known;
  const mark = await contentMark(file);
  source.memory.marks.set(file.stamp, mark);
  return mark;
}

/** Files that are all empty: no fields are known, so any may be asked for. */
const NOTHING: Described = {
  types: async () => ({}),
  stored: true,
  emptyTexts: true,
  open: true,
  relation: (names) =>
    relationOf(
      {
        from: sql`(SELECT CAST(0 AS BIGINT) AS file, CAST(0 AS BIGINT) AS line, CAST(0 AS BIGINT) AS hash WHERE ${FALSE}) AS r`,
        file: sql`r.file`,
        row: sql`r.line`,
        hash: sql`r.hash`,
        sound: null,
      },
      new Map(names.map((name) => [name, ABSENT])),
      datasetOptions.parse({ files: '*' }),
    ),
  rejected: async () => [],
};

/** What must hold of a row that can be read. */
export interface Check {
  readonly holds: (r: Relation) => Sql;
  /** What is wrong with a row of which it doesn't. */
  readonly why: string;
}

export interface Needs {
  readonly fields: readonly string[];
  /** Fields that are read as times. */
  readonly instants: readonly string[];
  readonly numbered: boolean;
  readonly checks: readonly Check[];
  /** The rows that the call is about; may use all fields and instants. */
  readonly keep: (r: Relation) => Sql;
}

/** The rows to query. Throws for a field that the files don't have. */
export async function openRelation(opened: Opened, needs: Needs): Promise<Relation> {
  const names = [...new Set([...needs.fields, ...needs.instants])];
  await requireFields(opened, names);
  const relation = opened.described.relation(names, needs.numbered);
  if (!opened.described.stored) return relation;
  return store(
    opened.session,
    relation,
    { ...needs, fields: names },
    { readable: (r) => readable(r, needs.checks), keep: needs.keep },
  );
}

/** A line that is a row, and passes all checks. */
export function readable(r: Relation, checks: readonly Check[]): Sql {
  const conditions = checks.map((check) => check.holds(r));
  if (r.sound !== null) conditions.unshift(r.sound);
  return conditions.reduce((all, condition) => sql`${all} AND ${condition}`, sql`true`);
}

/** Throws for a field that the files don't have. */
export async function requireFields(opened: Opened, names: readonly string[]): Promise<void> {
  const { source, dataset, described, manifest } = opened;
  if (manifest.files.length === 0) return;
  const key = `${dataset.name} ${hashOf(opened.options)}`;
  const known = source.memory.fields.get(key) ?? new Set(Object.keys(opened.options.types));
  source.memory.fields.set(key, known);
  if (names.every((name) => known.has(name))) return;
  for (const name of Object.keys(await described.types())) known.add(name);
  for (const name of names) {
    if (known.has(name)) continue;
    if (described.open && (await occurs(opened, name))) known.add(name);
    else throw unknownField(name, known, dataset.name);
  }
}

async function occurs({ described, session }: Opened, name: string): Promise<boolean> {
  const r = described.relation([name], false);
  const found = await session.look(sql`SELECT 1 FROM ${r.from} WHERE ${hasValue(r.field(name))} LIMIT 1`);
  return found.length > 0;
}

function unknownField(name: string, known: ReadonlySet<string>, where: string): ConnectorError {
  const near = nearest(name, known);
  const meant = near === null ? '' : `Did you mean "${near}"? `;
  return new ConnectorError(`No row of the files has a field "${name}"`, {
    retryable: false,
    where,
    help: `${meant}A field that is only rarely there can be declared: \`types: {${name}: text}\` in the dataset.`,
  });
}

/** The fields that the dataset declares to be times. */
export function timesOf(dataset: Dataset): string[] {
  if (dataset.kind === 'snapshot') return [];
  const more = dataset.kind === 'events' ? [dataset.time] : [dataset.opened, ...dataset.closed, dataset.due];
  return [...more, dataset.ingested].filter((name) => name !== null);
}
