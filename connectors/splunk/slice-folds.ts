/** What the searches of one read say, put together slice by slice; and the rules by which they must agree. */
import type { EventsDataset } from '../../src/config/model.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import type { Instant, Interval } from '../../src/core/time/interval.ts';
import { formatInstant } from '../../src/core/time/interval.ts';
import type { KnownSlice, SliceReading, SliceRequest } from '../../src/ports/connector.ts';
import { emptyFold, groupIn, type SliceFold as SliceFoldOf, talliesOf } from '../shared/fold.ts';
import { type Found, runSearch } from './job.ts';
import { countIn, numberIn, type ResultRow } from './row.ts';
import type { SliceSearch } from './slice-searches.ts';
import type { Source } from './source.ts';

type SliceFold = SliceFoldOf<ResultRow>;

export interface Read {
  readonly folds: ReadonlyMap<Instant, SliceFold>;
  readonly found: readonly Found[];
}

/** The first of the searches is the census of the read. */
export async function readFolds(
  source: Source,
  { dataset, grain, maxGroups }: SliceRequest,
  searches: readonly SliceSearch[],
  range: Interval,
  signal: AbortSignal,
): Promise<Read> {
  const folds = new Map<Instant, SliceFold>();
  const found: Found[] = [];
  for (const [i, { spl, census, whole, take }] of searches.entries()) {
    const answer = await runSearch(source, { dataset, range, spl, control: 'events' }, signal);
    found.push(answer);
    if (census && i > 0 && answer.rows.length !== folds.size) throw disagreement(range.start);
    const first = i === 0;
    const sums = new Map<Instant, number>();
    for (const row of answer.rows) {
      const start = sliceOf(row, range, grain);
      const fold: SliceFold = folds.get(start) ?? emptyFold();
      folds.set(start, fold);
      requireAgreement(fold, row, start, census, first, whole);
      if (census) fold.census = row;
      sums.set(start, (sums.get(start) ?? 0) + countIn(row, 'c9_n'));
      take(row, (measure, key) => groupIn(fold, measure, key, maxGroups));
    }
    if (whole) requireWhole(folds, sums);
  }
  return { folds, found };
}

/** A search that groups events by their fields, and has each of them once. */
export class Uncounted extends ConnectorError {}

function requireWhole(folds: Read['folds'], sums: ReadonlyMap<Instant, number>): void {
  for (const [start, { census }] of folds) {
    const counted = census === null ? 0 : countIn(census, 'c9_n');
    const sum = sums.get(start) ?? 0;
    if (sum === counted) continue;
    throw new Uncounted(
      `The groups of ${formatInstant(start)} hold ${sum} events of ${counted}: a field has several values, or none`,
      { retryable: true },
    );
  }
}

/** What one search finds, the census of the same read must have counted: else something was lost in between. */
function requireAgreement(
  { census }: SliceFold,
  row: ResultRow,
  start: Instant,
  isCensus: boolean,
  isFirst: boolean,
  isWhole?: true,
): void {
  // Rows that hold all events are summed up: with several values they are more.
  if (isFirst || isWhole) return;
  const counted = census === null ? 0 : countIn(census, 'c9_n');
  const found = countIn(row, 'c9_n');
  if (isCensus ? found === counted : found <= counted) return;
  throw disagreement(start);
}

function disagreement(start: Instant): ConnectorError {
  return new ConnectorError(`Two searches of one read don't agree about ${formatInstant(start)}`, {
    retryable: true,
    help: 'An index or a peer came or went between them. clause9 asks again.',
  });
}

/** A slice that is none of the range, or not on its grain, means that times were moved on the way. */
export function sliceOf(row: ResultRow, range: Interval, grain: number): Instant {
  const start = countIn(row, 'c9_s') * 1000;
  if (start % grain === 0 && start >= range.start && start < range.end) return start;
  throw new ConnectorError(`Splunk answered for ${formatInstant(start)}, which was not asked for`, {
    retryable: false,
    help: 'Its arithmetic of times is not what clause9 expects.',
  });
}

export function readingOf(
  fold: SliceFold | undefined,
  start: Instant,
  request: SliceRequest,
  notes: readonly string[],
): SliceReading {
  const overflow = [...(fold?.overflow ?? [])];
  return {
    start,
    ...stateOf(fold?.census ?? null, request.dataset),
    quality: notes.length > 0 ? 'partial' : 'complete',
    notes: [...notes, ...overflow.map((id) => `"${id}" has more than ${request.maxGroups} groups`)],
    tallies: Object.fromEntries(
      request.measures.map((measure) => [measure.id, talliesOf(fold, measure, request.maxDistinct)]),
    ),
    overflow,
  };
}

/** What tells whether a slice's content is still the same: how many events, and between when and when they came in. */
export function stateOf(census: ResultRow | null, { ingested }: EventsDataset): KnownSlice {
  if (census === null) return { events: 0, maxIngested: null, digest: null };
  const [first, last] = [numberIn(census, 'c9_i0'), numberIn(census, 'c9_i1')];
  return {
    events: countIn(census, 'c9_n'),
    // Somewhen in that second, which is over.
    maxIngested: ingested === null || last === null ? null : last * 1000 + 999,
    digest: `${first}-${last}`,
  };
}
