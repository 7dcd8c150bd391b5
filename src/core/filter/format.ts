/** A filter as one line for people, as `explain` and the pages show it. It is not read back. */
import type { Filter, Predicate } from './model.ts';
import { literalOf, type Pattern, patternText } from './pattern.ts';

/** For example `event.action = logon and not user.name starts with svc-`. */
export function formatFilter(filter: Filter): string {
  switch (filter.op) {
    case 'everything':
      return 'everything';
    case 'test':
      return formatTest(filter.field, [phrase(filter.predicate)], '');
    case 'not':
      return formatNot(filter.of);
    case 'and':
    case 'or':
      if (filter.of.length === 0) return filter.op === 'and' ? 'everything' : 'nothing';
      return (
        formatValues(filter.op, filter.of) ??
        filter.of.map((part) => nested(part, filter.op)).join(` ${filter.op} `)
      );
  }
}

function formatNot(filter: Filter): string {
  if (filter.op === 'test' && filter.predicate.kind === 'exists') return `${filter.field} has no value`;
  return `not ${nested(filter, 'not')}`;
}

/** Parentheses only where reading would go wrong without: `not` binds tightest, then `and`, then `or`. */
function nested(filter: Filter, inside: 'and' | 'or' | 'not'): string {
  const text = formatFilter(filter);
  if (filter.op !== 'and' && filter.op !== 'or') return text;
  const isOne = filter.of.length < 2 || formatValues(filter.op, filter.of) !== null;
  const reads = isOne || filter.op === inside || (inside === 'or' && filter.op === 'and');
  return reads ? text : `(${text})`;
}

/** One test asked of several values of one field: `event.code = (4625 or 4771)`. Null for anything else. */
function formatValues(op: 'and' | 'or', of: readonly Filter[]): string | null {
  const tests = of.filter((part) => part.op === 'test');
  const [first] = tests;
  if (first === undefined || tests.length < of.length || of.length < 2) return null;
  const phrases = tests.map((test) => phrase(test.predicate));
  const [{ verb, note } = { verb: '', note: '' }] = phrases;
  const alike = phrases.every((one) => one.verb === verb && one.note === note && one.object !== '');
  return alike && tests.every((test) => test.field === first.field)
    ? formatTest(first.field, phrases, ` ${op} `)
    : null;
}

/** `field verb object note`: what the objects of one verb may share. */
interface Phrase {
  readonly verb: string;
  readonly object: string;
  readonly note: string;
}

function formatTest(field: string, phrases: readonly Phrase[], between: string): string {
  const objects = phrases.map((one) => one.object).join(between);
  const { verb = '', note = '' } = phrases[0] ?? {};
  return [field, verb, phrases.length > 1 ? `(${objects})` : objects, note]
    .filter((part) => part !== '')
    .join(' ');
}

function phrase(predicate: Predicate): Phrase {
  const [verb, object] = words(predicate);
  return { verb, object, note: predicate.kind === 'text' && predicate.cased ? '(case matters)' : '' };
}

function words(predicate: Predicate): readonly [verb: string, object: string] {
  switch (predicate.kind) {
    case 'exists':
      return ['has a value', ''];
    case 'text':
      return textWords(predicate.pattern);
    case 'number':
    case 'boolean':
      return ['=', String(predicate.value)];
    case 'compare':
      return [{ lt: '<', lte: '<=', gt: '>', gte: '>=' }[predicate.op], String(predicate.value)];
    case 'cidr':
      return ['is an address in', predicate.cidr];
    case 'regex':
      return ['matches', `/${predicate.source}/${predicate.flags}`];
    case 'in':
      return ['is in', `${predicate.dataset}.${predicate.field}`];
  }
}

function textWords(pattern: Pattern): readonly [verb: string, object: string] {
  if (literalOf(pattern) !== null) return ['=', quote(pattern)];
  const inner = pattern.filter((token) => token !== '*');
  if (inner.length === 0 || literalOf(inner) === null) return ['is like', quote(pattern)];
  if (pattern.at(-1) !== '*') return ['ends with', quote(inner)];
  return [pattern[0] === '*' ? 'contains' : 'starts with', quote(inner)];
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
