/**
 * The reference evaluator: what a filter means, on plain objects. Every connector is held to it by property tests.
 * A field with several values passes a test when any of them does; a field without a value passes none.
 */
import { networkContains, parseAddress, parseNetwork } from './address.ts';
import type { FieldValue, Filter, Predicate, Row, Scalar } from './model.ts';
import { compilePattern, literalOf } from './pattern.ts';
import { compileRegex } from './regex.ts';
import { canonicalText, foldCase, numberTexts, numericValue } from './value.ts';

export { canonicalText } from './value.ts';

/** The canonical texts that stand in a snapshot's column, for `in`. */
export type Lookups = (dataset: string, field: string) => ReadonlySet<string>;

export type RowTest = (row: Row) => boolean;
type ValueTest = (value: Scalar) => boolean;

/** Whether a row passes. For many rows, compile the filter once. */
export function matches(filter: Filter, row: Row, lookups?: Lookups): boolean {
  return compileFilter(filter, lookups)(row);
}

/**
 * Makes a filter into a function, all preparation done once. Throws where the filter tests membership in a
 * snapshot and no lookups are given.
 */
export function compileFilter(filter: Filter, lookups: Lookups = noLookups): RowTest {
  switch (filter.op) {
    case 'everything':
      return () => true;
    case 'not': {
      const test = compileFilter(filter.of, lookups);
      return (row) => !test(row);
    }
    case 'and': {
      const tests = filter.of.map((part) => compileFilter(part, lookups));
      return (row) => tests.every((test) => test(row));
    }
    case 'or': {
      const tests = joinTexts(filter.of).map((part) =>
        part.op === 'texts' ? compileTexts(part) : compileFilter(part, lookups),
      );
      return (row) => tests.some((test) => test(row));
    }
    case 'test':
      return anyValue(filter.field, compilePredicate(filter.predicate, lookups));
  }
}

function noLookups(dataset: string): ReadonlySet<string> {
  throw new Error(`a filter tests membership in "${dataset}", but no snapshots were given to evaluate it`);
}

function anyValue(field: string, test: ValueTest): RowTest {
  const read = reader(field);
  return (row) => {
    const value = read(row);
    if (value === null || value === undefined) return false;
    if (typeof value === 'object') return value.some((item) => item !== null && test(item));
    return test(value);
  };
}

/** A field may be called `constructor`: then what a row inherits from Object must not pass for a value. */
function reader(field: string): (row: Row) => FieldValue {
  if (!(field in Object.prototype)) return (row) => row[field];
  return (row) => (Object.hasOwn(row, field) ? row[field] : undefined);
}

function compilePredicate(predicate: Predicate, lookups: Lookups): ValueTest {
  switch (predicate.kind) {
    case 'exists':
      return () => true;
    case 'text': {
      const test = compilePattern(predicate.pattern, predicate.cased);
      return (value) => test(canonicalText(value));
    }
    case 'number': {
      const texts = numberTexts(predicate.value);
      return (value) => (typeof value === 'string' ? texts.includes(value) : value === predicate.value);
    }
    case 'boolean': {
      const text = canonicalText(predicate.value);
      return (value) => (typeof value === 'string' ? foldCase(value) === text : value === predicate.value);
    }
    case 'compare':
      return compileComparison(predicate.op, predicate.value);
    case 'cidr':
      return compileNetwork(predicate.cidr);
    case 'regex': {
      const test = compileRegex(predicate.source, predicate.flags);
      return (value) => test(canonicalText(value));
    }
    case 'in': {
      const column = lookups(predicate.dataset, predicate.field);
      return (value) => column.has(canonicalText(value));
    }
  }
}

function compileComparison(op: 'lt' | 'lte' | 'gt' | 'gte', limit: number): ValueTest {
  const compare = {
    lt: (number: number) => number < limit,
    lte: (number: number) => number <= limit,
    gt: (number: number) => number > limit,
    gte: (number: number) => number >= limit,
  }[op];
  return (value) => {
    const number = numericValue(value);
    return number !== null && compare(number);
  };
}

function compileNetwork(text: string): ValueTest {
  const network = parseNetwork(text);
  if ('problem' in network) throw new Error(`"${text}" ${network.problem}`);
  return (value) => {
    const address = typeof value === 'string' ? parseAddress(value) : null;
    return address !== null && networkContains(network, address);
  };
}

/** Many texts for one field: one look into a set instead of a test each. */
interface Texts {
  readonly op: 'texts';
  readonly field: string;
  readonly texts: Set<string>;
}

function joinTexts(parts: readonly Filter[]): readonly (Filter | Texts)[] {
  const byField = new Map<string, Texts>();
  const others: Filter[] = [];
  for (const part of parts) {
    const text = plainText(part);
    if (part.op !== 'test' || text === null) {
      others.push(part);
      continue;
    }
    const texts = byField.get(part.field) ?? { op: 'texts', field: part.field, texts: new Set<string>() };
    texts.texts.add(foldCase(text));
    byField.set(part.field, texts);
  }
  return [...byField.values(), ...others];
}

function plainText(filter: Filter): string | null {
  if (filter.op !== 'test' || filter.predicate.kind !== 'text' || filter.predicate.cased) return null;
  return literalOf(filter.predicate.pattern);
}

function compileTexts({ field, texts }: Texts): RowTest {
  return anyValue(field, (value) => texts.has(foldCase(canonicalText(value))));
}
