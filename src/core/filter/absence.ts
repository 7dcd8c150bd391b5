/** Fields whose absence a filter asks for (`user.name: null`, `field|exists: false`): that no event has them is no sign of a fault. */
import type { Filter } from './model.ts';

/** Each once, in the order of the filter. */
export function fieldsAskedAway(filter: Filter): string[] {
  return [...new Set(asked(filter, false))];
}

function asked(filter: Filter, isNegated: boolean): readonly string[] {
  switch (filter.op) {
    case 'everything':
      return [];
    case 'not':
      return asked(filter.of, !isNegated);
    case 'and':
    case 'or':
      return filter.of.flatMap((part) => asked(part, isNegated));
    case 'test':
      return isNegated && filter.predicate.kind === 'exists' ? [filter.field] : [];
  }
}
