/** Before all tests: a folder for the real servers that they share. After them: nothing is left of either. */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FOLDER_VARIABLE, OWNER_VARIABLE, stopServer } from './server.ts';

export default async function setup(): Promise<() => Promise<void>> {
  // A developer may keep servers running between runs.
  if (process.env[FOLDER_VARIABLE] !== undefined) return async () => {};
  // Made when the first server is asked for: a run without any leaves nothing, even where it is killed.
  const folder = join(tmpdir(), `clause9-servers-${randomUUID()}`);
  process.env[FOLDER_VARIABLE] = folder;
  process.env[OWNER_VARIABLE] = String(process.pid);
  return async () => {
    for (const kind of existsSync(folder) ? readdirSync(folder) : []) await stopServer(join(folder, kind));
    await rm(folder, { recursive: true, force: true });
  };
}
