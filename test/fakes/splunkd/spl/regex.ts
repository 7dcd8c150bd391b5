/** PCRE as Splunk compiles it (UTF-8, no UCP), said in JavaScript's own dialect. What can't be said the same is refused. */
import { notKnown, SplError } from './value.ts';

const CLASSES: Readonly<Record<string, string>> = {
  s: ' \\t\\n\\v\\f\\r',
  h: ' \\t\\u00a0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000',
  d: '0-9',
  w: 'A-Za-z0-9_',
};
const POSIX: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: ' \\t\\n\\v\\f\\r',
  xdigit: '0-9A-Fa-f',
  word: 'A-Za-z0-9_',
  punct: '!-\\/:-@\\[-`\\{-~',
};
const PLAIN_ESCAPES = /^[nrtvf0bB]$/;
const SYNTAX = /^[\^$\\.*+?()[\]{}|/]$/;

const cache = new Map<string, RegExp>();

export function compileRegex(source: string, extraFlags = ''): RegExp {
  const key = `${extraFlags}/${source}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const { pattern, flags } = translate(source);
  try {
    const regex = new RegExp(pattern, `u${flags}${extraFlags}`);
    cache.set(key, regex);
    return regex;
  } catch (cause) {
    throw new SplError(
      'failure',
      `Error in 'EvalCommand': Regex: the pattern '${source}' does not compile: ${String(cause)}`,
    );
  }
}

function translate(source: string): { readonly pattern: string; readonly flags: string } {
  const leading = /^\(\?([imsx]+)\)/.exec(source);
  const letters = leading?.[1] ?? '';
  if (letters.includes('x')) throw notKnown('(?x) in a regular expression');
  const dotAll = letters.includes('s');
  const multiline = letters.includes('m');
  let out = '';
  let at = leading?.[0].length ?? 0;
  while (at < source.length) {
    const char = source[at] ?? '';
    if (char === '\\') {
      const escaped = translateEscape(source, at + 1, false);
      out += escaped.text;
      at += 1 + escaped.length;
    } else if (char === '[') {
      const set = translateSet(source, at);
      out += set.text;
      at += set.length;
    } else {
      if (source.startsWith('(?P<', at)) {
        out += '(?<';
        at += 4;
        continue;
      }
      if (/^(\(\?>|[*+?}]\+)/.test(source.slice(at)))
        throw notKnown('atomic groups and possessive quantifiers');
      if (char === '.') out += dotAll ? '[\\s\\S]' : '[^\\n]';
      else if (char === '$') out += multiline ? '(?=\\n|(?![\\s\\S]))' : '(?=\\n?(?![\\s\\S]))';
      else if (char === '^') out += multiline ? '(?<=\\n|(?<![\\s\\S]))' : '^';
      else if (char === '{' && !/^\{\d+(,\d*)?\}/.test(source.slice(at))) out += '\\{';
      else if (char === '}' && !/\{\d+(,\d*)?$/.test(out)) out += '\\}';
      else if (char === ']') out += '\\]';
      else out += char;
      at += 1;
    }
  }
  return { pattern: out, flags: letters.includes('i') ? 'i' : '' };
}

function translateEscape(
  source: string,
  at: number,
  inSet: boolean,
): { readonly text: string; readonly length: number } {
  const char = source[at];
  if (char === undefined)
    throw new SplError('failure', `Error in 'EvalCommand': Regex: \\ at end of pattern.`);
  const hex = /^x\{([0-9a-fA-F]+)\}|^x([0-9a-fA-F]{1,2})/.exec(source.slice(at));
  if (hex !== null) return { text: `\\u{${hex[1] ?? hex[2] ?? '0'}}`, length: hex[0].length };
  const set = CLASSES[char.toLowerCase()];
  if (set !== undefined) {
    if (char === char.toLowerCase()) return { text: inSet ? set : `[${set}]`, length: 1 };
    if (inSet && char !== 'D' && char !== 'W') throw notKnown(`\\${char} in a set`);
    return { text: inSet ? `\\${char}` : `[^${set}]`, length: 1 };
  }
  if (char === 'A' && !inSet) return { text: '(?<![\\s\\S])', length: 1 };
  if (char === 'z' && !inSet) return { text: '(?![\\s\\S])', length: 1 };
  if (char === 'Z' && !inSet) return { text: '(?=\\n?(?![\\s\\S]))', length: 1 };
  if (char === 'Q') {
    const end = source.indexOf('\\E', at);
    const literal = source.slice(at + 1, end < 0 ? source.length : end);
    return {
      text: literal.replace(/[\^$\\.*+?()[\]{}|/]/g, '\\$&'),
      length: literal.length + 1 + (end < 0 ? 0 : 2),
    };
  }
  if (/^[1-9]$/.test(char) && !inSet) return { text: `\\${char}`, length: 1 };
  if (char === 'e') return { text: '\\u001b', length: 1 };
  if (char === 'a') return { text: '\\u0007', length: 1 };
  if (PLAIN_ESCAPES.test(char) || SYNTAX.test(char) || (inSet && char === '-'))
    return { text: `\\${char}`, length: 1 };
  if (/[A-Za-z]/.test(char)) throw notKnown(`\\${char} in a regular expression`);
  return { text: [...source.slice(at)][0] ?? char, length: ([...source.slice(at)][0] ?? char).length };
}

function translateSet(source: string, start: number): { readonly text: string; readonly length: number } {
  let at = start + 1;
  let out = '[';
  if (source[at] === '^') {
    out += '^';
    at++;
  }
  for (let first = true; at < source.length && (first || source[at] !== ']'); first = false) {
    const posix = /^\[:(\w+):\]/.exec(source.slice(at));
    const members = posix === null ? undefined : POSIX[posix[1] ?? ''];
    if (posix !== null && members !== undefined) {
      out += members;
      at += posix[0].length;
    } else if (source[at] === '\\') {
      const escaped = translateEscape(source, at + 1, true);
      out += escaped.text;
      at += 1 + escaped.length;
      if (source[at] === '-' && escaped.text.length > 2) {
        out += '\\-';
        at++;
      }
    } else {
      out += /[[\]{}()|/]/.test(source[at] ?? '') ? `\\${source[at]}` : source[at];
      at++;
    }
  }
  if (source[at] !== ']')
    throw new SplError(
      'failure',
      `Error in 'EvalCommand': Regex: missing terminating ] for character class.`,
    );
  return { text: `${out}]`, length: at + 1 - start };
}
