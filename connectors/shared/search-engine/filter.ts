/** Filters as queries with the meaning of the reference evaluator in core/filter, by each field's real type; what can't be said exactly is refused. */
import type { ConnectorError } from '../../../src/core/errors.ts';
import {
  formatNetwork,
  networkContains,
  parseAddress,
  parseNetwork,
} from '../../../src/core/filter/address.ts';
import { matches, compileFilter as rowTest } from '../../../src/core/filter/evaluate.ts';
import type { Filter, PatternToken, Predicate } from '../../../src/core/filter/model.ts';
import { literalOf } from '../../../src/core/filter/pattern.ts';
import { canonicalText, foldCase, numberTexts, numericValue } from '../../../src/core/filter/value.ts';
import { addressText } from './address.ts';
import { refusal } from './failure.ts';
import type { Json } from './json.ts';
import { luceneRegex } from './regex.ts';
import { proseField, type Resolved, resolve, type Schema } from './schema.ts';
import { described } from './search.ts';

export type Query = Json;

export const ALL: Query = { match_all: {} };
export const NONE: Query = { match_none: {} };

/** Throws `ConnectorError` for what the server can't answer exactly. */
export function compileFilter(filter: Filter, schema: Schema): Query {
  switch (filter.op) {
    case 'everything':
      return ALL;
    case 'not':
      return { bool: { must_not: [compileFilter(filter.of, schema)] } };
    case 'and':
      return filter.of.length === 0
        ? ALL
        : { bool: { filter: filter.of.map((part) => compileFilter(part, schema)) } };
    case 'or':
      return compileOr(filter.of, schema);
    case 'test':
      return compileTest(filter.field, filter.predicate, schema);
  }
}

export function anyOf(queries: readonly Query[]): Query {
  const [first, ...rest] = queries;
  if (first === undefined) return NONE;
  return rest.length === 0 ? first : { bool: { should: queries, minimum_should_match: 1 } };
}

export function allOf(queries: readonly Query[]): Query {
  const narrowing = queries.filter((query) => query !== ALL);
  const [first, ...rest] = narrowing;
  if (first === undefined) return ALL;
  return rest.length === 0 ? first : { bool: { filter: narrowing } };
}

export function exists(field: string): Query {
  return { exists: { field } };
}

/** Many exact texts of one field become one list. */
function compileOr(parts: readonly Filter[], schema: Schema): Query {
  const lists = new Map<string, unknown[]>();
  const queries: Query[] = [];
  for (const part of parts) {
    const query = compileFilter(part, schema);
    const [field, value, ...more] = Object.entries(Object(query.term)).flat();
    const exact = typeof field === 'string' && more.length === 0 && typeof value !== 'object';
    if (exact) lists.set(field, [...(lists.get(field) ?? []), value]);
    else queries.push(query);
  }
  for (const [field, values] of lists) {
    queries.push(values.length === 1 ? { term: { [field]: values[0] } } : { terms: { [field]: values } });
  }
  return anyOf(queries);
}

function compileTest(name: string, predicate: Predicate, schema: Schema): Query {
  const field = resolve(schema, name);
  // A text too long for its exact part is still there.
  if (predicate.kind === 'exists' || isAnything(predicate)) return exists(field.name);
  if (predicate.kind === 'in') {
    throw refusal(
      schema.where,
      `The field "${name}" is tested against the dataset "${predicate.dataset}", which the server can't do`,
      'Membership in another dataset is joined in clause9, not in the source.',
    );
  }
  switch (field.family) {
    case 'keyword':
      return onText(field, predicate, schema);
    case 'number':
      return onNumber(field, predicate, schema);
    case 'boolean':
      return onBoolean(field, predicate);
    case 'address':
      return onAddress(field, predicate, schema);
    case 'time':
      throw refusal(
        schema.where,
        `The field "${name}" is a time, which a filter can only test for being there`,
        'Use the window, or a native `filter` in the dataset.',
      );
    case 'prose':
      throw proseField(schema, name);
  }
}

type Test = Exclude<Predicate, { kind: 'exists' | 'in' }>;

function isAnything(predicate: Predicate): boolean {
  return predicate.kind === 'text' && predicate.pattern.length === 1 && predicate.pattern[0] === '*';
}

function onText(field: Resolved, predicate: Test, schema: Schema): Query {
  const { path } = field;
  switch (predicate.kind) {
    case 'text':
      return textQuery(path, predicate.pattern, predicate.cased);
    case 'number':
      return anyOf(numberTexts(predicate.value).map((value) => ({ term: { [path]: value } })));
    case 'boolean':
      return { term: { [path]: { value: String(predicate.value), case_insensitive: true } } };
    case 'regex': {
      const value = luceneRegex(predicate.source, predicate.flags);
      return value === null
        ? byValues(field, predicate, schema)
        : { regexp: { [path]: { value, flags: 'NONE' } } };
    }
    case 'compare':
    case 'cidr':
      return byValues(field, predicate, schema);
  }
}

/** What the server can't test of texts the reference tests, value by value, where the values are known. */
function byValues({ name, path, type, hasColumn }: Resolved, predicate: Test, schema: Schema): Query {
  const values = hasColumn ? schema.valuesOf?.(path) : undefined;
  if (values === undefined) {
    throw refusal(
      schema.where,
      `The field "${name}" is indexed as ${type}, so that the server can't compare numbers, tell networks, or test such an expression`,
      'Map it as a number or as `ip` (a multi-field will do), or list the values that are meant.',
    );
  }
  const isMet = rowTest({ op: 'test', field: 'it', predicate });
  const met = values.filter((it) => isMet({ it }));
  const what = `${met.length} of ${values.length} values: those that pass ${JSON.stringify(predicate)}`;
  return { terms: { [path]: described(met, what) } };
}

function textQuery(path: string, pattern: readonly PatternToken[], cased: boolean): Query {
  const literal = literalOf(pattern);
  if (literal !== null) {
    // Where no letter has two cases there is nothing to fold.
    if (cased || !/[A-Za-z]/.test(literal)) return { term: { [path]: literal } };
    return { term: { [path]: { value: literal, case_insensitive: true } } };
  }
  const value = pattern
    .map((token) => (typeof token === 'string' ? token : token.literal.replace(/[*?\\]/g, '\\$&')))
    .join('');
  return { wildcard: { [path]: cased ? { value } : { value, case_insensitive: true } } };
}

/** What the whole-number types can hold; a value beyond is an error to the server. */
const WHOLE: Readonly<Record<string, readonly [number, number]>> = {
  byte: [-128, 127],
  short: [-32_768, 32_767],
  integer: [-2_147_483_648, 2_147_483_647],
  // The doubles next to the ends.
  long: [-(2 ** 63), 2 ** 63 - 1024],
  unsigned_long: [0, 2 ** 64 - 2048],
};
const LARGEST: Readonly<Record<string, number>> = { half_float: 65_504, float: 3.402_823_466_385_288_6e38 };

function onNumber(field: Resolved, predicate: Test, schema: Schema): Query {
  switch (predicate.kind) {
    case 'number':
      return equalNumber(field, predicate.value);
    case 'compare':
      return compareNumber(field, predicate.op, predicate.value);
    case 'text': {
      const literal = literalOf(predicate.pattern);
      if (literal === null) throw forTexts(schema, field, 'wildcards', USE_RANGE);
      const text = predicate.cased ? literal : foldCase(literal);
      const number = numericValue(text);
      return number !== null && canonicalText(number) === text ? equalNumber(field, number) : NONE;
    }
    case 'regex':
      throw forTexts(schema, field, 'expressions', USE_RANGE);
    case 'boolean':
    case 'cidr':
      return NONE;
  }
}

const USE_RANGE = 'Use `gte` and `lt`, or a part of the field that is indexed as keyword.';

function forTexts({ where }: Schema, { name, type }: Resolved, what: string, help: string): ConnectorError {
  return refusal(where, `The field "${name}" is indexed as ${type}, and ${what} are for texts`, help);
}

function equalNumber({ path, type }: Resolved, value: number): Query {
  const whole = WHOLE[type];
  if (whole !== undefined && (!Number.isInteger(value) || value < whole[0] || value > whole[1])) return NONE;
  if (Math.abs(value) > (LARGEST[type] ?? Number.MAX_VALUE)) return NONE;
  // 0 and -0 are two values to the server.
  if (value === 0 && type === 'double') return { range: { [path]: { gt: -5e-324, lt: 5e-324 } } };
  return { term: { [path]: value } };
}

function compareNumber({ path, type }: Resolved, op: 'lt' | 'lte' | 'gt' | 'gte', value: number): Query {
  const [least, most] = WHOLE[type] ?? [-(LARGEST[type] ?? Infinity), LARGEST[type] ?? Infinity];
  const upwards = op === 'gt' || op === 'gte';
  if (value < least) return upwards ? exists(path) : NONE;
  if (value > most) return upwards ? NONE : exists(path);
  if (value === 0 && type === 'double') {
    if (op === 'lt') return { range: { [path]: { lte: -5e-324 } } };
    if (op === 'gte') return { range: { [path]: { gt: -5e-324 } } };
  }
  return { range: { [path]: { [op]: value } } };
}

/** There are only two values: the reference itself is asked about both. */
function onBoolean({ path }: Resolved, predicate: Test): Query {
  const values = [true, false].filter((value) =>
    matches({ op: 'test', field: 'it', predicate }, { it: value }),
  );
  return anyOf(values.map((value) => ({ term: { [path]: value } })));
}

function onAddress(field: Resolved, predicate: Test, schema: Schema): Query {
  const { path } = field;
  switch (predicate.kind) {
    case 'text': {
      const literal = literalOf(predicate.pattern);
      if (literal === null)
        throw forTexts(schema, field, 'wildcards', 'Use `cidr`: `10.0.0.0/8` for `10.*`.');
      const text = predicate.cased ? literal : foldCase(literal);
      const address = parseAddress(text);
      return address !== null && addressText(address) === text ? { term: { [path]: text } } : NONE;
    }
    case 'cidr': {
      const network = parseNetwork(predicate.cidr);
      if ('problem' in network)
        throw refusal(schema.where, `"${predicate.cidr}" ${network.problem}`, 'Correct it.');
      // The server takes an IPv4 address for one of these.
      if (network.base.length === 8 && networkContains(network, [0, 0, 0, 0, 0, 0xffff, 0, 0])) {
        throw refusal(
          schema.where,
          `The network "${predicate.cidr}" holds all IPv4 addresses to the server`,
          'Name a smaller one, such as `2000::/3`.',
        );
      }
      return { term: { [path]: formatNetwork(network) } };
    }
    case 'regex':
      throw forTexts(schema, field, 'expressions', 'Use `cidr`.');
    case 'number':
    case 'compare':
    case 'boolean':
      return NONE;
  }
}
