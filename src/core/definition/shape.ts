/**
 * Checks a written value against a zod schema and says in plain words what is wrong: every problem with its path,
 * "did you mean" for unknown keys, and the schema's own description as help.
 */
import { z } from 'zod';
import { atKey, error, type Path, type Problem } from './problem.ts';
import { describeIssue, isMissing, nameOf } from './shape-words.ts';
import { suggest } from './suggest.ts';

export interface ShapeOptions {
  /** The text that stands in the file at a path, where it is a plain scalar: tells `1e3` from `1000`. */
  readonly source?: ((path: Path) => string | undefined) | undefined;
  /** Keys known beside those of the schema's outermost map, for "did you mean". */
  readonly otherKeys?: readonly string[];
}

export type Shaped<T> = { readonly value: T } | { readonly problems: readonly Problem[] };

/** The value as the schema reads it, or all problems. */
export function readShape<T>(schema: z.ZodType<T>, value: unknown, options: ShapeOptions = {}): Shaped<T> {
  const parsed = schema.safeParse(value, { error: annotate, reportInput: true });
  if (parsed.success) return { value: parsed.data };
  const problems = parsed.error.issues.flatMap((issue) => toProblems(issue, [], options));
  return { problems: withoutConsequences(problems) };
}

/**
 * Zod keeps only a text of what its error function returns, so that text carries what the sentence needs:
 * the keys of the map for an unknown key, else the schema's description.
 */
function annotate(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'unrecognized_keys') {
    return issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape).join('\n') : '';
  }
  const description = issue.inst instanceof z.ZodType ? issue.inst.description : undefined;
  return `\n${description ?? ''}`;
}

function toProblems(issue: z.core.$ZodIssue, prefix: Path, options: ShapeOptions): Problem[] {
  const path = [...prefix, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  if (issue.code === 'unrecognized_keys') {
    const known = [...issue.message.split('\n').filter((key) => key !== ''), ...(options.otherKeys ?? [])];
    return issue.keys.map((key) => unknownKey([...path, key], key, known));
  }
  if (issue.code === 'invalid_union') {
    const best = bestBranch(issue.errors);
    if (best !== null) return ofBranch(best, path, issue.message.trim(), options);
  }
  const [message = '', help = ''] = issue.message.split('\n');
  if (message !== '') return [error('value', path, `${nameOf(path)} ${message}`, help)];
  return [describeIssue(issue, path, help, options.source?.(path))];
}

/** Where a map resembles none of the alternatives, all of them are named instead of one that would fit as badly. */
function ofBranch(
  issues: readonly z.core.$ZodIssue[],
  path: Path,
  alternatives: string,
  options: ShapeOptions,
): Problem[] {
  const problems = withoutConsequences(issues.flatMap((issue) => toProblems(issue, path, options)));
  const isOutermost = (problem: Problem) => problem.path.length === path.length + 1;
  const unknown = problems.filter((problem) => problem.rule === 'unknown-key' && isOutermost(problem));
  const missing = problems.some((problem) => problem.rule === 'missing-key' && isOutermost(problem));
  if (unknown.length === 0 || !missing || alternatives === '') return problems;
  return unknown.map((problem) => ({ ...problem, help: alternatives }));
}

function unknownKey(path: Path, key: string, known: readonly string[]): Problem {
  const help = key === '<<' ? 'Merge keys are not read; repeat the values, or use an overlay (extends).' : '';
  return atKey(error('unknown-key', path, `unknown key \`${key}\``, help || suggest(key, known)));
}

/** Of a union's alternatives, the one that the writer most likely meant: the fewest wrong things, then the fewest missing. */
function bestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | null {
  const scored = branches.map((issues) => ({
    issues,
    score: issues.reduce((sum, issue) => sum + weight(issue), 0),
  }));
  const best = scored.sort((a, b) => a.score - b.score)[0];
  return best === undefined || best.score >= WRONG_KIND ? null : best.issues;
}

const WRONG_KEY = 10_000;
const WRONG_KIND = 1_000_000_000;

function weight(issue: z.core.$ZodIssue): number {
  if (issue.code === 'unrecognized_keys') return WRONG_KEY * issue.keys.length;
  if (issue.code === 'invalid_type' && issue.expected === 'never') return WRONG_KEY;
  if (isMissing(issue)) return 1;
  if (issue.path.length > 0) return 1000;
  return issue.code === 'invalid_value' && typeof issue.input === 'string' ? 2000 : WRONG_KIND;
}

/** A key that is missing only because it is misspelt is one problem, not two. */
function withoutConsequences(problems: readonly Problem[]): Problem[] {
  const meant = new Set<string>();
  for (const problem of problems) {
    const name = /^Did you mean `(.*)`\?$/.exec(problem.help)?.[1];
    if (problem.rule === 'unknown-key' && name !== undefined)
      meant.add(JSON.stringify([...problem.path.slice(0, -1), name]));
  }
  return problems.filter(
    (problem) => problem.rule !== 'missing-key' || !meant.has(JSON.stringify(problem.path)),
  );
}
