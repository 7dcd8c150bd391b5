/** One read of a range of slices while it goes on: what is asked, and what is known of each slice so far. */
import type { Instant, Interval } from '../../../src/core/time/interval.ts';
import type { SliceRequest } from '../../../src/ports/connector.ts';
import type { Edges } from './edges.ts';
import { emptyFold, type SliceFold } from './fold.ts';
import type { Plan } from './plan.ts';
import type { Schema } from './schema.ts';
import type { Session } from './search.ts';

/** In one answer; servers refuse 65,536. */
export const BUCKETS = 50_000;

export interface Reading {
  readonly session: Session;
  readonly schema: Schema;
  readonly request: SliceRequest;
  readonly plan: Plan;
  readonly range: Interval;
  readonly edges: ReadonlyMap<string, Edges>;
  /** Slice start → what is known. */
  readonly folds: Map<Instant, SliceFold>;
}

export function foldAt({ folds }: Pick<Reading, 'folds'>, start: number): SliceFold {
  const known = folds.get(start) ?? emptyFold();
  folds.set(start, known);
  return known;
}
