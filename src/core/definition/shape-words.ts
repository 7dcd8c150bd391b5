/** The sentences for values of a wrong shape. */
import type { z } from 'zod';
import { error, type Path, type Problem } from './problem.ts';
import { nearest } from './suggest.ts';

/** Something that must be there is not. */
export function isMissing(issue: z.core.$ZodIssue): boolean {
  return (
    issue.path.length > 0 &&
    issue.input === undefined &&
    (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union')
  );
}

/** One issue as a problem; `source` is the spelling in the file, where the value is a plain scalar. */
export function describeIssue(issue: z.core.$ZodIssue, path: Path, help: string, source?: string): Problem {
  const name = nameOf(path);
  if (isMissing(issue)) return error('missing-key', path, `${name} is missing`, help);
  if (isSecret(path) && typeof issue.input !== 'object') {
    const where = 'Say where it comes from: {env: NAME}, an environment variable, or {file: PATH}.';
    return error('value', path, `${name} must not be written out here`, where);
  }
  const got = inWords(issue.input, source);
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, issue.input, path, got, help, source);
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

/** What is written there may be a secret, which no message repeats. */
const SECRETS = /^(auth|apiKey|bearer|password|passphrase|token|pseudonymKey)$/;
const isSecret = (path: Path): boolean => SECRETS.test(String(path.at(-1)));

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
  if (expected === 'never') return error('value', path, `${name} has no place here`, help);
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
