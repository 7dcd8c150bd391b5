import { compare, isMany, isNumericText, isTrue, numberOf, textOf, textsOf, type Value } from './evaluate.ts';
import {
  ABSENT,
  collapse,
  compileAll,
  invalid,
  type Make,
  onNumbers,
  onTexts,
  onValues,
} from './functions-kit.ts';
import { mvfilter, mvindex, mvmap, onNumbersMany } from './functions-many.ts';
import {
  hash,
  like,
  match,
  replace,
  roundTo,
  split,
  substr,
  tonumber,
  tostring,
  trim,
} from './functions-text.ts';
import { inNetwork } from './network.ts';
import { compileRegex } from './regex.ts';
import { foldText, notKnown } from './value.ts';

function typeName(value: Value): string {
  if (value === null) return 'Invalid';
  if (typeof value === 'boolean') return 'Boolean';
  if (typeof value === 'number' || isNumericText(value)) return 'Number';
  return isMany(value) ? 'Multivalue' : 'String';
}

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
