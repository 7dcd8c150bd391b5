import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { configOf, events, kpi, records, runLoop, snapshot } from '../../../test/fakes/loop.ts';
import { at, eventsAt } from '../../../test/fakes/loop-bench.ts';
import { memorySource } from '../../../test/fakes/memory-connector.ts';
import { pseudonymsBy } from '../../core/pseudonym.ts';
import { HOUR } from '../../core/time/interval.ts';
import { openSqlite } from '../../store/sqlite.ts';
import { explainResult } from '../explain/explain.ts';

const DAILY = { calendar: 'day', timeZone: 'UTC' };
const pseudonymise = ['user.name'];
const datasets = [
  events('logons', { fields: { 'user.name': 'user' }, pseudonymise }),
  events('mails'),
  records('cases', {
    key: 'owner',
    due: null,
    fields: { 'user.name': 'owner' },
    pseudonymise: ['user.name', 'owner'],
  }),
  snapshot('admins', { everyMs: HOUR, pseudonymise }),
];
const of = (dataset: string, more: object) => ({
  measures: { n: { dataset, aggregate: 'count', ...more } },
  window: DAILY,
});
const isAdmin = { 'user.name|in': { dataset: 'admins', field: 'user.name' } };
const definitions = [
  kpi({ id: 'by-user', ...of('logons', {}), groupBy: ['user.name'] }),
  kpi({ id: 'users', ...of('logons', { aggregate: { distinct: 'user.name' } }) }),
  kpi({ id: 'of-alice', ...of('logons', { where: { 'user.name': 'alice@example.org' } }) }),
  kpi({ id: 'of-admins', ...of('logons', { where: isAdmin }) }),
  kpi({ id: 'cases', ...of('cases', { cohort: 'opened' }), groupBy: ['user.name'] }),
];
const ROWS = {
  logons: eventsAt([1, 2, 3], { user: 'alice@example.org' }).concat(
    eventsAt([4], { user: 'bob@example.org' }),
  ),
  cases: ['alice@example.org', 'bob@example.org'].map((owner) => ({
    v: 1,
    in: at(2),
    opened: at(1),
    closed: null,
    owner,
    phone: '555-7777',
  })),
  admins: [{ 'user.name': 'bob@example.org' }],
};

async function started(key = 'a secret key') {
  const folder = mkdtempSync(join(tmpdir(), 'clause9-pseudonyms-'));
  const store = await openSqlite(join(folder, 'store.db'));
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'key'), key);
  const config = configOf(datasets, { folder, pseudonymKey: { file: 'key' } });
  const { connector } = memorySource(ROWS);
  const { pass, warnings } = runLoop({ config, definitions, store, connector });
  const written = () =>
    readdirSync(folder)
      .filter((name) => name !== 'key')
      .map((name) => readFileSync(join(folder, name), 'latin1'))
      .join();
  return { pass, warnings, store, folder, config, connector, written };
}

describe('what a dataset hides behind pseudonyms', () => {
  const hide = pseudonymsBy('a secret key');

  it('is measured as well as in the clear, and stored nowhere but under a keyed hash', async () => {
    const { pass, warnings, store, written } = await started();
    for (const hour of [0, 24]) await pass(at(hour));
    const values = async (id: string) =>
      (await store.results({ kpi: id, from: at(0) })).map(({ group, value }) => [
        group?.['user.name'] ?? null,
        value,
      ]);
    const bySize = (a: readonly unknown[], b: readonly unknown[]) => Number(b[1]) - Number(a[1]);
    expect((await values('by-user')).sort(bySize)).toEqual([
      [null, 4],
      [hide('alice@example.org'), 3],
      [hide('bob@example.org'), 1],
    ]);
    expect(await values('users')).toEqual([[null, 2]]);
    expect(await values('of-alice')).toEqual([[null, 3]]);
    expect(await values('of-admins')).toEqual([[null, 1]]);
    expect((await values('cases')).map(([user]) => user).sort()).toEqual(
      [hide('alice@example.org'), hide('bob@example.org'), null].sort(),
    );
    const told: unknown[] = [...warnings];
    for (const { definition } of [{ definition: 'by-user' }, { definition: 'cases' }]) {
      for (const result of await store.results({ kpi: definition }))
        told.push((await explainResult(store, result)).tree);
    }
    // The definition itself names alice.
    const kept = written().replaceAll('"literal":"alice@example.org"', '');
    for (const text of [JSON.stringify(told), kept]) {
      expect(text).not.toContain('alice@');
      expect(text).not.toContain('bob@');
    }
    expect(kept).toContain(hide('bob@example.org'));
  });

  it('keeps no field of a record or list that no measure needs', async () => {
    const { pass, written } = await started();
    for (const hour of [0, 24]) await pass(at(hour));
    expect(written()).not.toContain('555-7777');
  });

  it('is never mixed with pseudonyms of another key: all is read again', async () => {
    const { pass, store, folder, config, connector } = await started();
    await pass(at(24));
    writeFileSync(join(folder, 'key'), 'another key');
    const next = runLoop({ config, definitions, store, connector });
    await next.pass(at(25));
    const users = (await store.results({ kpi: 'users' })).map(({ value }) => value);
    expect(users.at(-1)).toBe(2);
    const groups = (await store.results({ kpi: 'by-user' })).filter(({ reason }) => reason !== 'no-value');
    const newest = pseudonymsBy('another key');
    expect(groups.map(({ group }) => group?.['user.name'])).toContain(newest('bob@example.org'));
    expect(groups.map(({ group }) => group?.['user.name'])).not.toContain(hide('bob@example.org'));
  });

  it('needs its key: without it nothing is read', async () => {
    const { store, connector, config } = await started();
    const { pseudonymKey: _, ...without } = config;
    expect(() => runLoop({ config: without, definitions, store, connector })).toThrow(
      'there is no `pseudonymKey`',
    );
  });
});
