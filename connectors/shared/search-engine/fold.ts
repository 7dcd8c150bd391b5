/** What the answers say of one slice, put together into its reading. */
import { exactSum } from '../../../src/core/measure/sum.ts';
import type { Tally } from '../../../src/core/measure/tally.ts';
import { type SliceFold as Groups, groupIn } from '../fold.ts';
import { type Edges, sketchOfRanges } from './edges.ts';
import { at, numberAt } from './json.ts';
import { numericFields, type Part, type PlannedMeasure } from './plan.ts';

export interface SliceFold extends Pick<Groups<unknown>, 'measures' | 'overflow'> {
  events: number;
  maxIngested: number | null;
  digest: string | null;
  readonly notes: string[];
  /** Parts whose events must be read one by one: some have several numbers in a field. */
  readonly again: Set<Part>;
}

export function emptyFold(): SliceFold {
  const groups = { measures: new Map(), overflow: new Set<string>() };
  return { events: 0, maxIngested: null, digest: null, notes: [], again: new Set(), ...groups };
}

/** Takes a bucket of `cellAggregations` in. */
export function foldCell(
  fold: SliceFold,
  part: Part,
  key: string,
  bucket: unknown,
  edges: ReadonlyMap<string, Edges>,
  maxGroups: number,
): void {
  for (const [g, field] of part.groupBy.entries()) {
    if (field.family === 'number' && hasSeveral(bucket, `g${g}`, 'n', 'value')) fold.again.add(part);
  }
  for (const measure of part.measures) {
    const events = numberAt(bucket, `c${measure.condition}`, 'doc_count');
    if (events === 0 && part.groupBy.length > 0) continue;
    const tally = tallyOf(fold, part, measure, bucket, edges);
    groupIn(fold, measure.request, key, maxGroups)?.tallies.push(tally);
  }
}

function hasSeveral(bucket: unknown, name: string, ...count: readonly string[]): boolean {
  return numberAt(bucket, name, ...count) !== numberAt(bucket, name, 'doc_count');
}

function tallyOf(
  fold: SliceFold,
  part: Part,
  { request, field, condition }: PlannedMeasure,
  bucket: unknown,
  edges: ReadonlyMap<string, Edges>,
): Tally {
  const { type } = request.aggregate;
  const cell = at(bucket, `c${condition}`);
  const n = numberAt(cell, 'doc_count');
  if (field === null || type === 'count' || type === 'distinct') return { n };
  const fields = numericFields(part, condition, edges);
  const k = fields.findIndex((one) => one.field.path === field.path);
  const skipped = numberAt(cell, `i${k}`, 'doc_count');
  const values = numberAt(cell, `v${k}`, 'doc_count');
  if (hasSeveral(cell, `v${k}`, 's', 'count')) fold.again.add(part);
  const events = skipped > 0 ? { n, skipped } : { n };
  const stats = at(cell, `v${k}`, 's');
  if (type === 'sum' || type === 'mean') {
    const sum = exactSum([numberAt(stats, 'sum')]);
    return type === 'sum' ? { ...events, sum } : { ...events, values, sum };
  }
  if (values === 0 || fold.again.has(part)) return events;
  // Adding 0 turns -0 into 0.
  if (type === 'min') return { ...events, min: numberAt(stats, 'min') + 0 };
  if (type === 'max') return { ...events, max: numberAt(stats, 'max') + 0 };
  const own = fields[k]?.edges;
  if (own) return { ...events, sketch: sketchOfRanges(own, at(cell, `v${k}`, 'r'), values) };
  fold.again.add(part);
  return events;
}
