/** The grammar of `search`: OR binds tighter than AND (also the unwritten one), NOT tightest. */
import { endOfQuote } from './pipeline.ts';
import { SplError } from './value.ts';

export type SearchTree =
  | { readonly kind: 'and' | 'or'; readonly of: readonly SearchTree[] }
  | { readonly kind: 'not'; readonly of: SearchTree }
  | { readonly kind: 'compare'; readonly field: string; readonly op: SearchOp; readonly value: string }
  | { readonly kind: 'in'; readonly field: string; readonly values: readonly string[] }
  | { readonly kind: 'keyword'; readonly text: string; readonly cased: boolean };

export type SearchOp = '=' | '!=' | '<' | '>' | '<=' | '>=';

type Token =
  | { readonly kind: 'word'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'sign'; readonly text: string };

const OPS: readonly SearchOp[] = ['!=', '<=', '>=', '=', '<', '>'];

function searchError(text: string): SplError {
  return new SplError('refusal', `Error in 'search' command: Unable to parse the search: ${text}`);
}

/** Escapes: `\"` and `\\`; any other backslash stays. An asterisk is always a wildcard. */
function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let afterOperator = false;
  while (at < text.length) {
    const rest = text.slice(at);
    const space = /^[\s]+/.exec(rest);
    const sign = afterOperator
      ? undefined
      : ['(', ')', ',', ...OPS].find((candidate) => rest.startsWith(candidate));
    if (space !== null) at += space[0].length;
    else if (rest.startsWith('"')) {
      const end = endOfQuote(text, at);
      tokens.push({ kind: 'word', text: text.slice(at + 1, end).replace(/\\(["\\])/g, '$1'), quoted: true });
      at = end + 1;
      afterOperator = false;
    } else if (sign !== undefined) {
      tokens.push({ kind: 'sign', text: sign });
      at += sign.length;
      afterOperator = OPS.some((op) => op === sign);
    } else {
      const word = afterOperator ? /^[^\s"()]+/.exec(rest) : /^[^\s"()=!<>,]+|^!/.exec(rest);
      if (word === null) throw searchError(`unexpected '${rest.slice(0, 10)}'.`);
      tokens.push({ kind: 'word', text: word[0], quoted: false });
      at += word[0].length;
      afterOperator = false;
    }
  }
  return tokens;
}

/** Null where nothing is asked for: everything passes. */
export function parseSearch(text: string): SearchTree | null {
  const reader: Reader = { tokens: tokenize(text), pos: 0 };
  if (reader.tokens.length === 0) return null;
  const tree = readAnd(reader);
  if (reader.pos < reader.tokens.length) throw searchError('Comparator or parenthesis is unexpected.');
  return tree;
}

interface Reader {
  readonly tokens: readonly Token[];
  pos: number;
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === 'word' && !token.quoted && token.text === word;
}

function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === 'sign' && token.text === sign;
}

function readAnd(reader: Reader): SearchTree {
  const parts: SearchTree[] = [];
  for (;;) {
    const token = reader.tokens[reader.pos];
    if (token === undefined || isSign(token, ')')) break;
    if (isWord(token, 'AND') && parts.length > 0) {
      reader.pos++;
      if (reader.pos >= reader.tokens.length) throw searchError("'AND' needs a term on its right.");
    } else parts.push(readOr(reader));
  }
  if (parts.length === 0) throw searchError('Empty parentheses.');
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : { kind: 'and', of: parts };
}

function readOr(reader: Reader): SearchTree {
  const parts = [readNot(reader)];
  while (isWord(reader.tokens[reader.pos], 'OR')) {
    reader.pos++;
    parts.push(readNot(reader));
  }
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : { kind: 'or', of: parts };
}

function readNot(reader: Reader): SearchTree {
  const token = reader.tokens[reader.pos];
  if (isWord(token, 'NOT')) {
    reader.pos++;
    return { kind: 'not', of: readNot(reader) };
  }
  if (isSign(token, '(')) {
    reader.pos++;
    const inside = readAnd(reader);
    if (!isSign(reader.tokens[reader.pos], ')')) throw searchError('Missing a closing parenthesis.');
    reader.pos++;
    return inside;
  }
  return readTerm(reader);
}

function readTerm(reader: Reader): SearchTree {
  const token = reader.tokens[reader.pos];
  if (token?.kind !== 'word')
    throw searchError(`Comparator '${token?.text ?? ''}' has an invalid term on the left hand side.`);
  reader.pos++;
  const next = reader.tokens[reader.pos];
  const op = OPS.find((candidate) => isSign(next, candidate));
  if (op !== undefined) {
    const value = reader.tokens[++reader.pos];
    if (value?.kind !== 'word')
      throw searchError(`Comparator '${op}' has an invalid term on the right hand side.`);
    reader.pos++;
    return { kind: 'compare', field: token.text, op, value: value.text };
  }
  if (
    next?.kind === 'word' &&
    !next.quoted &&
    next.text.toUpperCase() === 'IN' &&
    isSign(reader.tokens[reader.pos + 1], '(')
  ) {
    reader.pos += 2;
    return { kind: 'in', field: token.text, values: readList(reader) };
  }
  const cased = token.text === 'CASE' || token.text === 'TERM';
  if (cased && !token.quoted && isSign(next, '(')) {
    reader.pos++;
    const [text = ''] = readList(reader);
    return { kind: 'keyword', text, cased: token.text === 'CASE' };
  }
  return { kind: 'keyword', text: token.text, cased: false };
}

function readList(reader: Reader): readonly string[] {
  const values: string[] = [];
  for (;;) {
    const token = reader.tokens[reader.pos++];
    if (token === undefined) throw searchError('Missing a closing parenthesis.');
    if (isSign(token, ')')) return values;
    if (token.kind === 'word') values.push(token.text);
  }
}
