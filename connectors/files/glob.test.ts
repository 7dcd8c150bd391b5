import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFiles } from './glob.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clause9-glob-'));
  for (const name of [
    'a.log',
    'b.log',
    'c.LOG',
    'x/a.log',
    'x/y/z/a.log',
    'x.d/a.log',
    '.hidden/a.log',
    '.a.log',
    'a+b(1).log',
    'é.log',
    'x/[1].log',
    'x/^.log',
  ]) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), '');
  }
  await symlink(join(folder, 'x'), join(folder, 'link'));
  await symlink(join(folder, 'nowhere'), join(folder, 'x/dangling.log'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a pattern finds', () => {
  it.each([
    ['a.log', ['a.log']],
    ['./a.log', ['a.log']],
    ['*.log', ['a+b(1).log', 'a.log', 'b.log', 'é.log']],
    ['?.log', ['a.log', 'b.log', 'é.log']],
    ['[ab].log', ['a.log', 'b.log']],
    ['[!a].log', ['b.log', 'é.log']],
    ['[a-c].[A-Z]*', ['c.LOG']],
    ['*/a.log', ['link/a.log', 'x.d/a.log', 'x/a.log']],
    ['x/**/a.log', ['x/a.log', 'x/y/z/a.log']],
    ['x.d/**', ['x.d/a.log']],
    ['**/z/*', ['link/y/z/a.log', 'x/y/z/a.log']],
    ['.*/a.log', ['.hidden/a.log']],
    ['x/[[]1].log', ['x/[1].log']],
    ['x/[*^].log', ['x/^.log']],
    ['x/d*', ['x/dangling.log']],
    ['a+b(1).log', ['a+b(1).log']],
    ['x', []],
    ['none/*', []],
  ])('%s', async (pattern, expected) => {
    expect([...(await findFiles(folder, pattern))].sort()).toEqual(expected);
  });
});
