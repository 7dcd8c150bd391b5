/**
 * Checks a written value against a zod schema and says in plain words what is wrong: every problem with its path,
 * "did you mean" for unknown keys, and the schema's own description as help.
 */
import { z } from 'zod';
import { atKey, error, type Path, type Problem } from './problem.ts';
import { nearest, suggest } from './suggest.ts';

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
    if (best !== null) return best.flatMap((inner) => toProblems(inner, path, options));
  }
  const [message = '', help = ''] = issue.message.split('\n');
  if (message !== '') return [error('value', path, `${nameOf(path)} ${message}`, help)];
  return [describeIssue(issue, path, help, options)];
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

const WRONG_KIND = 1_000_000;

function weight(issue: z.core.$ZodIssue): number {
  if (issue.code === 'unrecognized_keys') return 10_000 * issue.keys.length;
  if (isMissing(issue)) return 1;
  if (issue.path.length > 0) return 1000;
  return issue.code === 'invalid_value' && typeof issue.input === 'string' ? 2000 : WRONG_KIND;
}

function isMissing(issue: z.core.$ZodIssue): boolean {
  return (
    issue.path.length > 0 &&
    issue.input === undefined &&
    (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union')
  );
}

function describeIssue(issue: z.core.$ZodIssue, path: Path, help: string, options: ShapeOptions): Problem {
  const name = nameOf(path);
  if (isMissing(issue)) return error('missing-key', path, `${name} is missing`, help);
  const got = inWords(issue.input, options.source?.(path));
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, issue.input, path, got, help, options.source?.(path));
    case 'invalid_value': {
      const values = issue.values.map(String);
      const message = `${name} must be ${values.map((value) => `\`${value}\``).join(' or ')}, not ${got}`;
      const near = typeof issue.input === 'string' ? nearest(issue.input, values) : null;
      return error('value', path, message, near === null ? help : `Did you mean \`${near}\`?`);
    }
    case 'too_small':
      return error(
        'value',
        path,
        `${name} must ${bound(issue.origin, 'at least', issue.minimum, issue.inclusive)}`,
        help,
      );
    case 'too_big':
      return error(
        'value',
        path,
        `${name} must ${bound(issue.origin, 'at most', issue.maximum, issue.inclusive)}`,
        help,
      );
    default:
      return error('value', path, `${name} can't be ${got}`, help);
  }
}

function bound(
  origin: string,
  direction: 'at least' | 'at most',
  limit: number | bigint,
  inclusive = true,
): string {
  if (origin === 'string') return limit === 1 ? 'not be empty' : `have ${direction} ${limit} characters`;
  if (origin === 'array') return `have ${direction} ${limit} ${limit === 1 ? 'item' : 'items'}`;
  return inclusive
    ? `be ${direction} ${limit}`
    : `be ${direction === 'at least' ? 'more' : 'less'} than ${limit}`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function wrongType(
  expected: string,
  input: unknown,
  path: Path,
  got: string,
  help: string,
  source?: string,
): Problem {
  const name = nameOf(path);
  const wanted = TYPE_WORDS[expected] ?? expected;
  if (expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')) {
    return error(
      'text-expected',
      path,
      `${name} must be text, ${source === undefined || source === String(input) ? 'not' : 'but'} ${got}`,
      `Put it in quotes: \`"${source ?? String(input)}"\`.`,
    );
  }
  if (expected === 'boolean' && typeof input === 'string' && /^(yes|no|on|off|y|n)$/i.test(input)) {
    const meant = /^(yes|on|y)$/i.test(input);
    return error(
      'value',
      path,
      `${name} must be true or false; "${input}" is a text in YAML 1.2`,
      `Write \`${meant}\`.`,
    );
  }
  return error('value', path, `${name} must be ${wanted}, not ${got}`, help);
}

/** What stands there, in the writer's own spelling. */
function inWords(input: unknown, source: string | undefined): string {
  if (input === null || input === undefined) return 'empty';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a map';
  if (typeof input === 'string') return `"${input.length > 60 ? `${input.slice(0, 60)}…` : input}"`;
  const kind = typeof input === 'number' ? 'number' : 'truth value';
  if (source === undefined || source === String(input)) return `the ${kind} ${String(input)}`;
  return `${source} is read as the ${kind} ${String(input)}`;
}

/** How a sentence names a place: the key, or the item of a list. */
export function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'the file';
  if (typeof last === 'string') return `\`${last}\``;
  const parent = path.slice(0, -1).findLast((step) => typeof step === 'string');
  return parent === undefined ? `item ${last + 1}` : `item ${last + 1} of \`${parent}\``;
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
