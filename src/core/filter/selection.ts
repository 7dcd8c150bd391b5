/** One line of a selection, `field|modifier: value`, read into tests that are joined by and/or/not. */
import { formatNetwork, parseNetwork } from './address.ts';
import type { Filter, Predicate } from './model.ts';
import { type FieldKey, parseFieldKey } from './modifiers.ts';
import { parsePattern, surround } from './pattern.ts';
import { describe, isMap, type Path, type Report } from './problem.ts';
import { checkRegex } from './regex.ts';
import { didYouMean } from './suggest.ts';

const MAX_TEXT = 8_000;
const MAX_LIST = 10_000;

/** Null where something is wrong, and then reported. */
export function parseTest(key: string, value: unknown, path: Path, report: Report): Filter | null {
  const fieldKey = parseFieldKey(key, path, report);
  if (fieldKey === null) return null;
  const { field, operator, extras } = fieldKey;
  if (value === null) return nullTest(fieldKey, path, report);
  if (operator === 'exists') return existsTest(field, value, path, report);
  if (operator === 'in') return membershipTest(field, value, path, report);

  const values = listOf(fieldKey, value, path, report);
  if (values === null) return null;
  const tests: Filter[] = [];
  for (const [i, item] of values.entries()) {
    const predicate = parseValue(fieldKey, item, Array.isArray(value) ? [...path, i] : path, report);
    if (predicate !== null) tests.push({ op: 'test', field, predicate });
  }
  if (tests.length < values.length) return null;
  const joined = join(extras.has('all') ? 'and' : 'or', tests);
  return extras.has('neq') ? { op: 'and', of: [hasValue(field), { op: 'not', of: joined }] } : joined;
}

/** Joins filters; one alone stands for itself. */
export function join(op: 'and' | 'or', of: readonly Filter[]): Filter {
  const [only] = of;
  return only !== undefined && of.length === 1 ? only : { op, of };
}

function hasValue(field: string): Filter {
  return { op: 'test', field, predicate: { kind: 'exists' } };
}

function nullTest({ field, operator, extras }: FieldKey, path: Path, report: Report): Filter | null {
  if (operator !== 'equals' || extras.has('all') || extras.has('cased')) {
    report(
      path,
      `\`null\` does not go with a modifier`,
      `For a field without a value, write \`${field}: null\`.`,
    );
    return null;
  }
  return extras.has('neq') ? hasValue(field) : { op: 'not', of: hasValue(field) };
}

function existsTest(field: string, value: unknown, path: Path, report: Report): Filter | null {
  if (typeof value === 'boolean') return value ? hasValue(field) : { op: 'not', of: hasValue(field) };
  report(path, `\`exists\` takes \`true\` or \`false\`; this is ${describe(value)}`);
  return null;
}

function membershipTest(field: string, value: unknown, path: Path, report: Report): Filter | null {
  const names = ['dataset', 'field'];
  if (!isMap(value)) {
    report(
      path,
      `\`in\` takes a map; this is ${describe(value)}`,
      'Write `{dataset: kev, field: cveID}`; values to choose from need no modifier, just a list.',
    );
    return null;
  }
  const unknown = Object.keys(value).filter((name) => !names.includes(name));
  for (const name of unknown)
    report([...path, name], `\`in\` knows no key \`${name}\``, didYouMean(name, names));
  const { dataset, field: column } = value;
  const texts = [dataset, column].filter((text) => typeof text === 'string' && text !== '');
  if (texts.length < 2) report(path, '`in` needs a `dataset` and a `field`, both names');
  if (typeof dataset !== 'string' || typeof column !== 'string' || texts.length < 2 || unknown.length > 0)
    return null;
  return { op: 'test', field, predicate: { kind: 'in', dataset, field: column } };
}

/** The values of a line as a list, where it may be one. */
function listOf(
  { operator, extras }: FieldKey,
  value: unknown,
  path: Path,
  report: Report,
): readonly unknown[] | null {
  if (!Array.isArray(value)) {
    if (!extras.has('all')) return [value];
    report(path, '`all` needs a list of values', 'Leave `all` out, or write a list.');
  } else if (isComparison(operator)) {
    report(path, `\`${operator}\` takes one number, not a list`);
  } else if (value.length === 0) {
    report(path, 'the list of values is empty');
  } else if (value.length > MAX_LIST) {
    report(
      path,
      `a list may have ${MAX_LIST} values; this one has ${value.length}`,
      'Keep the values in a snapshot dataset, and use `in`.',
    );
  } else {
    return value;
  }
  return null;
}

function isComparison(operator: FieldKey['operator']): operator is 'lt' | 'lte' | 'gt' | 'gte' {
  return ['lt', 'lte', 'gt', 'gte'].includes(operator);
}

function parseValue(key: FieldKey, value: unknown, path: Path, report: Report): Predicate | null {
  const { operator } = key;
  if (typeof value === 'number' && operator === 'equals' && !key.extras.has('cased'))
    return numberLiteral(value, path, report);
  if (typeof value === 'boolean' && operator === 'equals' && !key.extras.has('cased'))
    return { kind: 'boolean', value };
  if (isComparison(operator)) {
    if (typeof value === 'number' && Number.isFinite(value)) return { kind: 'compare', op: operator, value };
    report(
      path,
      `\`${operator}\` takes a number; this is ${describe(value)}`,
      'Write the number without quotes.',
    );
    return null;
  }
  if (typeof value === 'string') return textValue(key, value, path, report);
  reportWrongType(key, value, path, report);
  return null;
}

function numberLiteral(value: number, path: Path, report: Report): Predicate | null {
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)))
    return { kind: 'number', value };
  if (Number.isFinite(value)) {
    report(path, 'the number is too large to be held exactly', 'Put it in quotes, to be matched as text.');
  } else report(path, `${value} is no value to compare with`, 'Write a finite number, or a text in quotes.');
  return null;
}

function reportWrongType(
  { field, operator, extras }: FieldKey,
  value: unknown,
  path: Path,
  report: Report,
): void {
  if (value === null || value === undefined) {
    report(
      path,
      '`null` may not stand in a list of values',
      'Make it a selection of its own, and join the two by `or` in a condition.',
    );
  } else if (typeof value === 'number' || typeof value === 'boolean') {
    const name = operator === 'equals' ? [...extras].find((extra) => extra === 'cased') : operator;
    report(
      path,
      `\`${name ?? operator}\` takes text; this is ${describe(value)}`,
      'Put the value in quotes.',
    );
  } else if (isMap(value)) {
    const inner = Object.keys(value)[0] ?? 'name';
    report(
      path,
      `\`${field}\` has a map as its value`,
      `Write a nested field with dots (\`${field}.${inner}: …\`); named selections need a \`condition\` beside them.`,
    );
  } else {
    report(
      path,
      `${describe(value)} is no value to compare with`,
      'Write a text, a number, true, false or null.',
    );
  }
}

function textValue(
  { operator, extras }: FieldKey,
  value: string,
  path: Path,
  report: Report,
): Predicate | null {
  if (operator === 're') return regexValue(value, extras, path, report);
  if (operator === 'cidr') return cidrValue(value, path, report);
  if (value.length > MAX_TEXT) {
    report(path, `a text may have ${MAX_TEXT} characters; this one has ${value.length}`);
    return null;
  }
  if (value === '' && operator !== 'equals') {
    report(
      path,
      `\`${operator}\` with an empty text matches every value`,
      'To ask for any value, write `exists: true`.',
    );
    return null;
  }
  const before = operator === 'contains' || operator === 'endswith';
  const after = operator === 'contains' || operator === 'startswith';
  return { kind: 'text', pattern: surround(parsePattern(value), before, after), cased: extras.has('cased') };
}

function regexValue(
  source: string,
  extras: FieldKey['extras'],
  path: Path,
  report: Report,
): Predicate | null {
  const problem = checkRegex(source);
  if (problem !== null) {
    report(path, `in the regular expression: ${problem.message}`, problem.help);
    return null;
  }
  const flags = (['i', 'm', 's'] as const).filter((flag) => extras.has(flag)).join('');
  return { kind: 'regex', source, flags };
}

function cidrValue(text: string, path: Path, report: Report): Predicate | null {
  const network = parseNetwork(text);
  if ('base' in network) return { kind: 'cidr', cidr: formatNetwork(network) };
  report(path, `"${text.slice(0, 60)}" ${network.problem}`, 'Write it as `10.0.0.0/8` or `2001:db8::/32`.');
  return null;
}
