/**
 * A copy of the store as it is at one instant, made while another process writes it. The copy is under the asked name
 * only once it is whole, checked and on the disk; a file that is there already stays unless told.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type SqliteDatabase from 'better-sqlite3';
import { StoreError } from '../core/errors.ts';
import { openFile } from './sqlite.ts';

/** What is only ever added to: the copy has at least what was there before it was made, at most what is there after. */
const COUNTED = ['definition', 'result'] as const;

export interface Backup {
  readonly path: string;
  readonly bytes: number;
  readonly results: number;
}

/** Throws `StoreError` where there is no store, the target is there already or can't be written, or the copy is not whole. */
export function backUp(path: string, target: string, options: { readonly force: boolean }): Backup {
  if (resolve(path) === resolve(target)) {
    throw new StoreError('a store can not be its own backup', { where: target, help: 'Name another file.' });
  }
  requireFree(target, options.force);
  const unchecked = `${target}.${process.pid}.part`;
  try {
    const results = copyTo(path, unchecked);
    if (!options.force) requireFree(target, false);
    renameSync(unchecked, target);
    syncTo(dirname(resolve(target)));
    return { path: target, bytes: statSync(target).size, results };
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError(`the backup can't be written: ${message}`, {
      where: target,
      help: 'Check that the folder exists, may be written and has room for the whole store.',
      cause,
    });
  } finally {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${unchecked}${suffix}`, { force: true });
  }
}

function requireFree(target: string, force: boolean): void {
  if (force || !existsSync(target)) return;
  throw new StoreError('there is a file of that name already', {
    where: target,
    help: 'Name another file, or overwrite it with --force.',
  });
}

/** Copies, syncs and checks; returns the number of results in the copy. */
function copyTo(path: string, target: string): number {
  const source = openFile(path, true);
  try {
    const before = countsOf(source);
    source.prepare('vacuum into ?').run(target);
    // SQLite leaves it to the caller to wait for the disk (https://sqlite.org/lang_vacuum.html).
    syncTo(target);
    const after = countsOf(source);
    const copied = checkedCounts(target);
    const isWhole = COUNTED.every((table) => copied[table] >= before[table] && copied[table] <= after[table]);
    if (!isWhole) {
      const said = JSON.stringify({ before, copied, after });
      throw new StoreError(`the copy does not hold what the store holds: ${said}`, {
        where: target,
        help: 'Nothing was kept of it. Try again; if it stays so, report it.',
      });
    }
    return copied.result;
  } finally {
    source.close();
  }
}

type Counts = Readonly<Record<(typeof COUNTED)[number], number>>;

function countsOf(database: SqliteDatabase.Database): Counts {
  const count = (table: string) =>
    database.prepare<[], { n: number }>(`select count(*) as n from ${table}`).get()?.n ?? 0;
  return { definition: count('definition'), result: count('result') };
}

function checkedCounts(path: string): Counts {
  const copy = openFile(path, true);
  try {
    const found = copy.prepare<[], { integrity_check: string }>('pragma integrity_check(1)').get();
    if (found?.integrity_check !== 'ok') {
      throw new StoreError(`the copy is damaged: ${found?.integrity_check}`, {
        where: path,
        help: 'Nothing was kept of it. The disk, or the store itself, may be at fault: check it with `pragma integrity_check`.',
      });
    }
    return countsOf(copy);
  } finally {
    copy.close();
  }
}

function syncTo(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
