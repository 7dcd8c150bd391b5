/**
 * Texts, wildcards and expressions as regular expressions for `match`, with the meaning of the reference evaluator.
 * Written in the part of PCRE on which engines don't differ: an end is `(?![\d\D])`, never `$`, which lets a line
 * break follow; case is folded letter by letter, as `(?i)` may fold more than ASCII.
 */
import { ConnectorError } from '../../src/core/errors.ts';
import type { PatternToken } from '../../src/core/filter/model.ts';
import { literalOf } from '../../src/core/filter/pattern.ts';

export const ANY = '[\\d\\D]';
export const END = `(?!${ANY})`;

/** A text that is a number in full, as NUMBER_TEXT in core/filter/value.ts says. */
export const NUMBER = `^-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?${END}`;

/** The text itself, anywhere. */
export function literal(value: string, cased: boolean): string {
  return Array.from(value, (character) => {
    if (!cased && /[A-Za-z]/.test(character)) return `[${character.toLowerCase()}${character.toUpperCase()}]`;
    return escaped(character);
  }).join('');
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0) || character === '`')
    return `\\x${code.toString(16).padStart(2, '0')}`;
  return /[\\^$.|?*+()[\]{}]/.test(character) ? `\\${character}` : character;
}

/** A pattern's own text between its `*`; `?` is any one character. */
function segments(pattern: readonly PatternToken[], cased: boolean): string[] {
  const parts = [''];
  for (const token of pattern) {
    if (token === '*') parts.push('');
    else parts.push(`${parts.pop() ?? ''}${token === '?' ? ANY : literal(token.literal, cased)}`);
  }
  return parts;
}

/** Matches where the whole value fits the pattern. */
export function wildcard(pattern: readonly PatternToken[], cased: boolean): string {
  const [first = '', ...rest] = segments(pattern, cased);
  const last = rest.pop();
  if (last === undefined) return `^${first}${END}`;
  const middle = rest.filter((part) => part !== '');
  if (first === '' && middle.length === 0) return last === '' ? ANY : `${last}${END}`;
  if (first === '' && middle.length === 1 && last === '') return middle.join('');
  // The first place that fits is as good as any later one: once found it is not tried again (a look-ahead keeps
  // what it took), so that the time is linear.
  const found = middle.map((part, i) => `(?=(${ANY}*?${part}))\\${i + 1}`).join('');
  return `^${first}${found}${last === '' ? '' : `${ANY}*${last}${END}`}`;
}

/** Matches where the whole value is one of these texts, case aside; several expressions where one would be too large. */
export function oneOf(values: readonly string[]): string[] {
  const parts: string[][] = [[]];
  let size = 0;
  for (const value of values) {
    size += value.length;
    if (size > 800) {
      parts.push([]);
      size = value.length;
    }
    parts.at(-1)?.push(literal(value, false));
  }
  return parts.map((part) => `^(?:${part.join('|')})${END}`);
}

/** Whether a pattern is the empty text, which Splunk can't tell from no value. */
export const isEmpty = (pattern: readonly PatternToken[]): boolean => literalOf(pattern) === '';

/**
 * An expression of the filter language (core/filter/regex.ts says which there are) so that PCRE finds just what RE2
 * finds. Refused: case folding of letters beyond ASCII, and nested repeats, which PCRE may give up on silently.
 */
export function translate(source: string, flags: string): string {
  const state = { folding: flags.includes('i'), lines: flags.includes('m'), dots: flags.includes('s') };
  requireFlat(source);
  let result = '';
  for (let at = 0; at < source.length; ) {
    const piece =
      /^(?:\\[\s\S]|\[\^?(?:\\[\s\S]|[^\]\\])*\]|\{[0-9,]+\}|[\d\D])/u.exec(source.slice(at))?.[0] ?? '';
    at += piece.length;
    result += translatePiece(piece, state);
  }
  return result;
}

interface Flags {
  readonly folding: boolean;
  readonly lines: boolean;
  readonly dots: boolean;
}

function translatePiece(piece: string, { folding, lines, dots }: Flags): string {
  if (piece === '.') return dots ? ANY : '[^\\n]';
  if (piece === '^') return lines ? '(?:^|(?<=\\n))' : '^';
  if (piece === '$') return lines ? '(?=\\n|(?![\\d\\D]))' : END;
  if (/^(?:[|()*+?]|\{[0-9,]+\})$/.test(piece)) return piece;
  if (piece.startsWith('[')) return translateClass(piece, folding);
  const character = piece.startsWith('\\') ? piece.slice(1) : piece;
  if (!folding) return escaped(character);
  requireAscii(character);
  return /[A-Za-z]/.test(character) ? `[${foldings(character)}]` : escaped(character);
}

/** RE2 folds `k` with the Kelvin sign and `s` with the long s, too. */
function foldings(letter: string): string {
  const lower = letter.toLowerCase();
  const more = lower === 'k' ? '\u212a' : lower === 's' ? '\u017f' : '';
  return `${lower}${letter.toUpperCase()}${more}`;
}

function translateClass(piece: string, folding: boolean): string {
  const [, not = '', body = ''] = /^\[(\^?)([\s\S]*)\]$/u.exec(piece) ?? [];
  const items = body.match(/\\[\s\S]|[\s\S]/gu) ?? [];
  let members = '';
  for (let i = 0; i < items.length; i += 1) {
    const from = member(items[i]);
    const ranges = items[i + 1] === '-' && items[i + 2] !== undefined;
    const to = ranges ? member(items[i + 2]) : from;
    if (ranges) i += 2;
    members += from === to ? classEscape(from) : `${classEscape(from)}-${classEscape(to)}`;
    if (folding) members += foldedRange(from, to);
  }
  return `[${not}${members}]`;
}

const member = (item = ''): string => (item.startsWith('\\') ? item.slice(1) : item);

function classEscape(character: string): string {
  return character === '-' ? '\\-' : escaped(character);
}

/** The other case of each letter between two characters. */
function foldedRange(from: string, to: string): string {
  requireAscii(from);
  requireAscii(to);
  let folded = '';
  for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code += 1) {
    const letter = String.fromCharCode(code);
    if (/[A-Za-z]/.test(letter)) folded += foldings(letter);
  }
  return folded;
}

function requireAscii(character: string): void {
  if (character.charCodeAt(0) < 0x80) return;
  throw new ConnectorError(
    `An expression that ignores case holds "${character}", whose case Splunk may fold in its own way`,
    { retryable: false, help: 'Write both cases in a class, such as `[äÄ]`, and leave out `i`.' },
  );
}

/** A repeat of a group that itself repeats without an end may take PCRE so long that it gives up: as if nothing matched. */
function requireFlat(source: string): void {
  const open: boolean[] = [];
  const plain = source.replace(/\\[\s\S]|\[\^?(?:\\[\s\S]|[^\]\\])*\]/gu, 'x');
  let repeats = false;
  for (let at = 0; at < plain.length; at += 1) {
    const character = plain.charAt(at);
    if (character === '(') {
      open.push(repeats);
      repeats = false;
    } else if (character === ')') {
      const inner: boolean = repeats;
      repeats = (open.pop() ?? false) || inner;
      if (inner && endless(plain.slice(at + 1))) throw nested();
    } else if (endless(plain.slice(at))) repeats = true;
  }
}

const endless = (rest: string): boolean => /^(?:[*+]|\{[0-9]+,\})/.test(rest);

function nested(): ConnectorError {
  return new ConnectorError('The expression repeats something that itself repeats without an end', {
    retryable: false,
    help: 'Splunk gives up on such expressions without saying so. Write it without a repeat inside a repeat.',
  });
}
