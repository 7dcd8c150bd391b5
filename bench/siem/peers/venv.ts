/** Python programs from PyPI, each in an environment of its own outside the repository, made once. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const folder = (): string =>
  process.env.CLAUSE9_BENCH_VENV ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'clause9-bench');

/** The folder with the programs of these packages (`name==version`). */
export function programsOf(name: string, packages: readonly string[]): string {
  const home = join(folder(), name);
  const marker = join(home, 'packages.txt');
  const wanted = packages.join('\n');
  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== wanted) {
    mkdirSync(folder(), { recursive: true });
    execFileSync('python3', ['-m', 'venv', '--clear', home]);
    execFileSync(join(home, 'bin', 'pip'), ['install', '-q', '--disable-pip-version-check', ...packages]);
    writeFileSync(marker, wanted);
  }
  return join(home, 'bin');
}

export function pythonMinor(): number {
  const text = execFileSync('python3', ['-c', 'import sys; print(sys.version_info[1])'], {
    encoding: 'utf8',
  });
  return Number(text);
}
