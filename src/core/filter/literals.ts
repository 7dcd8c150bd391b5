/**
 * The literals that a filter asks for: tests for equality with a text, number or boolean that an event has to pass.
 * Tests that are negated, and those by wildcard, comparison or expression, are none.
 */
import type { Filter } from './model.ts';
import { literalOf } from './pattern.ts';

export type LiteralTest = Extract<Filter, { op: 'test' }>;

/** Each of them, in the order of the filter. */
export function filterLiterals(filter: Filter): readonly LiteralTest[] {
  switch (filter.op) {
    case 'everything':
    case 'not':
      return [];
    case 'and':
    case 'or':
      return filter.of.flatMap(filterLiterals);
    case 'test':
      return isLiteral(filter) ? [filter] : [];
  }
}

/**
 * Whether any event could pass, when there are literals that none ever had: of alternatives one is enough, of what is
 * asked for together each is needed.
 */
export function canMatch(filter: Filter, isNever: (test: LiteralTest) => boolean): boolean {
  switch (filter.op) {
    case 'everything':
    case 'not':
      return true;
    case 'and':
      return filter.of.every((part) => canMatch(part, isNever));
    case 'or':
      return filter.of.some((part) => canMatch(part, isNever));
    case 'test':
      return !isLiteral(filter) || !isNever(filter);
  }
}

function isLiteral({ predicate }: LiteralTest): boolean {
  if (predicate.kind === 'text') return literalOf(predicate.pattern) !== null;
  return predicate.kind === 'number' || predicate.kind === 'boolean';
}
