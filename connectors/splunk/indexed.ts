/**
 * A read by the index alone, as far as that goes: what it can't count exactly is read by a plain search, and one slice
 * is read in both ways now and then. Where the two differ, neither is believed.
 */
import { isDeepStrictEqual } from 'node:util';
import { ConnectorError } from '../../src/core/errors.ts';
import { hashOf } from '../../src/core/hash.ts';
import type { Instant, Interval } from '../../src/core/time/interval.ts';
import { formatInstant, HOUR } from '../../src/core/time/interval.ts';
import type { MeasureRequest, SliceRequest } from '../../src/ports/connector.ts';
import { baseOf } from './base.ts';
import { countIn } from './row.ts';
import { type Read, readFolds, readingOf, Uncounted } from './slice-folds.ts';
import { type SliceSearch, searchesOf } from './slice-searches.ts';
import type { Source } from './source.ts';
import { indexedSearches, isIndexed } from './tstats.ts';

export interface Plan {
  readonly plain: readonly SliceSearch[];
  /** Null: nothing that the index could answer. */
  readonly indexed: {
    readonly measures: readonly MeasureRequest[];
    readonly searches: readonly SliceSearch[];
    /** The same measures by a plain search. */
    readonly proof: readonly SliceSearch[];
  } | null;
}

export function planOf({ measures, maxDistinct, ...request }: SliceRequest): Plan {
  const scope = { base: baseOf(request.dataset), ...request };
  const plain = searchesOf(scope, measures, maxDistinct);
  const fast = measures.filter((measure) => isIndexed(scope.base, measure));
  if (fast.length === 0) return { plain, indexed: null };
  const slow = measures.filter((measure) => !fast.includes(measure));
  const searches = [
    ...indexedSearches(scope, fast, maxDistinct),
    ...(slow.length === 0 ? [] : searchesOf(scope, slow, maxDistinct)),
  ];
  return { plain, indexed: { measures: fast, searches, proof: searchesOf(scope, fast, maxDistinct) } };
}

export async function readPlanned(
  source: Source,
  request: SliceRequest,
  { plain, indexed }: Plan,
  range: Interval,
  signal: AbortSignal,
): Promise<Read & { readonly told: readonly string[] }> {
  const byPlain = async (told: readonly string[]) => ({
    ...(await readFolds(source, request, plain, range, signal)),
    told,
  });
  if (indexed === null) return byPlain([]);
  let read: Read;
  try {
    read = await readFolds(source, request, indexed.searches, range, signal);
  } catch (error) {
    if (!(error instanceof Uncounted)) throw error;
    return byPlain([`read by a plain search, not by tstats: ${error.message}`]);
  }
  // A zero is believed of the events themselves only.
  if (read.folds.size === 0) return byPlain([]);
  await prove(source, { ...request, measures: indexed.measures }, indexed.proof, read, range, signal);
  return { ...read, told: [] };
}

/** A read in both ways costs what the index saves: rarely enough for a cycle of a few minutes. */
const PROVEN_MS = HOUR;
/** Of so many slices, one more read makes no difference. */
const MANY_SLICES = 24;

async function prove(
  source: Source,
  request: SliceRequest,
  proof: readonly SliceSearch[],
  read: Read,
  range: Interval,
  signal: AbortSignal,
): Promise<void> {
  const { dataset, measures, grain } = request;
  const what = hashOf({ name: dataset.name, options: dataset.options, measures });
  const last = source.proven.get(what);
  const recent = last !== undefined && performance.now() - last < PROVEN_MS;
  if (recent && (range.end - range.start) / grain < MANY_SLICES) return;
  const start = fullest(read);
  const plain = await readFolds(source, request, proof, { start, end: start + grain }, signal);
  const [byIndex, bySearch] = [read, plain].map(({ folds }) => {
    // What overflows may be a measure that is read by a search only; of those here the tallies tell.
    const { overflow: _, notes: __, ...said } = readingOf(folds.get(start), start, request, []);
    return said;
  });
  if (!isDeepStrictEqual(byIndex, bySearch)) throw different(dataset.name, start);
  source.proven.set(what, performance.now());
}

function fullest({ folds }: Read): Instant {
  const counts = [...folds].map(([start, { census }]) => ({
    start,
    n: census === null ? 0 : countIn(census, 'c9_n'),
  }));
  return counts.reduce((a, b) => (b.n > a.n ? b : a)).start;
}

function different(where: string, start: Instant): ConnectorError {
  return new ConnectorError(`tstats and a plain search count ${formatInstant(start)} differently`, {
    retryable: false,
    where,
    help: 'A field in `indexed` is not indexed or has another value there, or summaries of the `datamodel` are not whole. Rebuild them, or take the key out.',
  });
}
