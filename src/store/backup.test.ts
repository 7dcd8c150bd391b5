import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { result, saveResultsOf } from '../../test/contract/store-data.ts';
import { StoreError } from '../core/errors.ts';
import { backUp } from './backup.ts';
import { openSqlite } from './sqlite.ts';

const root = mkdtempSync(join(tmpdir(), 'clause9-backup-'));
afterAll(() => rmSync(root, { recursive: true }));
const newFolder = () => mkdtempSync(join(root, 'case-'));

async function storeWith(results: number): Promise<{ readonly path: string; readonly target: string }> {
  const folder = newFolder();
  const path = join(folder, 'clause9.db');
  const store = await openSqlite(path);
  for (let hour = 1; hour <= results; hour++) await saveResultsOf(store, 'sla', [result('sla', hour, hour)]);
  await store.close();
  return { path, target: join(folder, 'copy.db') };
}

const nextMessage = (worker: Worker) =>
  new Promise<unknown>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });

/** The values of the results in a store, in time order. */
async function valuesIn(path: string): Promise<(number | null)[]> {
  const store = await openSqlite(path, { readOnly: true });
  const values = (await store.results({ kpi: 'sla' })).map(({ value }) => value);
  await store.close();
  return values;
}

const fromOneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('a backup', () => {
  it('made while another thread writes holds the store as it was at one instant', async () => {
    const { path, target } = await storeWith(0);
    const worker = new Worker(new URL('../../test/fakes/store-writer.ts', import.meta.url), {
      workerData: path,
    });
    await nextMessage(worker);
    const copies = ['a', 'b', 'c'].map((name) => backUp(path, `${target}.${name}`, { force: false }));
    const last = nextMessage(worker);
    worker.postMessage('stop');
    const written = Number(await last);
    for (const copy of copies) {
      const values = await valuesIn(copy.path);
      expect(values).toEqual(fromOneTo(copy.results));
      expect(copy.results).toBeGreaterThanOrEqual(20);
      expect(copy.results).toBeLessThanOrEqual(written);
      const store = await openSqlite(copy.path);
      const [series] = await store.knownSeries(['counted']);
      const slices = await store.slices(series?.id ?? -1, { start: 0, end: Number.MAX_SAFE_INTEGER });
      // A slice is written before its result.
      expect([copy.results, copy.results + 1]).toContain(slices.length);
      await store.close();
    }
    expect(await valuesIn(path)).toEqual(fromOneTo(written));
  });

  it('is a store like the one it was made of, and needs nothing beside it', async () => {
    const { path, target } = await storeWith(3);
    const made = backUp(path, target, { force: false });
    expect(made).toEqual({ path: target, bytes: readFileSync(target).length, results: 3 });
    rmSync(path);
    expect(await valuesIn(target)).toEqual([1, 2, 3]);
  });

  it('leaves nothing else behind', async () => {
    const { path, target } = await storeWith(1);
    backUp(path, target, { force: false });
    expect(readdirSync(join(path, '..')).filter((name) => name.includes('part'))).toEqual([]);
  });

  it('overwrites a file only when told', async () => {
    const { path, target } = await storeWith(2);
    writeFileSync(target, 'the only copy of something');
    expect(() => backUp(path, target, { force: false })).toThrow(/already/);
    expect(readFileSync(target, 'utf8')).toBe('the only copy of something');
    backUp(path, target, { force: true });
    expect(await valuesIn(target)).toEqual([1, 2]);
  });

  it('of a damaged store is refused, and what was there before stays', async () => {
    const { path, target } = await storeWith(40);
    writeFileSync(target, 'the backup of yesterday');
    const bytes = readFileSync(path);
    // The page at the end of the file belongs to a table or an index; its header is made to lie.
    bytes.fill(0xff, bytes.length - 4096, bytes.length - 4000);
    writeFileSync(path, bytes);
    expect(() => backUp(path, target, { force: true })).toThrow(StoreError);
    expect(readFileSync(target, 'utf8')).toBe('the backup of yesterday');
    expect(readdirSync(join(path, '..')).filter((name) => name.includes('part'))).toEqual([]);
  });

  it.each([
    ['of no store', (path: string) => `${path}.none`, (target: string) => target, /can't be opened/],
    ['onto itself', (path: string) => path, () => null, /its own backup/],
    [
      'into a folder that is not there',
      (path: string) => path,
      (target: string) => join(target, 'x'),
      /can't be written/,
    ],
  ])('%s says so', async (_, from, to, message) => {
    const { path, target } = await storeWith(1);
    expect(() => backUp(from(path), to(target) ?? path, { force: true })).toThrow(message);
    expect(existsSync(path)).toBe(true);
    expect(await valuesIn(path)).toEqual([1]);
  });

  it('of a store that another program has made its own is refused', async () => {
    const folder = newFolder();
    const path = join(folder, 'other.db');
    const other = new SqliteDatabase(path);
    other.exec('create table dashboard (id integer primary key)');
    other.close();
    expect(() => backUp(path, join(folder, 'copy.db'), { force: false })).toThrow(/no store of clause9/);
  });
});
