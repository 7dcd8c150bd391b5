/**
 * The Store port on SQLite: WAL, better-sqlite3 through Kysely, migrations on opening.
 */
import SqliteDatabase from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { StoreError } from '../core/errors.ts';
import type { Store } from '../ports/store.ts';
import { answerMethods } from './answers.ts';
import { readMethods } from './reads.ts';
import { recordMethods } from './records.ts';
import { resultMethods } from './results.ts';
import { rolledMethods } from './rolled.ts';
import type { Db } from './rows.ts';
import { migrations, type Tables } from './schema.ts';
import { sliceMethods } from './slices.ts';

export interface StoreOptions {
  readonly readOnly?: boolean;
  /** Nothing waits for the disk: a crash of the machine (not of clause9) may lose all. For what is made anew each time. */
  readonly isThrowaway?: boolean;
}

/** Opens (and migrates) the SQLite file; `:memory:` for tests. Throws `StoreError` with what to do. */
export async function openSqlite(path: string, options: StoreOptions = {}): Promise<Store> {
  const readOnly = options.readOnly ?? false;
  const database = openFile(path, readOnly);
  if (readOnly) requireCurrent(database, path);
  if (options.isThrowaway === true) database.pragma('synchronous = OFF');
  const db: Db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
  if (!readOnly) await migrate(db, path);
  return {
    ...sliceMethods(db),
    ...rolledMethods(db),
    ...readMethods(db),
    ...recordMethods(db),
    ...answerMethods(db),
    ...resultMethods(db),
    close: () => db.destroy(),
  };
}

const RUN_FIRST = 'Run `clause9 run`, `clause9 serve` or `clause9 demo` first: they make it.';
const OTHER_FILE = 'Name another file in `store`: this one belongs to another program.';
const NEWER = 'A newer clause9 may have written it: use that version, or another file.';

/** The file with its settings, if it is a store of clause9 (or to become one). Throws `StoreError`. */
export function openFile(path: string, readOnly: boolean): SqliteDatabase.Database {
  let database: SqliteDatabase.Database | null = null;
  try {
    database = new SqliteDatabase(path, { readonly: readOnly, fileMustExist: readOnly });
    database.pragma('busy_timeout = 10000');
    database.pragma('cache_size = -4096');
    requireStore(database, path, readOnly);
    if (!readOnly) {
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = NORMAL');
      database.pragma('wal_autocheckpoint = 4000');
    }
    return database;
  } catch (cause) {
    database?.close();
    throw cause instanceof StoreError ? cause : openError(path, readOnly, cause);
  }
}

function openError(path: string, readOnly: boolean, cause: unknown): StoreError {
  const isOther = cause instanceof SqliteDatabase.SqliteError && cause.code === 'SQLITE_NOTADB';
  const help = readOnly ? RUN_FIRST : 'Check that the folder exists and may be written.';
  const message = cause instanceof Error ? cause.message : String(cause);
  return new StoreError(`the store can't be opened: ${message}`, {
    where: path,
    help: isOther ? OTHER_FILE : help,
    cause,
  });
}

/** Looks before anything is written: the tables of another program, or of a newer clause9, are left alone. */
function requireStore(database: SqliteDatabase.Database, path: string, readOnly: boolean): void {
  const names = (query: string) =>
    database
      .prepare<[], { name: string }>(query)
      .all()
      .map((row) => row.name);
  const tables = names("select name from sqlite_master where type = 'table'");
  if (tables.length === 0) {
    if (!readOnly) return;
    throw new StoreError('the store is empty', { where: path, help: RUN_FIRST });
  }
  const isOurs = tables.includes('kysely_migration') && tables.includes('slice');
  if (!isOurs) throw new StoreError('this is no store of clause9', { where: path, help: OTHER_FILE });
  const unknown = names('select name from kysely_migration').filter(
    (name) => !Object.hasOwn(migrations, name),
  );
  if (unknown.length > 0) {
    throw new StoreError(`the store has tables that this clause9 does not know (${unknown.join(', ')})`, {
      where: path,
      help: NEWER,
    });
  }
}

/** Who only reads can't bring the tables up to date. */
function requireCurrent(database: SqliteDatabase.Database, path: string): void {
  const made =
    database.prepare<[], { n: number }>('select count(*) as n from kysely_migration').get()?.n ?? 0;
  if (made >= Object.keys(migrations).length) return;
  database.close();
  throw new StoreError('the store is of an older clause9', {
    where: path,
    help: 'Run `clause9 run` or `clause9 serve` once: they bring it up to date.',
  });
}

async function migrate(db: Db, path: string): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw new StoreError("the store's tables can't be brought up to date", {
      where: path,
      help: NEWER,
      cause: error,
    });
  }
}
