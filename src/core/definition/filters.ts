/** Reads the filters of a definition: Sigma detections written in place, or a Sigma rule file named by `{sigma: PATH}`. */
import type { Filter } from '../filter/model.ts';
import { type FilterProblem, type LogSource, parseFilter, parseSigmaRule } from '../filter/parse.ts';
import type { ReadFilter } from './measures.ts';
import { atKey, error, type Path, type Problem } from './problem.ts';
import type { Report } from './words.ts';

/** A Sigma rule file as the outside read it; places in it are written as `12:3`. */
export type SigmaFile =
  | { readonly value: unknown; readonly locate: (path: Path) => string }
  | { readonly at: string | null; readonly message: string; readonly help: string };

/** What a definition needs from the outside: nothing of it is needed for one without Sigma rule files. */
export interface Context {
  /** The text that stands in the file at a path, where it is a plain scalar. */
  readonly source?: ((path: Path) => string | undefined) | undefined;
  /** The Sigma rule file at a path as written. */
  readonly sigmaRule?: ((file: string, path: Path) => SigmaFile) | undefined;
  /** Told the log source of each Sigma rule file that a filter names. */
  readonly onLogSource?: ((path: Path, logsource: LogSource) => void) | undefined;
}

export function readFilterWith(context: Context, report: Report): ReadFilter {
  return (written, path) => {
    const file = sigmaFileOf(written);
    if (file !== null) return readRule(file, [...path, 'sigma'], context, report);
    const parsed = parseFilter(written);
    if ('filter' in parsed) return parsed.filter;
    for (const problem of parsed.problems) report(inPlace(problem, path));
    return null;
  };
}

function sigmaFileOf(written: unknown): string | null {
  if (typeof written !== 'object' || written === null || !('sigma' in written)) return null;
  return Object.keys(written).length === 1 && typeof written.sigma === 'string' ? written.sigma : null;
}

/** What is wrong with `field|modifier: value` may be the modifier: its key is the better place. */
function inPlace({ path: inside, message, help }: FilterProblem, path: Path): Problem {
  const problem = error('filter', [...path, ...inside], message, help ?? '');
  return String(inside.at(-1)).includes('|') ? atKey(problem) : problem;
}

function readRule(file: string, path: Path, context: Context, report: Report): Filter | null {
  const read = context.sigmaRule?.(file, path) ?? {
    at: null,
    message: 'no file can be read here',
    help: 'Write the detection in place.',
  };
  const say = (at: string | null, message: string, help: string) =>
    report(error('sigma-rule', path, `${at === null ? file : `${file}:${at}`}: ${message}`, help));
  if ('message' in read) {
    say(read.at, read.message, read.help);
    return null;
  }
  const parsed = parseSigmaRule(read.value);
  if ('problems' in parsed) {
    for (const { path: inside, message, help } of parsed.problems) {
      say(read.locate(inside), message, help ?? '');
    }
    return null;
  }
  context.onLogSource?.(path, parsed.logsource);
  return parsed.filter;
}
