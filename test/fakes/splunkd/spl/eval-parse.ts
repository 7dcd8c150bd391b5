/** The grammar of eval and where expressions: text → tree. AND binds tighter than OR here (in `search` it is the other way round). */
import { endOfQuote, unquote } from './pipeline.ts';
import { SplError } from './value.ts';

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'unary'; readonly op: 'NOT' | '-'; readonly of: Expression }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] };

export type TokenKind = 'number' | 'text' | 'quoted-field' | 'name' | 'sign' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

const NUMBER = /^(\d+\.\d+|\d+(?!\.[A-Za-z_'"])\.?|\.\d+)([eE][+-]?\d+)?/;
const NAME = /^[A-Za-z_@$][A-Za-z0-9_@$:]*(\{\})?/;
const SIGNS = ['==', '!=', '<=', '>=', '<', '>', '=', '+', '-', '*', '/', '%', '.', '(', ')', ','];

export function evalError(text: string): SplError {
  return new SplError('failure', `Error in 'EvalCommand': ${text}`);
}

const malformed = (text: string): SplError => evalError(`The expression is malformed. ${text}`);

export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const space = /^\s+/.exec(rest);
    if (space !== null) {
      at += space[0].length;
      continue;
    }
    const token = nextToken(text, rest, at);
    tokens.push(token.token);
    at += token.length;
  }
  return [...tokens, { kind: 'end', text: '', at: text.length }];
}

function nextToken(
  text: string,
  rest: string,
  at: number,
): { readonly token: Token; readonly length: number } {
  if (rest.startsWith('"') || rest.startsWith("'")) {
    const end = endOfQuote(text, at);
    const quoted = text.slice(at, end + 1);
    const kind = rest.startsWith('"') ? 'text' : 'quoted-field';
    return { token: { kind, text: unquote(quoted), at }, length: quoted.length };
  }
  const number = NUMBER.exec(rest);
  if (number !== null) return { token: { kind: 'number', text: number[0], at }, length: number[0].length };
  const name = NAME.exec(rest);
  if (name !== null) return { token: { kind: 'name', text: name[0], at }, length: name[0].length };
  const sign = SIGNS.find((candidate) => rest.startsWith(candidate));
  if (sign === undefined) throw malformed(`An unexpected character is reached at '${rest}'.`);
  return { token: { kind: 'sign', text: sign, at }, length: sign.length };
}

/** Reads one expression from the tokens; `pos` moves behind it. */
export interface Cursor {
  readonly tokens: readonly Token[];
  readonly source: string;
  pos: number;
}

export function peek(cursor: Cursor): Token {
  return cursor.tokens[cursor.pos] ?? { kind: 'end', text: '', at: cursor.source.length };
}

export function takeSign(cursor: Cursor, ...signs: readonly string[]): string | null {
  const token = peek(cursor);
  if (token.kind !== 'sign' || !signs.includes(token.text)) return null;
  cursor.pos++;
  return token.text;
}

function takeWord(cursor: Cursor, ...words: readonly string[]): string | null {
  const token = peek(cursor);
  const word = token.text.toUpperCase();
  if (token.kind !== 'name' || !words.includes(word)) return null;
  cursor.pos++;
  return word;
}

function expect(cursor: Cursor, sign: string): void {
  if (takeSign(cursor, sign) === null) throw malformed(`Expected ${sign}.`);
}

/** A whole text that is one expression. */
export function parseExpression(source: string): Expression {
  const cursor: Cursor = { tokens: tokenize(source), source, pos: 0 };
  if (peek(cursor).kind === 'end') throw malformed('A term is missing.');
  const expression = readExpression(cursor);
  if (peek(cursor).kind !== 'end')
    throw evalError(`The operator at '${source.slice(peek(cursor).at)}' is invalid.`);
  return expression;
}

type Level = (cursor: Cursor) => Expression;

function leftAssociative(next: Level, take: (cursor: Cursor) => string | null): Level {
  return (cursor) => {
    let left = next(cursor);
    for (let op = take(cursor); op !== null; op = take(cursor)) {
      left = { kind: 'binary', op, left, right: next(cursor) };
    }
    return left;
  };
}

const product = leftAssociative(readUnary, (cursor) => takeSign(cursor, '*', '/', '%'));
const sum = leftAssociative(product, (cursor) => takeSign(cursor, '+', '-'));
const joined = leftAssociative(sum, (cursor) => takeSign(cursor, '.'));
const conjunction = leftAssociative(readNot, (cursor) => takeWord(cursor, 'AND'));
const exclusive = leftAssociative(conjunction, (cursor) => takeWord(cursor, 'XOR'));

export const readExpression: Level = leftAssociative(exclusive, (cursor) => takeWord(cursor, 'OR'));

function readNot(cursor: Cursor): Expression {
  if (takeWord(cursor, 'NOT') !== null) return { kind: 'unary', op: 'NOT', of: readNot(cursor) };
  return readComparison(cursor);
}

function readComparison(cursor: Cursor): Expression {
  const left = joined(cursor);
  const sign = takeSign(cursor, '==', '=', '!=', '<=', '>=', '<', '>');
  if (sign !== null) return { kind: 'binary', op: sign === '==' ? '=' : sign, left, right: joined(cursor) };
  if (takeWord(cursor, 'LIKE') !== null) return { kind: 'call', name: 'like', args: [left, joined(cursor)] };
  const negated = peek(cursor).text.toUpperCase() === 'NOT' && peek(cursor).kind === 'name';
  if (negated) cursor.pos++;
  if (takeWord(cursor, 'IN') !== null) {
    expect(cursor, '(');
    const call: Expression = { kind: 'call', name: 'in', args: [left, ...readArguments(cursor)] };
    return negated ? { kind: 'unary', op: 'NOT', of: call } : call;
  }
  if (negated) throw malformed('A comparison term is missing.');
  return left;
}

function readUnary(cursor: Cursor): Expression {
  const sign = takeSign(cursor, '-', '+');
  if (sign === '-') return { kind: 'unary', op: '-', of: readUnary(cursor) };
  if (sign === '+') return readUnary(cursor);
  return readPrimary(cursor);
}

function readPrimary(cursor: Cursor): Expression {
  if (takeSign(cursor, '(') !== null) {
    const inside = readExpression(cursor);
    expect(cursor, ')');
    return inside;
  }
  const token = peek(cursor);
  cursor.pos++;
  switch (token.kind) {
    case 'number':
      return { kind: 'number', value: Number(token.text) };
    case 'text':
      return { kind: 'text', value: token.text };
    case 'quoted-field':
      return { kind: 'field', name: token.text };
    case 'name':
      if (takeSign(cursor, '(') !== null) {
        return { kind: 'call', name: token.text.toLowerCase(), args: readArguments(cursor) };
      }
      return { kind: 'field', name: token.text };
    default:
      throw token.kind === 'end' ? malformed('A term is missing.') : malformed('The factor is missing.');
  }
}

/** What stands between the parentheses; the closing one is taken. */
function readArguments(cursor: Cursor): Expression[] {
  const args: Expression[] = [];
  if (takeSign(cursor, ')') !== null) return args;
  do args.push(readExpression(cursor));
  while (takeSign(cursor, ',') !== null);
  expect(cursor, ')');
  return args;
}
