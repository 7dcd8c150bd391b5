/** Python libraries for tests, installed once below node_modules by pip. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const CACHE = join('node_modules', '.cache', 'clause9');

/** The folder that holds a pinned package; null without Python and pip: then tests name themselves as left out. */
export function pythonPackage(pinned: string): string | null {
  const library = join(CACHE, pinned.replace('==', '-'));
  if (existsSync(library)) return library;
  const pip = ['-m', 'pip', '-q', '--disable-pip-version-check'];
  try {
    execFileSync('python3', [...pip, '--version'], { stdio: 'ignore' });
  } catch {
    return null;
  }
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'new-'));
  execFileSync('python3', [...pip, 'install', '--target', folder, pinned], { stdio: 'pipe' });
  if (existsSync(library)) rmSync(folder, { recursive: true });
  else renameSync(folder, library);
  return library;
}

export function pythonEnvironment(library: string | null): NodeJS.ProcessEnv {
  return { ...process.env, PYTHONPATH: library ?? '', PYTHONDONTWRITEBYTECODE: '1' };
}
