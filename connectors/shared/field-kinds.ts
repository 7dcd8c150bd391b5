/** What a connector says of its kinds of field, by its own compiler: so that it can't say anything else than it does. */
import { ConnectorError } from '../../src/core/errors.ts';
import type { Filter } from '../../src/core/filter/model.ts';
import type { FieldKind } from '../../src/ports/connector.ts';

/** `compile` is given a test of one field, called `f`, and throws `ConnectorError` where the source refuses it. */
export function fieldKind(name: string, compile: (filter: Filter) => unknown): FieldKind {
  return {
    name,
    refusal: (predicate) => {
      try {
        compile({ op: 'test', field: 'f', predicate });
        return null;
      } catch (error) {
        if (error instanceof ConnectorError && !error.retryable) return error.message;
        throw error;
      }
    },
  };
}
