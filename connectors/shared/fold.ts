/** What the rows of all queries say of one slice, put together into its tallies. */
import { emptyTally, mergeAllTally } from '../../src/core/measure/fold.ts';
import { NO_GROUP, type Sketch, type Tallies, type Tally } from '../../src/core/measure/tally.ts';
import type { MeasureRequest } from '../../src/ports/connector.ts';

/** Texts of a distinct set that wait to be merged. */
const PENDING = 20_000;

type Buckets = Record<string, number>;

/** One measure in one slice and group. */
export interface GroupFold {
  readonly tallies: Tally[];
  readonly texts: string[];
  /** Counts by bucket index. */
  readonly positive: Buckets;
  readonly negative: Buckets;
  zero: number;
  sketched: boolean;
}

/** `C`: what the source says of all events of the slice. */
export interface SliceFold<C> {
  census: C | null;
  /** Measure id → group → what is known. */
  readonly measures: Map<string, Map<string, GroupFold>>;
  readonly overflow: Set<string>;
}

export function emptyFold<C>(): SliceFold<C> {
  return { census: null, measures: new Map(), overflow: new Set() };
}

/** Where to put what a row says; null where the measure has more groups than it may: then none is kept. */
export function groupIn(
  fold: Pick<SliceFold<unknown>, 'measures' | 'overflow'>,
  { id }: MeasureRequest,
  key: string,
  maxGroups: number,
): GroupFold | null {
  if (fold.overflow.has(id)) return null;
  const groups = fold.measures.get(id) ?? new Map<string, GroupFold>();
  const known = groups.get(key);
  if (known !== undefined) return known;
  if (groups.size >= maxGroups) {
    fold.overflow.add(id);
    groups.clear();
    return null;
  }
  const group = { tallies: [], texts: [], positive: {}, negative: {}, zero: 0, sketched: false };
  fold.measures.set(id, groups.set(key, group));
  return group;
}

export function addText(group: GroupFold, text: string, maxDistinct: number): void {
  group.texts.push(text);
  if (group.texts.length < PENDING + maxDistinct) return;
  group.tallies.splice(0, Number.POSITIVE_INFINITY, merged(group, maxDistinct));
  group.texts.length = 0;
}

export function addBucket(group: GroupFold, sign: number, bucket: number, count: number): void {
  group.sketched = true;
  if (sign === 0) group.zero += count;
  else {
    const buckets = sign > 0 ? group.positive : group.negative;
    buckets[bucket] = (buckets[bucket] ?? 0) + count;
  }
}

function merged(group: GroupFold, maxDistinct: number, gamma: Sketch['gamma'] = '1%'): Tally {
  const { positive, negative, zero, texts } = group;
  const parts = [...group.tallies];
  if (texts.length > 0) parts.push({ n: 0, distinct: { exact: texts } });
  if (group.sketched) parts.push({ n: 0, sketch: { gamma, zero, positive, negative } });
  return mergeAllTally(parts, maxDistinct);
}

/** Of a slice without events too: nothing for each group, or a tally of nothing where nothing groups. */
export function talliesOf(
  fold: Pick<SliceFold<unknown>, 'measures'> | undefined,
  measure: MeasureRequest,
  maxDistinct: number,
): Tallies {
  const empty = emptyTally(measure.aggregate);
  const groups = fold?.measures.get(measure.id);
  if (groups === undefined || groups.size === 0)
    return measure.groupBy.length === 0 ? { [NO_GROUP]: empty } : {};
  const entries = [...groups].map(([key, group]): [string, Tally] => [
    key,
    mergeAllTally([empty, merged(group, maxDistinct)], maxDistinct),
  ]);
  return Object.fromEntries(entries);
}
