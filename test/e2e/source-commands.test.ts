/** From a folder of logs to the first look at it: `init`, `doctor`, `try` and `rows` as their user types them. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const HOUR = 3_600_000;
const main = resolve('src/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'clause9-look-'));
const config = join(folder, 'clause9.yaml');

const clause9 = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((done) => {
    execFile(process.execPath, [main, ...args], { cwd: folder }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });

/** One logon each five minutes over the last two days; every tenth fails. */
function logons(): string {
  const now = Date.now();
  const line = (index: number) => {
    const time = now - index * (HOUR / 12) - HOUR / 6;
    return JSON.stringify({
      '@timestamp': new Date(time).toISOString(),
      'event.ingested': new Date(time + 1_000).toISOString(),
      'event.action': 'logged-in',
      'event.outcome': index % 10 === 0 ? 'failure' : 'success',
      'user.name': `u${index % 7}`,
      'host.name': `h${index % 3}`,
    });
  };
  return Array.from({ length: 2 * 24 * 12 }, (_, index) => line(index))
    .reverse()
    .join('\n');
}

const draft = (action: string) => `id: failures
title: Logons that fail
unit: count
measures:
  failed: {dataset: authentication, where: {event.action: ${action}, event.outcome: failure}, aggregate: count}
window: {rolling: 1d, every: 1h}
targets:
  - {from: 2026-01-01, onTarget: "<= 5"}
`;

beforeAll(async () => {
  mkdirSync(join(folder, 'logs'));
  writeFileSync(join(folder, 'logs/authentication.ndjson'), `${logons()}\n`);
  writeFileSync(join(folder, 'logs/leavers.csv'), 'user.name\nu3\n');
  const { code, stdout, stderr } = await clause9('init', '--files', 'logs');
  expect([code, stderr]).toEqual([0, expect.stringContaining('Written: ./clause9.yaml')]);
  expect(stdout).toContain('✓ failed-logon-ratio');
  expect(stdout).toContain('✓ leaver-logons');
  expect(stdout).toMatch(/– kev-findings-open +no dataset findings; no dataset kev/);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

describe('the commands by which a person looks at a source', () => {
  it('write a configuration that is valid, and never over one that is there', async () => {
    expect((await clause9('validate')).code).toBe(0);
    const before = readFileSync(config, 'utf8');
    const again = await clause9('init', '--files', 'logs');
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is left as it is')]);
    expect(readFileSync(config, 'utf8')).toBe(before);
  });

  it('ask for exactly one source, and for a user with a password', async () => {
    expect((await clause9('init', '-o', 'other.yaml')).code).toBe(2);
    const both = await clause9('init', '--files', 'logs', '--splunk', 'https://a:8089', '-o', 'other.yaml');
    expect(both.code).toBe(2);
    const half = ['--elasticsearch', 'https://a', '--user', 'me', '-o', 'other.yaml'];
    expect((await clause9('init', ...half)).stderr).toContain('--password-env');
    expect(existsSync(join(folder, 'other.yaml'))).toBe(false);
  });

  it('tell whether the source can be trusted, in words and as JSON', async () => {
    const { code, stdout } = await clause9('doctor');
    expect(stdout).toContain('✓ event.outcome = failure: 58 events');
    expect([code, stdout]).toEqual([0, expect.stringContaining('\n0 errors, ')]);
    const json = JSON.parse((await clause9('doctor', '-o', 'json', '--source', 'files')).stdout);
    expect(json.sources).toHaveLength(1);
    const broken = readFileSync(config, 'utf8').replace(
      /( {4}ingested: event.ingested)/,
      '    time: no-such-field\n$1',
    );
    writeFileSync(join(folder, 'broken.yaml'), broken);
    const ill = await clause9('doctor', '-c', 'broken.yaml');
    expect([ill.code, ill.stdout]).toEqual([1, expect.stringContaining('✗')]);
  }, 60_000);

  it('show what a draft would give, store nothing, and say what the data holds instead', async () => {
    writeFileSync(join(folder, 'draft.yaml'), draft('logged-in'));
    const good = await clause9('try', 'draft.yaml', '--last', '3h', '-o', 'json');
    const rows = good.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(good.code).toBe(0);
    expect(rows).toHaveLength(3);
    for (const row of rows)
      expect(row).toMatchObject({ quality: 'complete', verdict: 'off-target', why: null });
    writeFileSync(join(folder, 'draft.yaml'), draft('logon'));
    const misnamed = await clause9('try', 'draft.yaml', '--last', '1h');
    expect(misnamed.stdout).toContain('unknown');
    expect(misnamed.stderr).toContain('most frequent values of event.action: logged-in (576)');
    writeFileSync(join(folder, 'draft.yaml'), draft('logon').replace('unit', 'untit'));
    const wrong = await clause9('try', 'draft.yaml');
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringContaining('draft.yaml:3:1 error unknown key `untit`'),
    ]);
    expect(existsSync(join(folder, 'clause9.db'))).toBe(false);
  }, 60_000);

  it('list the events behind a number, and say how many there are', async () => {
    const table = await clause9('rows', 'failed-logon-ratio', '--measure', 'failed', '--limit', '2');
    expect(table.stdout).toMatch(/failed: the newest 2 of (28|29) events of authentication\n/);
    const json = await clause9('rows', 'leaver-logons', '--window', 'last', '--limit', '1', '-o', 'json');
    expect(JSON.parse(json.stdout.split('\n')[0] ?? '')).toMatchObject({ row: { 'user.name': 'u3' } });
    expect((await clause9('rows', 'no-such-kpi')).code).toBe(1);
    expect(existsSync(join(folder, 'clause9.db'))).toBe(false);
  }, 60_000);
});
