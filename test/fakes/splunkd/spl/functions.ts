/** The eval functions that this fake knows. Each is made once per expression from its arguments, and then run per row. */
import { createHash } from 'node:crypto';
import type { Dialect } from '../model.ts';
import { type Expression, evalError } from './eval-parse.ts';
import {
  compare,
  type EvalContext,
  type Evaluator,
  fieldValue,
  isMany,
  isNumericText,
  isTrue,
  numberOf,
  textOf,
  textsOf,
  type Value,
} from './evaluate.ts';
import { inNetwork } from './network.ts';
import { compileRegex } from './regex.ts';
import { foldText, formatNumber, notKnown, parseNumber, type Row } from './value.ts';

type Make = (args: readonly Expression[], context: EvalContext) => Evaluator;

function invalid(name: string): Error {
  return evalError(`The arguments to the '${name}' function are invalid.`);
}

function compileAll(
  name: string,
  args: readonly Expression[],
  context: EvalContext,
  least: number,
  most = least,
): readonly Evaluator[] {
  if (args.length < least || args.length > most) throw invalid(name);
  return args.map((arg) => context.compile(arg));
}

const ABSENT: Evaluator = () => null;

/** A function of values, whatever they are. */
function onValues(
  name: string,
  least: number,
  most: number,
  run: (values: readonly Value[], context: EvalContext) => Value,
): Make {
  return (args, context) => {
    const parts = compileAll(name, args, context, least, most);
    return (row) =>
      run(
        parts.map((part) => part(row)),
        context,
      );
  };
}

/** A function of numbers: null where one of them is none. */
function onNumbers(
  name: string,
  least: number,
  most: number,
  run: (...numbers: readonly number[]) => number | null,
): Make {
  return onValues(name, least, most, (values, { dialect }) => {
    if (values.some(isMany)) throw notKnown(`${name}() of a field with several values`);
    const numbers = values.map((value) => numberOf(value, dialect));
    const known = numbers.filter((number) => number !== null);
    return known.length === numbers.length ? run(...known) : null;
  });
}

/** A function of texts: null where one of them is null. */
function onTexts(
  name: string,
  least: number,
  most: number,
  run: (texts: readonly string[], dialect: Dialect) => Value,
): Make {
  return onValues(name, least, most, (values, { dialect }) => {
    const texts = values.map((value) => textOf(value, dialect, `${name}()`));
    const known = texts.filter((text) => text !== null);
    return known.length === texts.length ? run(known, dialect) : null;
  });
}

function collapse(values: readonly string[], dialect: Dialect): Value {
  if (values.length > 1) return values;
  return fieldValue(values[0], dialect);
}

/** Half away from zero, as C's round. */
export function roundTo(value: number, digits: number): number {
  const scale = 10 ** digits;
  const rounded = (Math.sign(value) * Math.round(Math.abs(value) * scale)) / scale;
  return Number.isFinite(rounded) ? rounded : value;
}

function hash(algorithm: string): Make {
  return onTexts(algorithm, 1, 1, ([text = '']) => createHash(algorithm).update(text, 'utf8').digest('hex'));
}

function trim(name: string, sides: 'left' | 'right' | 'both'): Make {
  return onTexts(name, 1, 2, ([text = '', characters]) => {
    const strip = new Set(characters ?? ' \t');
    const letters = Array.from(text);
    let from = 0;
    let to = letters.length;
    while (sides !== 'right' && from < to && strip.has(letters[from] ?? '')) from++;
    while (sides !== 'left' && to > from && strip.has(letters[to - 1] ?? '')) to--;
    return letters.slice(from, to).join('');
  });
}

/** Index of an argument list that may count from the end. */
function at(index: number, length: number): number {
  return index < 0 ? length + index : index;
}

function substr([text, start, length]: readonly Value[], { dialect }: EvalContext): Value {
  const whole = textOf(text ?? null, dialect, 'substr()');
  const from = numberOf(start ?? null, dialect);
  if (whole === null || from === null) return null;
  const letters = Array.from(whole);
  const first = from > 0 ? from - 1 : Math.max(0, letters.length + from);
  const size = length === undefined ? letters.length : (numberOf(length, dialect) ?? 0);
  return letters.slice(first, first + Math.max(0, size)).join('');
}

function like(texts: readonly string[]): Value {
  const [text = '', pattern = ''] = texts;
  const source = pattern
    .replace(/[\^$\\.*+?()[\]{}|/-]/g, '\\$&')
    .replaceAll('%', '[\\s\\S]*')
    .replaceAll('_', '[\\s\\S]');
  return new RegExp(`^${source}$`, 'u').test(text);
}

function tonumber([value, base]: readonly Value[], { dialect }: EvalContext): Value {
  if (isMany(value ?? null)) throw notKnown('tonumber() of a field with several values');
  if (base === undefined) return numberOf(value ?? null, dialect) ?? numberOf(value ?? null, dialect, true);
  const radix = numberOf(base, dialect) ?? 10;
  const text = textOf(value ?? null, dialect, 'tonumber()');
  if (text === null) return null;
  const digits = '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, radix);
  const body = text.toLowerCase().replace(/^-/, '');
  if (body === '' || [...body].some((digit) => !digits.includes(digit))) return null;
  return Number.parseInt(text, radix);
}

function tostring([value, format]: readonly Value[], { dialect }: EvalContext): Value {
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  const kind = format === undefined ? null : textOf(format, dialect, 'tostring()');
  const number = numberOf(value, dialect);
  if (kind === null || number === null) return textOf(value, dialect, 'tostring()');
  if (kind === 'hex') return `0x${Math.trunc(number).toString(16).toUpperCase()}`;
  if (kind === 'commas') return roundTo(number, 2).toLocaleString('en-US', { maximumFractionDigits: 2 });
  if (kind === 'duration') return duration(Math.trunc(number));
  throw invalid('tostring');
}

function duration(seconds: number): string {
  const pad = (part: number): string => String(part).padStart(2, '0');
  const days = Math.floor(seconds / 86400);
  const clock = `${pad(Math.floor((seconds % 86400) / 3600))}:${pad(Math.floor((seconds % 3600) / 60))}:${pad(seconds % 60)}`;
  return days > 0 ? `${days}+${clock}` : clock;
}

function typeName(value: Value): string {
  if (value === null) return 'Invalid';
  if (typeof value === 'boolean') return 'Boolean';
  if (typeof value === 'number' || isNumericText(value)) return 'Number';
  return isMany(value) ? 'Multivalue' : 'String';
}

/** The one field that an mvfilter or mvmap expression speaks of. */
function fieldsOf(expression: Expression): ReadonlySet<string> {
  switch (expression.kind) {
    case 'field':
      return new Set([expression.name]);
    case 'unary':
      return fieldsOf(expression.of);
    case 'binary':
      return new Set([...fieldsOf(expression.left), ...fieldsOf(expression.right)]);
    case 'call':
      return new Set(expression.args.flatMap((arg) => [...fieldsOf(arg)]));
    default:
      return new Set();
  }
}

const mvfilter: Make = (args, context) => {
  const [predicate] = args;
  const fields = predicate === undefined ? new Set<string>() : fieldsOf(predicate);
  const [field] = [...fields];
  if (args.length !== 1 || predicate === undefined || field === undefined || fields.size !== 1)
    throw invalid('mvfilter');
  const test = context.compile(predicate);
  return (row) => {
    const texts = textsOf(fieldValue(row.get(field), context.dialect), context.dialect, 'mvfilter()');
    return collapse(
      texts.filter((text) => isTrue(test(new Map([[field, text]])), 'mvfilter')),
      context.dialect,
    );
  };
};

const mvmap: Make = (args, context) => {
  const [field, expression] = args;
  if (args.length !== 2 || field?.kind !== 'field' || expression === undefined) throw invalid('mvmap');
  const map = context.compile(expression);
  const { dialect } = context;
  return (row) => {
    const texts = textsOf(fieldValue(row.get(field.name), dialect), dialect, 'mvmap()');
    const mapped = texts.flatMap((text) => {
      const one: Row = new Map(row);
      one.set(field.name, text);
      return textsOf(map(one), dialect, 'mvmap()');
    });
    return collapse(mapped, dialect);
  };
};

/** A regular expression or pattern that is a literal is compiled at once, so that its fault shows even without rows. */
function checkLiteral(args: readonly Expression[], index: number): void {
  const pattern = args[index];
  if (pattern?.kind === 'text') compileRegex(pattern.value);
}

const match: Make = (args, context) => {
  checkLiteral(args, 1);
  return onTexts('match', 2, 2, ([text = '', pattern = '']) => compileRegex(pattern).test(text))(
    args,
    context,
  );
};

const replace: Make = (args, context) => {
  checkLiteral(args, 1);
  return onTexts('replace', 3, 3, ([text = '', pattern = '', replacement = '']) =>
    text.replace(compileRegex(pattern, 'g'), (...groups) =>
      replacement.replace(/\\(\d)/g, (_whole, digit: string) => {
        const group: unknown = groups[Number(digit)];
        return typeof group === 'string' ? group : '';
      }),
    ),
  )(args, context);
};

const conditional: Make = (args, context) => {
  const [test = ABSENT, then = ABSENT, otherwise = ABSENT] = compileAll('if', args, context, 3);
  return (row) => (isTrue(test(row), 'if') ? then(row) : otherwise(row));
};

const caseOf: Make = (args, context) => {
  const parts = compileAll('case', args, context, 2, Number.POSITIVE_INFINITY);
  if (parts.length % 2 !== 0) throw invalid('case');
  return (row) => {
    for (let index = 0; index < parts.length; index += 2) {
      if (isTrue(parts[index]?.(row) ?? null, 'case')) return parts[index + 1]?.(row) ?? null;
    }
    return null;
  };
};

const coalesce: Make = (args, context) => {
  const parts = compileAll('coalesce', args, context, 1, Number.POSITIVE_INFINITY);
  return (row) => {
    for (const part of parts) {
      const value = part(row);
      if (value !== null) return value;
    }
    return null;
  };
};

const searchmatch: Make = (args, context) => {
  const [text] = args;
  if (args.length !== 1 || text?.kind !== 'text') throw invalid('searchmatch');
  return context.searchMatch(text.value);
};

function extreme(name: 'min' | 'max'): Make {
  return onValues(name, 1, Number.POSITIVE_INFINITY, (values, { dialect }) => {
    const numbers = values.map((value) => numberOf(value, dialect)).filter((number) => number !== null);
    if (numbers.length !== values.length) throw notKnown(`${name}() of texts or missing fields`);
    return name === 'min' ? Math.min(...numbers) : Math.max(...numbers);
  });
}

function mvindex([many, start, end]: readonly Value[], { dialect }: EvalContext): Value {
  const texts = textsOf(many ?? null, dialect, 'mvindex()');
  const from = at(numberOf(start ?? null, dialect) ?? 0, texts.length);
  const to = end === undefined ? from : at(numberOf(end, dialect) ?? 0, texts.length);
  return from < 0 || from > to ? null : collapse(texts.slice(from, to + 1), dialect);
}

function split([text = '', delimiter = '']: readonly string[], dialect: Dialect): Value {
  return collapse(delimiter === '' ? Array.from(text) : text.split(delimiter), dialect);
}

export const FUNCTIONS: Readonly<Record<string, Make>> = {
  abs: onNumbers('abs', 1, 1, (x = 0) => Math.abs(x)),
  ceil: onNumbers('ceil', 1, 1, (x = 0) => Math.ceil(x)),
  ceiling: onNumbers('ceiling', 1, 1, (x = 0) => Math.ceil(x)),
  floor: onNumbers('floor', 1, 1, (x = 0) => Math.floor(x)),
  exact: onNumbers('exact', 1, 1, (x = 0) => x),
  exp: onNumbers('exp', 1, 1, (x = 0) => Math.exp(x)),
  ln: onNumbers('ln', 1, 1, (x = 0) => (x > 0 ? Math.log(x) : null)),
  log: onNumbers('log', 1, 2, (x = 0, base = 10) =>
    x > 0 ? (base === 10 ? Math.log10(x) : Math.log(x) / Math.log(base)) : null,
  ),
  pi: onNumbers('pi', 0, 0, () => Math.PI),
  pow: onNumbers('pow', 2, 2, (x = 0, y = 0) => x ** y),
  round: onNumbers('round', 1, 2, (x = 0, digits = 0) => roundTo(x, digits)),
  sqrt: onNumbers('sqrt', 1, 1, (x = 0) => (x < 0 ? Number.NaN : Math.sqrt(x))),
  min: extreme('min'),
  max: extreme('max'),
  lower: onTexts('lower', 1, 1, ([text = ''], dialect) => foldText(text, dialect)),
  upper: onTexts('upper', 1, 1, ([text = ''], dialect) =>
    dialect.fold === 'unicode'
      ? text.toUpperCase()
      : text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  ),
  len: onTexts('len', 1, 1, ([text = '']) => Array.from(text).length),
  ltrim: trim('ltrim', 'left'),
  rtrim: trim('rtrim', 'right'),
  trim: trim('trim', 'both'),
  substr: onValues('substr', 2, 3, substr),
  like: onTexts('like', 2, 2, like),
  match,
  replace,
  urldecode: onTexts('urldecode', 1, 1, ([text = '']) => decodeURIComponent(text)),
  md5: hash('md5'),
  sha1: hash('sha1'),
  sha256: hash('sha256'),
  sha512: hash('sha512'),
  if: conditional,
  case: caseOf,
  coalesce,
  nullif: onValues('nullif', 2, 2, ([a = null, b = null], { dialect }) =>
    compare('=', a, b, dialect) === true ? null : a,
  ),
  null: onValues('null', 0, 0, () => null),
  true: onValues('true', 0, 0, () => true),
  false: onValues('false', 0, 0, () => false),
  now: onValues('now', 0, 0, (_values, { now }) => now),
  time: onValues('time', 0, 0, (_values, { now }) => now),
  isnull: onValues('isnull', 1, 1, ([value = null]) => value === null),
  isnotnull: onValues('isnotnull', 1, 1, ([value = null]) => value !== null),
  isnum: onValues('isnum', 1, 1, ([value = null]) => typeof value === 'number' || isNumericText(value)),
  isint: onValues('isint', 1, 1, ([value = null], { dialect }) =>
    Number.isInteger(numberOf(value, dialect) ?? 0.5),
  ),
  isstr: onValues('isstr', 1, 1, ([value = null]) => typeof value === 'string'),
  isbool: onValues('isbool', 1, 1, ([value = null]) => typeof value === 'boolean'),
  typeof: onValues('typeof', 1, 1, ([value = null]) => typeName(value)),
  tonumber: onValues('tonumber', 1, 2, tonumber),
  tostring: onValues('tostring', 1, 2, tostring),
  cidrmatch: onTexts('cidrmatch', 2, 2, ([network = '', address = '']) => inNetwork(network, address)),
  in: onValues('in', 2, Number.POSITIVE_INFINITY, ([value = null, ...list], { dialect }) =>
    value === null ? null : list.some((item) => compare('=', value, item, dialect) === true),
  ),
  searchmatch,
  mvcount: onValues(
    'mvcount',
    1,
    1,
    ([value = null], { dialect }) => textsOf(value, dialect, 'mvcount()').length || null,
  ),
  mvindex: onValues('mvindex', 2, 3, mvindex),
  mvfilter,
  mvmap,
  mvdedup: onValues('mvdedup', 1, 1, ([value = null], { dialect }) =>
    collapse([...new Set(textsOf(value, dialect, 'mvdedup()'))], dialect),
  ),
  mvsort: onValues('mvsort', 1, 1, ([value = null], { dialect }) =>
    collapse([...textsOf(value, dialect, 'mvsort()')].sort(), dialect),
  ),
  mvappend: onValues('mvappend', 1, Number.POSITIVE_INFINITY, (values, { dialect }) =>
    collapse(
      values.flatMap((value) => textsOf(value, dialect, 'mvappend()')),
      dialect,
    ),
  ),
  mvjoin: onValues('mvjoin', 2, 2, ([value = null, delimiter = null], { dialect }) =>
    value === null
      ? null
      : textsOf(value, dialect, 'mvjoin()').join(textOf(delimiter, dialect, 'mvjoin()') ?? ''),
  ),
  mvfind: onValues('mvfind', 2, 2, ([value = null, pattern = null], { dialect }) => {
    const regex = compileRegex(textOf(pattern, dialect, 'mvfind()') ?? '');
    const index = textsOf(value, dialect, 'mvfind()').findIndex((text) => regex.test(text));
    return index < 0 ? null : index;
  }),
  mvzip: onValues('mvzip', 2, 3, ([left = null, right = null, delimiter = ','], { dialect }) => {
    const a = textsOf(left, dialect, 'mvzip()');
    const b = textsOf(right, dialect, 'mvzip()');
    const glue = textOf(delimiter, dialect, 'mvzip()') ?? ',';
    return collapse(
      a.slice(0, b.length).map((text, index) => `${text}${glue}${b[index] ?? ''}`),
      dialect,
    );
  }),
  mvrange: onNumbersMany(),
  split: onTexts('split', 2, 2, split),
  strptime: onTexts('strptime', 2, 2, () => {
    throw notKnown('strptime() (clients should work with epochs)');
  }),
};

function onNumbersMany(): Make {
  return onValues('mvrange', 2, 3, ([start = null, end = null, step = 1], { dialect }) => {
    const from = numberOf(start, dialect) ?? 0;
    const to = numberOf(end, dialect) ?? 0;
    const by = parseNumber(textOf(step, dialect, 'mvrange()') ?? '', dialect);
    if (by === null || by <= 0) throw notKnown('mvrange() with a time span');
    const values: string[] = [];
    for (let value = from; value < to; value += by) values.push(formatNumber(value, dialect));
    return collapse(values, dialect);
  });
}
