import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterAll, describe, expect, it } from 'vitest';
import { storeContract } from '../../test/contract/store.ts';
import {
  at,
  between,
  result,
  save,
  saveResultsOf,
  slice,
  twoSeries,
} from '../../test/contract/store-data.ts';
import { StoreError } from '../core/errors.ts';
import { DAY } from '../core/time/interval.ts';
import { migrations } from './schema.ts';
import { openSqlite } from './sqlite.ts';

const folder = mkdtempSync(join(tmpdir(), 'clause9-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newPath = () => join(folder, `${files++}.db`);

storeContract('SQLite in memory', () => openSqlite(':memory:'));
storeContract('SQLite in a file', () => openSqlite(newPath()));

describe('a SQLite file', () => {
  it('has another version after someone else wrote, and the same while nobody does', async () => {
    const path = newPath();
    const [writer, reader] = [await openSqlite(path), await openSqlite(path, { readOnly: true })];
    const before = await reader.version();
    expect(await reader.version()).toBe(before);
    await saveResultsOf(writer, 'sla', [result('sla', 1, 93)], { evaluated: between(1, 1) });
    const after = await reader.version();
    expect(after).not.toBe(before);
    expect(await reader.version()).toBe(after);
    await Promise.all([writer.close(), reader.close()]);
  });

  it('holds everything for the process that opens it next', async () => {
    const path = newPath();
    const first = await openSqlite(path);
    const [id] = await twoSeries(first);
    await save(first, at(5), [slice(id, 0, 3)]);
    await saveResultsOf(first, 'sla', [result('sla', 1, 93)], { evaluated: between(1, 1) });
    await first.close();
    const second = await openSqlite(path);
    expect((await twoSeries(second))[0]).toBe(id);
    expect(await second.slices(id, between(0, 1))).toMatchObject([{ revision: 1 }]);
    expect((await second.coverage([id])).get(id)).toEqual([between(0, 1)]);
    expect((await second.touched()).rows).toHaveLength(1);
    expect(await second.results({ kpi: 'sla' })).toHaveLength(1);
    await second.close();
  });

  it('can be read while another process writes it, and is then written by nobody else', async () => {
    const path = newPath();
    const writer = await openSqlite(path);
    const reader = await openSqlite(path, { readOnly: true });
    await saveResultsOf(writer, 'sla', [result('sla', 1, 93)]);
    expect(await reader.results({ kpi: 'sla' })).toHaveLength(1);
    await expect(saveResultsOf(reader, 'sla', [result('sla', 2, 93)])).rejects.toThrow(/readonly/);
    await reader.close();
    await writer.close();
  });
});

describe('a store of an older clause9', () => {
  /** As it was before that migration; to be closed. */
  const older = async (path: string, before: string) => {
    const database = new SqliteDatabase(path);
    const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
    const known = Object.entries(migrations).filter(([name]) => name < before);
    const provider = { getMigrations: async () => Object.fromEntries(known) };
    await new Migrator({ db, provider }).migrateToLatest();
    return { database, db };
  };

  it('keeps its blocks of days', async () => {
    const path = newPath();
    const { database, db } = await older(path, '0004');
    database.exec(`insert into block values (1, ${at(24)}, '{"[]":{"n":5}}', 1, null)`);
    await db.destroy();
    const store = await openSqlite(path);
    const block = { start: at(24), end: at(48), tallies: { '[]': { n: 5 } }, partial: 1, events: null };
    expect(await store.blocks([1], { start: at(0), end: at(48) }, DAY)).toEqual(new Map([[1, [block]]]));
    await store.close();
  });

  it('keeps the evidence of its reads to the letter', async () => {
    const path = newPath();
    const { database, db } = await older(path, '0003');
    const evidence = {
      query: 'from 2026-03-02T00:00:00Z',
      parameters: [1772413200000],
      warnings: ['slow'],
      tookMs: 3,
      job: 'x',
    };
    const insert = database.prepare("insert into read (dataset, as_of, evidence) values ('logons', ?, ?)");
    for (let hour = 1; hour <= 1200; hour++)
      insert.run(at(hour), JSON.stringify({ ...evidence, tookMs: hour }));
    await db.destroy();
    await expect(openSqlite(path, { readOnly: true })).rejects.toThrow(/older clause9/);
    const store = await openSqlite(path);
    const read = await store.reads('logons', at(2000), 2000);
    expect(read.map((one) => one.evidence)).toEqual(
      Array.from({ length: 1200 }, (_, index) => ({ ...evidence, tookMs: 1200 - index })),
    );
    await store.close();
    const texts = new SqliteDatabase(path, { readonly: true });
    expect(texts.prepare('select count(*) as n from text').get()).toEqual({ n: 1 });
    texts.close();
  });
});

describe('what is no store', () => {
  const openError = (path: string, readOnly: boolean): Promise<unknown> =>
    openSqlite(path, { readOnly }).then(
      () => 'it was opened',
      (error: unknown) => error,
    );

  const text = () => {
    const path = newPath();
    writeFileSync(path, 'kpi,value\nsla,93\n'.repeat(100));
    return path;
  };
  const foreign = () => {
    const path = newPath();
    const database = new SqliteDatabase(path);
    database.exec('create table dashboard (id integer primary key, title text)');
    database.close();
    return path;
  };
  const empty = () => {
    const path = newPath();
    writeFileSync(path, '');
    return path;
  };
  const newer = async () => {
    const path = newPath();
    await (await openSqlite(path)).close();
    const database = new SqliteDatabase(path);
    database.exec("insert into kysely_migration values ('9999-newer', '2030-01-01')");
    database.close();
    return path;
  };

  it.each([
    ['a text file', text, false, 'another file'],
    ['a text file, to be read', text, true, 'another file'],
    ["another program's database", foreign, false, 'another file'],
    ["another program's database, to be read", foreign, true, 'another file'],
    ['an empty file, to be read', empty, true, 'clause9 run'],
    ['no file, to be read', newPath, true, 'clause9 run'],
    ['a file in a folder that is not there', () => join(folder, 'none', 'x.db'), false, 'folder exists'],
    ["a newer clause9's store", newer, false, 'newer clause9'],
    ["a newer clause9's store, to be read", newer, true, 'newer clause9'],
  ])('is refused by saying where and what to do: %s', async (_, make, readOnly, help) => {
    const path = await make();
    const error = await openError(path, readOnly);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ where: path, help: expect.stringContaining(help) });
  });

  it('stays as it was', async () => {
    for (const make of [text, foreign]) {
      const path = make();
      const before = readFileSync(path);
      await openError(path, false);
      expect(readFileSync(path).equals(before)).toBe(true);
    }
  });
});
