/**
 * SPL as text that can't be broken out of: fragments are put together from other fragments, and texts, names and
 * numbers come in quoted only. Also the closed set of words that clause9 writes.
 */
import { ConnectorError } from '../../src/core/errors.ts';

export interface Spl {
  readonly spl: string;
}

/** Only fragments can be put in: text goes through `text`, `name` or `number` first. */
export function spl(strings: TemplateStringsArray, ...parts: readonly Spl[]): Spl {
  return { spl: strings.map((string, i) => `${string}${parts[i]?.spl ?? ''}`).join('') };
}

export function join(parts: readonly Spl[], separator: string): Spl {
  return { spl: parts.map((part) => part.spl).join(separator) };
}

/** A text in double quotes: a backslash and a quote are escaped, and nothing else means anything there. */
export function text(value: string): Spl {
  return { spl: `"${checked(value).replace(/[\\"]/g, '\\$&')}"` };
}

/** The source's own name of a field, in an expression. */
export function name(field: string): Spl {
  if (/['"\\*`]/.test(field))
    throw new ConnectorError(`The field "${field}" has a character that can't be quoted in SPL`, {
      retryable: false,
      help: 'Give it another name in Splunk (a field alias), and map that in `fields`.',
    });
  return { spl: `'${checked(field)}'` };
}

/** A number in an expression; what has an exponent goes through `tonumber`, as literals may not have one. */
export function number(value: number): Spl {
  const digits = String(value);
  return /^-?[0-9]+(\.[0-9]+)?$/.test(digits) ? { spl: digits } : spl`tonumber(${text(digits)})`;
}

/** A whole search or part of one as a person wrote it in the configuration, linted before. */
export function written(search: string): Spl {
  return { spl: search };
}

/** A backtick would call a macro, and half a character has no bytes. */
function checked(value: string): string {
  if (/`|\p{Cc}|\p{Cs}/u.test(value))
    throw new ConnectorError(`${JSON.stringify(value)} can't be written in SPL`, {
      retryable: false,
      help: 'It holds a backtick or a control character.',
    });
  return value;
}

export const TRUE = spl`1=1`;
export const FALSE = spl`1=0`;

export const words = (...lines: readonly string[]): readonly string[] => lines.join(' ').split(' ');

/** Every command, and every function, that clause9 writes into a search. */
export const COMMANDS = words(
  'search where eval stats appendpipe addinfo table head sort makeresults inputlookup tstats datamodel eventcount',
  'fieldsummary fields',
);
export const FUNCTIONS = words(
  'if case coalesce match mvfilter mvdedup mvcount mvappend isnull isnotnull null tonumber exact floor ceil ln abs',
  'time count sum min max exactperc',
);
