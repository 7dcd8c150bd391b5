/** `field|modifier|modifier`: which modifiers there are, and which go together. */

import type { Path, Report } from './problem.ts';
import { didYouMean } from './suggest.ts';

type Operator =
  | 'equals'
  | 'contains'
  | 'startswith'
  | 'endswith'
  | 're'
  | 'cidr'
  | 'lt'
  | 'lte'
  | 'gt'
  | 'gte'
  | 'exists'
  | 'in';
type Extra = 'all' | 'cased' | 'neq' | 'i' | 'm' | 's';

export interface FieldKey {
  readonly field: string;
  readonly operator: Operator;
  readonly extras: ReadonlySet<Extra>;
}

/** Each operator with the modifiers that may stand beside it. */
const BESIDE: Readonly<Record<Operator, readonly Extra[]>> = {
  equals: ['all', 'cased', 'neq'],
  contains: ['all', 'cased', 'neq'],
  startswith: ['all', 'cased', 'neq'],
  endswith: ['all', 'cased', 'neq'],
  re: ['all', 'neq', 'i', 'm', 's'],
  cidr: ['all', 'neq'],
  lt: [],
  lte: [],
  gt: [],
  gte: [],
  exists: [],
  in: [],
};
const EXTRAS: readonly Extra[] = ['all', 'cased', 'neq', 'i', 'm', 's'];
const KNOWN = [...Object.keys(BESIDE).filter((name) => name !== 'equals'), ...EXTRAS];

const encoded = 'compares encoded text, which not every source can do exactly';
const timePart = 'takes a part of a date out, which needs a time zone that Sigma does not state';
/** Sigma's modifiers that clause9 does not take, each with its reason. */
const REFUSED: Readonly<Record<string, string>> = {
  fieldref: 'compares two fields of one event, which not every source can do exactly',
  expand: 'fills in placeholders, of which clause9 has none; write the values out',
  base64: encoded,
  base64offset: encoded,
  utf16: encoded,
  utf16le: encoded,
  utf16be: encoded,
  wide: encoded,
  windash: 'tries several dashes for one; list the values that are meant',
  minute: timePart,
  hour: timePart,
  day: timePart,
  week: timePart,
  month: timePart,
  year: timePart,
};

/** Splits and checks a key; null where it is wrong, and then reported. */
export function parseFieldKey(key: string, path: Path, report: Report): FieldKey | null {
  const [field = '', ...names] = key.split('|').map((part) => part.trim());
  const problems = [keyProblem(key, field), ...names.map(nameProblem)].filter((problem) => problem !== null);
  for (const { message, help } of problems) report(path, message, help);
  if (problems.length > 0) return null;

  const extras = new Set(EXTRAS.filter((extra) => names.includes(extra)));
  const [operator = 'equals', second] = names.filter(isOperator);
  const clash = clashOf(names, operator, second, extras);
  if (clash === null) return { field, operator, extras };
  report(path, ...clash);
  return null;
}

interface Told {
  readonly message: string;
  readonly help: string | undefined;
}

function keyProblem(key: string, field: string): Told | null {
  if (field === '') {
    return {
      message: 'a test without a field (a keyword search) is not supported',
      help: 'Name the field: `message|contains: …`.',
    };
  }
  if (!/^\s|\s$|\s\||\|\s/.test(key)) return null;
  return { message: `"${key}" has blanks around a name`, help: 'Write `field|modifier`, without blanks.' };
}

function nameProblem(name: string): Told | null {
  if (KNOWN.includes(name)) return null;
  const reason = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
  if (reason !== undefined)
    return { message: `the modifier \`${name}\` is not supported: it ${reason}`, help: undefined };
  const help = didYouMean(name, KNOWN) ?? `Known modifiers: ${KNOWN.join(', ')}.`;
  return { message: `there is no modifier \`${name}\``, help };
}

function isOperator(name: string): name is Operator {
  return Object.hasOwn(BESIDE, name);
}

function clashOf(
  names: readonly string[],
  operator: Operator,
  second: Operator | undefined,
  extras: ReadonlySet<Extra>,
): [message: string, help?: string] | null {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return [`the modifier \`${twice}\` stands twice`];
  if (second !== undefined)
    return [`\`${operator}\` and \`${second}\` do not go together`, 'Write two tests.'];
  if (extras.has('all') && extras.has('neq')) {
    return [
      '`all` and `neq` do not go together',
      'Name the test as a selection, and put `not` before it in the condition.',
    ];
  }
  const stray = [...extras].find((extra) => !BESIDE[operator].includes(extra));
  if (stray === undefined) return null;
  if ('ims'.includes(stray)) return [`\`${stray}\` goes only with \`re\``, `Write \`re|${stray}\`.`];
  return [`\`${stray}\` does not go with \`${operator}\``];
}
