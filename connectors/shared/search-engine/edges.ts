/** The buckets of a percentile's sketch as ranges that the server counts: the very edges of core/measure/sketch.ts. */
import { ConnectorError } from '../../../src/core/errors.ts';
import { bucketIndex, type Gamma, LN_GAMMA } from '../../../src/core/measure/sketch.ts';
import type { Sketch } from '../../../src/core/measure/tally.ts';
import { listAt, numberAt } from './json.ts';

const GAMMA: Gamma = '1%';

/** The least and greatest magnitude of the numbers of each sign; null: there are none. */
export interface Extent {
  readonly positive: readonly [number, number] | null;
  readonly negative: readonly [number, number] | null;
}

interface Bucket {
  readonly sign: -1 | 0 | 1;
  readonly index: number;
  readonly range: { readonly from?: number; readonly to?: number };
}

export type Edges = readonly Bucket[];

/** Ranges that cover the extent, in ascending order, with that of zero. */
export function edgesOf({ positive, negative }: Extent): Edges {
  const edges: Bucket[] = [{ sign: 0, index: 0, range: { from: 0, to: Number.MIN_VALUE } }];
  for (const index of indices(positive)) {
    edges.push({ sign: 1, index, range: { from: lowest(index), to: lowest(index + 1) } });
  }
  for (const index of indices(negative)) {
    // Mirrored, a range holds its upper end and not its lower: both move up by one double.
    edges.push({ sign: -1, index, range: { from: nextUp(-lowest(index + 1)), to: nextUp(-lowest(index)) } });
  }
  return edges;
}

function indices(extent: readonly [number, number] | null): number[] {
  if (extent === null) return [];
  const [first, last] = [bucketIndex(extent[0], GAMMA), bucketIndex(extent[1], GAMMA)];
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

const lowestOf = new Map<number, number>();

/** The least double whose bucket is this one or a higher. */
function lowest(index: number): number {
  const known = lowestOf.get(index);
  if (known !== undefined) return known;
  let x = Math.exp((index - 1) * LN_GAMMA[GAMMA]);
  while (x > 0 && bucketIndex(x, GAMMA) >= index) x = nextDown(x);
  while (bucketIndex(x, GAMMA) < index && Number.isFinite(x)) x = nextUp(x);
  lowestOf.set(index, x);
  return x;
}

const bits = new DataView(new ArrayBuffer(8));

/** The next double above. */
function nextUp(x: number): number {
  if (x === 0) return Number.MIN_VALUE;
  bits.setFloat64(0, x);
  bits.setBigInt64(0, bits.getBigInt64(0) + (x > 0 ? 1n : -1n));
  return bits.getFloat64(0) + 0;
}

function nextDown(x: number): number {
  return -nextUp(-x);
}

/** The sketch from the counts of the ranges. Throws where they don't add up: then numbers lie outside of all of them. */
export function sketchOfRanges(edges: Edges, answer: unknown, count: number): Sketch {
  const counts = listAt(answer, 'buckets').map((bucket) => numberAt(bucket, 'doc_count'));
  const [positive, negative]: [Record<string, number>, Record<string, number>] = [{}, {}];
  let zero = 0;
  const ordered = ascending(edges);
  for (const [i, { sign, index }] of ordered.entries()) {
    const found = counts[i] ?? 0;
    if (found === 0) continue;
    if (sign === 0) zero += found;
    else (sign > 0 ? positive : negative)[index] = found;
  }
  const sum = counts.reduce((all, one) => all + one, 0);
  if (sum !== count || counts.length !== ordered.length) {
    throw new ConnectorError('The buckets of a percentile do not add up to its numbers', {
      retryable: true,
      help: 'The next try reads them again.',
    });
  }
  return { gamma: GAMMA, zero, positive, negative };
}

/** The server answers ranges in ascending order. */
function ascending(edges: Edges): Edges {
  return [...edges].sort((a, b) => (a.range.from ?? -Infinity) - (b.range.from ?? -Infinity));
}

export function rangesOf(edges: Edges): readonly Bucket['range'][] {
  return ascending(edges).map(({ range }) => range);
}
