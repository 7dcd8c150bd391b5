/** Finds and reads the files of a configuration: bounded in size and number, each once, however it is linked. */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { error, type Problem } from '../core/definition/problem.ts';

const MAX_BYTES = 1_000_000;
const MAX_FILES = 20_000;
const MAX_DEPTH = 20;

export type TextFile = { readonly text: string } | { readonly problem: Problem };

/** A UTF-8 text of at most 1 MB, or what is wrong with the file. */
export function readTextFile(path: string): TextFile {
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES) return { problem: tooLarge(size) };
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) };
  } catch (cause) {
    return { problem: unreadable(cause) };
  }
}

function tooLarge(bytes: number): Problem {
  const megabytes = (bytes / 1_000_000).toFixed(1);
  return error(
    'file-size',
    [],
    `the file has ${megabytes} MB, more than 1 MB`,
    'A definition or configuration is a few kB: is this another file?',
  );
}

function unreadable(cause: unknown): Problem {
  if (codeOf(cause) === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return error('encoding', [], 'the file is not UTF-8', 'Save it as UTF-8.');
  }
  return error(
    'file',
    [],
    `the file can't be read: ${reasonOf(cause)}`,
    'Check its path and its permissions.',
  );
}

/** The system's reason without its jargon. */
function reasonOf(cause: unknown): string {
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is no folder',
    ELOOP: 'its links lead in a circle',
  };
  return known[codeOf(cause)] ?? (cause instanceof Error ? cause.message : String(cause));
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

export interface FoundFiles {
  /** Sorted, each real file once. */
  readonly files: readonly string[];
  readonly problems: readonly { readonly file: string; readonly problem: Problem }[];
}

/**
 * The definition files among files and folders: `*.yaml` and `*.yml`, but not `*.test.yaml`. Hidden names are left
 * out, which skips the `..data` links of a Kubernetes ConfigMap mount, whose own files are links through them.
 */
export function findDefinitionFiles(paths: readonly string[]): FoundFiles {
  return findFiles(paths, isDefinitionFile);
}

/** The tests among files and folders: `*.test.yaml`. Of a definition that is named, the test beside it. */
export function findTestFiles(paths: readonly string[]): FoundFiles {
  const named = paths.map((path) =>
    isDefinitionFile(path) ? path.replace(/\.ya?ml$/i, (ending) => `.test${ending}`) : path,
  );
  return findFiles(named, isTestFile);
}

function findFiles(paths: readonly string[], isWanted: (path: string) => boolean): FoundFiles {
  const found = new Map<string, string>();
  const problems: { file: string; problem: Problem }[] = [];
  const folders = new Set<string>();
  const visit = (path: string, depth: number, named: boolean): void => {
    if (found.size >= MAX_FILES) return;
    try {
      const real = realpathSync(path);
      const isFolder = statSync(real).isDirectory();
      if (!isFolder) {
        if ((named || isWanted(path)) && !found.has(real)) found.set(real, path);
        return;
      }
      if (folders.has(real) || depth > MAX_DEPTH) return;
      folders.add(real);
      const names = readdirSync(path).filter((name) => !name.startsWith('.') && name !== 'node_modules');
      for (const name of names.sort()) visit(join(path, name), depth + 1, false);
    } catch (cause) {
      problems.push({ file: path, problem: unreadable(cause) });
    }
  };
  for (const path of paths) visit(path, 0, true);
  if (found.size >= MAX_FILES) {
    const message = `there are more than ${MAX_FILES} such files`;
    problems.push({
      file: paths[0] ?? '.',
      problem: error('file', [], message, 'Name the folders that hold definitions.'),
    });
  }
  return { files: [...found.values()].sort(), problems };
}

function isDefinitionFile(path: string): boolean {
  return /\.ya?ml$/i.test(path) && !isTestFile(path);
}

function isTestFile(path: string): boolean {
  return /\.test\.ya?ml$/i.test(path);
}
