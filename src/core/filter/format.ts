/** A filter as one line for people, as `explain` and the pages show it. It is not read back. */
import type { Filter, Predicate } from './model.ts';
import { literalOf, type Pattern, patternText } from './pattern.ts';

/** For example `event.action = logon and not user.name starts with svc-`. */
export function formatFilter(filter: Filter): string {
  switch (filter.op) {
    case 'everything':
      return 'everything';
    case 'test':
      return `${filter.field} ${formatPredicate(filter.predicate)}`;
    case 'not':
      return formatNot(filter.of);
    case 'and':
      return filter.of.length === 0
        ? 'everything'
        : filter.of.map((part) => nested(part, 'and')).join(' and ');
    case 'or':
      return filter.of.length === 0
        ? 'nothing'
        : (formatChoice(filter.of) ?? filter.of.map((part) => nested(part, 'or')).join(' or '));
  }
}

function formatNot(filter: Filter): string {
  if (filter.op === 'test' && filter.predicate.kind === 'exists') return `${filter.field} has no value`;
  return `not ${nested(filter, 'not')}`;
}

/** Parentheses only where reading would go wrong without: `not` binds tightest, then `and`, then `or`. */
function nested(filter: Filter, inside: 'and' | 'or' | 'not'): string {
  const text = formatFilter(filter);
  const joined = filter.op === 'and' || (filter.op === 'or' && formatChoice(filter.of) === null);
  const binds =
    joined && filter.of.length > 1 && filter.op !== inside && !(inside === 'or' && filter.op === 'and');
  return binds ? `(${text})` : text;
}

/** Several values of one field: `event.code = (4625 or 4771)`. Null for any other choice. */
function formatChoice(of: readonly Filter[]): string | null {
  const [first] = of;
  if (first?.op !== 'test' || of.length < 2) return null;
  const values: string[] = [];
  for (const part of of) {
    const value = part.op === 'test' && part.field === first.field ? equalValue(part.predicate) : null;
    if (value === null) return null;
    values.push(value);
  }
  return `${first.field} = (${values.join(' or ')})`;
}

function equalValue(predicate: Predicate): string | null {
  if (predicate.kind === 'number' || predicate.kind === 'boolean') return String(predicate.value);
  if (predicate.kind !== 'text' || predicate.cased || literalOf(predicate.pattern) === null) return null;
  return quote(predicate.pattern);
}

function formatPredicate(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'exists':
      return 'has a value';
    case 'text':
      return formatText(predicate.pattern) + (predicate.cased ? ' (case matters)' : '');
    case 'number':
    case 'boolean':
      return `= ${predicate.value}`;
    case 'compare':
      return `${{ lt: '<', lte: '<=', gt: '>', gte: '>=' }[predicate.op]} ${predicate.value}`;
    case 'cidr':
      return `is an address in ${predicate.cidr}`;
    case 'regex':
      return `matches /${predicate.source}/${predicate.flags}`;
    case 'in':
      return `is in ${predicate.dataset}.${predicate.field}`;
  }
}

function formatText(pattern: Pattern): string {
  if (literalOf(pattern) !== null) return `= ${quote(pattern)}`;
  const inner = pattern.filter((token) => token !== '*');
  if (inner.length === 0 || literalOf(inner) === null || pattern.length > 3)
    return `is like ${quote(pattern)}`;
  if (pattern.at(-1) !== '*') return `ends with ${quote(inner)}`;
  return `${pattern[0] === '*' ? 'contains' : 'starts with'} ${quote(inner)}`;
}

/** Quotes where the text could be taken for a number, a word of the line, or ends unclearly. */
function quote(pattern: Pattern): string {
  const text = patternText(pattern);
  const plain =
    /^[^\s'"(),]+$/u.test(text) &&
    !/^[-+.]?[0-9]/.test(text) &&
    !/^(true|false|and|or|not|null)$/i.test(text);
  return plain
    ? text
    : `"${text.replace(/["\n\r\t]/g, (character) => JSON.stringify(character).slice(1, -1))}"`;
}
