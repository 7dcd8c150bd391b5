/** Cuts a search into its commands: pipes outside quotes and brackets; comments in triple backticks go. */
import { SplError } from './value.ts';

export interface CommandText {
  readonly name: string;
  readonly args: string;
}

export const COMMENT = /```[\s\S]*?```/g;

/** The commands of a search, in order. A search that begins with no pipe begins with `search`, said or not said. */
export function cutPipeline(text: string): readonly CommandText[] {
  const clean = text.replace(COMMENT, ' ').trim();
  const parts = splitPipes(clean);
  const generating = clean.startsWith('|');
  if (generating) parts.shift();
  return parts.map((part, at) => {
    const match = /^([A-Za-z_][\w]*)(?=$|[\s[(`"'=])\s*([\s\S]*)$/.exec(part.trim());
    if (match === null) {
      if (at === 0 && !generating) return { name: 'search', args: part.trim() };
      throw new SplError(
        'refusal',
        `Error in 'SearchParser': Missing a search command before '${part.trim().slice(0, 1) || '|'}'. Error at position '${at}' of search query '${text.slice(0, 40)}'.`,
      );
    }
    return { name: (match[1] ?? '').toLowerCase(), args: (match[2] ?? '').trim() };
  });
}

function splitPipes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfQuote(text, at);
    else if (char === '[') depth++;
    else if (char === ']' && --depth < 0) throw unbalanced(text);
    else if (char === '|' && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  if (depth !== 0) throw unbalanced(text);
  parts.push(text.slice(from));
  return parts;
}

/** The place of the quote that ends the one at `start`. */
export function endOfQuote(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === text[start]) return at;
  }
  throw new SplError('refusal', `Unbalanced quotes.`);
}

function unbalanced(text: string): SplError {
  const kind = text.includes('[') ? 'Missing a closing bracket' : 'Mismatched brackets';
  return new SplError('refusal', `Error in 'SearchParser': ${kind}.`);
}

export interface Bracketed {
  readonly before: string;
  readonly inside: string;
  readonly after: string;
}

/** The first `[…]` of a command's arguments, its own brackets balanced. */
export function cutBrackets(text: string): Bracketed | null {
  let depth = 0;
  let from = -1;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') at = endOfQuote(text, at);
    else if (text[at] === '[') {
      if (depth++ === 0) from = at;
    } else if (text[at] === ']' && --depth === 0) {
      return { before: text.slice(0, from), inside: text.slice(from + 1, at), after: text.slice(at + 1) };
    }
  }
  return null;
}

/** What a quoted text holds: `\"` is a quote, `\\` a backslash, any other backslash stays. */
export function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(["'\\])/g, '$1');
}
