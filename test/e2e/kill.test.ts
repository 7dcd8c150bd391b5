import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqlite } from '../../src/store/sqlite.ts';
import { DEFINITIONS, randomFrom, STEPS } from './kill-scenario.ts';

const KILLS = 50;
const SEED = 20260302;

const folder = mkdtempSync(join(tmpdir(), 'clause9-kill-'));
afterAll(() => rmSync(folder, { recursive: true }));

const program = fileURLToPath(new URL('kill-child.ts', import.meta.url));
const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') };
const start = (path: string): ChildProcess =>
  spawn(process.execPath, [program, path], { env, stdio: ['ignore', 'pipe', 'inherit'] });

/** Runs until it ends, or until it is killed `delayMs` after its line number `lines`; gives its lines. */
async function run(path: string, kill?: { readonly lines: number; readonly delayMs: number }) {
  const child = start(path);
  if (child.stdout === null) throw new Error('the child has no output');
  const said: string[] = [];
  const shoot = () => setTimeout(() => child.kill('SIGKILL'), kill?.delayMs);
  if (kill?.lines === 0) shoot();
  for await (const line of createInterface(child.stdout)) {
    said.push(line);
    if (said.length === kill?.lines) shoot();
  }
  const signal = child.signalCode ?? (child.exitCode === null ? await closed(child) : null);
  return { said, signal, code: child.exitCode };
}

const closed = (child: ChildProcess) =>
  new Promise<NodeJS.Signals | null>((resolve) => child.once('close', (_, signal) => resolve(signal)));

/** All that was ever said, revision by revision, but for the numbers that rows have. */
async function allRevisions(path: string): Promise<Map<string, string>> {
  const store = await openSqlite(path, { readOnly: true });
  const all = new Map<string, string>();
  for (const { id } of DEFINITIONS) {
    for (const { start, end, group } of await store.results({ kpi: id })) {
      const revisions = await store.revisions(id, { start, end }, group);
      all.set(
        `${id} ${end} ${JSON.stringify(group)}`,
        JSON.stringify(revisions.map(({ id: _, supersedes: __, ...said }) => said)),
      );
    }
  }
  await store.close();
  return all;
}

const countOf = (path: string, what: string): number => {
  const database = new SqliteDatabase(path, { readonly: true });
  const row = database.prepare<[], { n: number }>(`select count(*) as n from ${what}`).get();
  database.close();
  return row?.n ?? -1;
};

describe('a process that is killed', () => {
  it(`at ${KILLS} random moments has lost nothing and doubled nothing`, { timeout: 180_000 }, async () => {
    const [calm, killed] = [join(folder, 'calm.db'), join(folder, 'killed.db')];
    const undisturbed = run(calm);
    const random = randomFrom(SEED);
    for (let kills = 0; kills < KILLS; kills++) {
      const kill = { lines: Math.floor(random() * 8), delayMs: random() * 15 };
      const life = await run(killed, kill);
      expect(life, `kill ${kills} of seed ${SEED}`).toMatchObject({ signal: 'SIGKILL' });
    }
    expect((await run(killed)).said.at(-1)).toBe('ends');
    expect((await undisturbed).said).toHaveLength(STEPS.length + 2);

    const [expected, actual] = [await allRevisions(calm), await allRevisions(killed)];
    expect(expected.size).toBeGreaterThan(1_500);
    expect([...expected.values()].some((revisions) => JSON.parse(revisions).length > 2)).toBe(true);
    const names = [...new Set([...expected.keys(), ...actual.keys()])];
    const differences = names.filter((name) => expected.get(name) !== actual.get(name));
    const both = (name: string) => `${name}: ${expected.get(name)}, killed: ${actual.get(name)}`;
    expect(differences.map(both)).toEqual([]);
    for (const what of ['result', 'slice', 'slice_history', 'record', 'series', 'record_set', 'definition']) {
      expect(countOf(killed, what), what).toBe(countOf(calm, what));
    }
    const database = new SqliteDatabase(killed, { readonly: true });
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    database.close();
  });
});
