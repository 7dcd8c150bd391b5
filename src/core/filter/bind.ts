/** A portable filter made into one for a certain dataset, and what a filter names. */
import type { Filter, Predicate } from './model.ts';
import { literalOf, literalPattern } from './pattern.ts';
import { join } from './selection.ts';
import { canonicalText, foldCase } from './value.ts';

/** Standard field name → the source's own. */
export type FieldNames = Readonly<Record<string, string>>;
/** Standard field → standard value → the source's own values. */
export type ValueNames = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/**
 * Puts the source's own names and values for the standard ones. A test for equality with a standard value becomes
 * one for any of the source's own values; a test by wildcard, comparison or expression is left to the source's own
 * values. The column that `in` names belongs to another dataset and stays.
 */
export function bindFilter(filter: Filter, fields: FieldNames, values: ValueNames): Filter {
  switch (filter.op) {
    case 'everything':
      return filter;
    case 'not':
      return { op: 'not', of: bindFilter(filter.of, fields, values) };
    case 'and':
    case 'or':
      return { op: filter.op, of: filter.of.map((part) => bindFilter(part, fields, values)) };
    case 'test': {
      const field = own(fields, filter.field) ?? filter.field;
      const predicates = bindPredicate(filter.predicate, own(values, filter.field) ?? {});
      return join(
        'or',
        predicates.map((predicate) => ({ op: 'test', field, predicate })),
      );
    }
  }
}

function bindPredicate(
  predicate: Predicate,
  values: Readonly<Record<string, readonly string[]>>,
): readonly Predicate[] {
  const literal = equalityLiteral(predicate);
  if (literal === null) return [predicate];
  const cased = predicate.kind === 'text' && predicate.cased;
  const same = (standard: string) =>
    cased ? standard === literal : foldCase(standard) === foldCase(literal);
  const texts = Object.entries(values).find(([standard]) => same(standard))?.[1];
  if (texts === undefined) return [predicate];
  return texts.map((text) => ({ kind: 'text', pattern: literalPattern(text), cased }));
}

/** What a test asks to be equal to, as text: `priority: 1` means the standard value "1" too. */
function equalityLiteral(predicate: Predicate): string | null {
  if (predicate.kind === 'text') return literalOf(predicate.pattern);
  return predicate.kind === 'number' || predicate.kind === 'boolean' ? canonicalText(predicate.value) : null;
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The fields that a filter tests, each once, in the order of their first use. */
export function filterFields(filter: Filter): string[] {
  return [...new Set(tests(filter).map((test) => test.field))];
}

/** The columns of snapshots that a filter looks values up in (`in`). */
export function filterLookups(filter: Filter): { readonly dataset: string; readonly field: string }[] {
  return tests(filter).flatMap(({ predicate }) =>
    predicate.kind === 'in' ? [{ dataset: predicate.dataset, field: predicate.field }] : [],
  );
}

/** The datasets whose columns a filter looks values up in, each once. */
export function filterDatasets(filter: Filter): string[] {
  return [...new Set(filterLookups(filter).map(({ dataset }) => dataset))];
}

type Test = Extract<Filter, { op: 'test' }>;

function tests(filter: Filter): readonly Test[] {
  switch (filter.op) {
    case 'everything':
      return [];
    case 'not':
      return tests(filter.of);
    case 'and':
    case 'or':
      return filter.of.flatMap(tests);
    case 'test':
      return [filter];
  }
}
