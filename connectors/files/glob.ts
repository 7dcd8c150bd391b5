/**
 * The files that a pattern matches: `*` and `?` within a name, `[abc]`, `[!a-z]`, and `**` for any folders. A folder
 * that can't be listed is an error: what is in it would be missing in silence.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Names relative to the folder, with `/`; in no order. Names that begin with a dot match only where the pattern has it. */
export async function findFiles(folder: string, pattern: string): Promise<Set<string>> {
  const found = new Set<string>();
  await walk(
    folder,
    '',
    pattern.split('/').filter((part) => part !== '' && part !== '.'),
    found,
  );
  return found;
}

async function walk(
  root: string,
  at: string,
  [part, ...rest]: readonly string[],
  found: Set<string>,
): Promise<void> {
  if (part === undefined) return;
  if (part === '**') {
    await walk(root, at, rest.length === 0 ? ['*'] : rest, found);
    for (const name of await list(root, at)) {
      if (!name.startsWith('.') && (await isFolder(root, at, name)))
        await walk(root, `${at}${name}/`, [part, ...rest], found);
    }
    return;
  }
  const matches = nameTest(part);
  const names = (await list(root, at)).filter(matches);
  for (const name of names) {
    const folder = await isFolder(root, at, name);
    if (rest.length === 0 && !folder) found.add(`${at}${name}`);
    if (rest.length > 0 && folder) await walk(root, `${at}${name}/`, rest, found);
  }
}

async function list(root: string, at: string): Promise<string[]> {
  return readdir(join(root, at));
}

/** Follows links; a link to nothing is taken for a file, so that reading it tells. */
async function isFolder(root: string, at: string, name: string): Promise<boolean> {
  const facts = await stat(join(root, at, name)).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  return facts?.isDirectory() ?? false;
}

function nameTest(part: string): (name: string) => boolean {
  const source = part.replace(
    /\[(!?)((?:\]|[^\]])[^\]]*)\]|[*?]|[\\^$.|+(){}[\]]/g,
    (match, not?: string, set?: string) => {
      if (match === '*') return '.*';
      if (match === '?') return '.';
      if (set !== undefined) return `[${not === '!' ? '^' : ''}${set.replace(/[\\\]^[]/g, '\\$&')}]`;
      return `\\${match}`;
    },
  );
  const regex = new RegExp(`^${source}$`, 'su');
  return (name) => regex.test(name) && (part.startsWith('.') || !name.startsWith('.'));
}
