/** Texts with wildcards: Sigma's escape rules read into tokens, tokens written back, and the matching itself. */
import type { PatternToken } from './model.ts';
import { foldCase } from './value.ts';

export type Pattern = readonly PatternToken[];

/** A text that is meant as it stands, without wildcards. */
export function literalPattern(text: string): Pattern {
  return text === '' ? [] : [{ literal: text }];
}

/** The text of a pattern without wildcards; null for one that has some. */
export function literalOf(pattern: Pattern): string | null {
  const [first, ...rest] = pattern;
  if (first === undefined) return '';
  return rest.length === 0 && typeof first === 'object' ? first.literal : null;
}

/**
 * Reads `*`, `?` and the backslash as Sigma's specification does: a backslash takes away the meaning of `*`, `?`
 * and of another backslash, and is itself before anything else. Neighbouring `*` become one.
 */
export function parsePattern(text: string): Pattern {
  const tokens: PatternToken[] = [];
  let literal = '';
  const flush = () => {
    if (literal !== '') tokens.push({ literal });
    literal = '';
  };
  for (let i = 0; i < text.length; i += 1) {
    const character = text.charAt(i);
    const next = text.charAt(i + 1);
    if (character === '\\' && (next === '*' || next === '?' || next === '\\')) {
      literal += next;
      i += 1;
    } else if (character === '*' || character === '?') {
      flush();
      tokens.push(character);
    } else {
      literal += character;
    }
  }
  flush();
  return joinStars(tokens);
}

/** Puts wildcards around a pattern, as `contains`, `startswith` and `endswith` do. */
export function surround(pattern: Pattern, before: boolean, after: boolean): Pattern {
  return joinStars([...(before ? (['*'] as const) : []), ...pattern, ...(after ? (['*'] as const) : [])]);
}

function joinStars(tokens: Pattern): Pattern {
  return tokens.filter((token, i) => token !== '*' || tokens[i - 1] !== '*');
}

/** The pattern as a person writes it, escapes included. */
export function patternText(pattern: Pattern): string {
  return pattern.map((token) => (typeof token === 'string' ? token : escapeLiteral(token.literal))).join('');
}

/** A backslash is doubled only where it would otherwise act: before `*`, `?`, another one, or at the end. */
function escapeLiteral(text: string): string {
  return text.replace(/\\(?=[\\*?]|$)|[*?]/g, (character) => `\\${character}`);
}

/** Whether a whole text matches; `?` is one Unicode code point. Case is that of ASCII letters only. */
export function compilePattern(pattern: Pattern, cased: boolean): (text: string) => boolean {
  const tokens = cased ? pattern : pattern.map(foldToken);
  const test = compileTokens(tokens);
  return cased ? test : (text) => test(foldCase(text));
}

function foldToken(token: PatternToken): PatternToken {
  return typeof token === 'object' ? { literal: foldCase(token.literal) } : token;
}

function compileTokens(tokens: Pattern): (text: string) => boolean {
  const exact = literalOf(tokens);
  if (exact !== null) return (text) => text === exact;
  const inner = literalOf(tokens.filter((token) => token !== '*'));
  const [first] = tokens;
  const last = tokens.at(-1);
  if (inner !== null) {
    if (first === '*' && last === '*') return (text) => text.includes(inner);
    if (first === '*') return (text) => text.endsWith(inner);
    if (last === '*') return (text) => text.startsWith(inner);
  }
  return compileGlob(
    tokens.flatMap((token) => (typeof token === 'object' ? literals(token.literal) : [token])),
  );
}

function literals(text: string): PatternToken[] {
  return Array.from(text, (literal) => ({ literal }));
}

/** Greedy matching that comes back to the last `*` only: never worse than text length × pattern length. */
function compileGlob(tokens: Pattern): (text: string) => boolean {
  return (text) => {
    const points = Array.from(text);
    let [at, token, starToken, starAt] = [0, 0, -1, 0];
    while (at < points.length) {
      const current = tokens[token];
      if (current === '*') {
        [starToken, starAt] = [token, at];
        token += 1;
      } else if (current === '?' || (current !== undefined && current.literal === points[at])) {
        token += 1;
        at += 1;
      } else if (starToken >= 0) {
        starAt += 1;
        [token, at] = [starToken + 1, starAt];
      } else {
        return false;
      }
    }
    return tokens.slice(token).every((rest) => rest === '*');
  };
}
