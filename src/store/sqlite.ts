/**
 * The Store port on SQLite: WAL, better-sqlite3 through Kysely, migrations on opening.
 */
import SqliteDatabase from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { StoreError } from '../core/errors.ts';
import type { Store } from '../ports/store.ts';
import { recordMethods } from './records.ts';
import { resultMethods } from './results.ts';
import type { Db } from './rows.ts';
import { migrations, type Tables } from './schema.ts';
import { sliceMethods } from './slices.ts';

/** Opens (and migrates) the SQLite file; `:memory:` for tests. Throws `StoreError` with what to do. */
export async function openSqlite(
  path: string,
  options: { readonly readOnly?: boolean } = {},
): Promise<Store> {
  const database = openFile(path, options.readOnly ?? false);
  const db: Db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
  if (options.readOnly !== true) await migrate(db, path);
  return {
    ...sliceMethods(db),
    ...recordMethods(db),
    ...resultMethods(db),
    close: () => db.destroy(),
  };
}

function openFile(path: string, readOnly: boolean): SqliteDatabase.Database {
  try {
    const database = new SqliteDatabase(path, { readonly: readOnly, fileMustExist: readOnly });
    database.pragma('busy_timeout = 10000');
    if (!readOnly) {
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = NORMAL');
      database.pragma('wal_autocheckpoint = 4000');
    }
    return database;
  } catch (cause) {
    throw new StoreError(
      `the store can't be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        where: path,
        help: readOnly
          ? 'Run `clause9 run`, `clause9 serve` or `clause9 demo` first: they make it.'
          : 'Check that the folder exists and may be written, and that the file is a clause9 store.',
        cause,
      },
    );
  }
}

async function migrate(db: Db, path: string): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw new StoreError("the store's tables can't be brought up to date", {
      where: path,
      help: 'A newer clause9 may have written it: use that version, or another file.',
      cause: error,
    });
  }
}
