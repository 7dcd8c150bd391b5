/**
 * The filter language as data. `parse.ts` turns a Sigma detection into it; the reference evaluator and every
 * connector read it. Lists, `all`, `neq` and conditions are already unfolded into and/or/not here.
 */

export type Scalar = string | number | boolean;
/** A field's value in an event or record: absent and null are the same (no value). */
export type FieldValue = Scalar | null | undefined | readonly (Scalar | null)[];
/** An event or record as the evaluator sees it: field name (dots and all) → value. */
export type Row = Readonly<Record<string, FieldValue>>;

/** A text with wildcards: literal runs, `*` (any run of characters) and `?` (exactly one). */
export type PatternToken = { readonly literal: string } | '*' | '?';

export type Predicate =
  | { readonly kind: 'text'; readonly pattern: readonly PatternToken[]; readonly cased: boolean }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'compare'; readonly op: 'lt' | 'lte' | 'gt' | 'gte'; readonly value: number }
  | { readonly kind: 'exists' }
  | { readonly kind: 'cidr'; readonly cidr: string }
  | { readonly kind: 'regex'; readonly source: string; readonly flags: string }
  | { readonly kind: 'in'; readonly dataset: string; readonly field: string };

export type Filter =
  | { readonly op: 'everything' }
  | { readonly op: 'and' | 'or'; readonly of: readonly Filter[] }
  | { readonly op: 'not'; readonly of: Filter }
  | { readonly op: 'test'; readonly field: string; readonly predicate: Predicate };

export const EVERYTHING: Filter = { op: 'everything' };
