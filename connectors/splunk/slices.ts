/** Slices of an events dataset: every one of the range, in batches; a range that is too much for Splunk is halved. */

import type { EventsDataset } from '../../src/config/model.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { filterFields } from '../../src/core/filter/bind.ts';
import type { Instant, Interval } from '../../src/core/time/interval.ts';
import { formatInstant } from '../../src/core/time/interval.ts';
import type {
  KnownSlice,
  MeasureRequest,
  SliceBatch,
  SliceReading,
  SliceRequest,
} from '../../src/ports/connector.ts';
import { emptyFold, groupIn, type SliceFold as SliceFoldOf, talliesOf } from '../shared/fold.ts';
import { TooMuch } from './accept.ts';
import { baseOf, requireTimes } from './base.ts';
import { checkDialect } from './dialect.ts';
import { evidenceOf, stopwatch } from './evidence.ts';
import { requireFields } from './fields.ts';
import { requireIndexes } from './indexes.ts';
import { type Found, runSearch } from './job.ts';
import { countIn, numberIn, type ResultRow } from './row.ts';
import { type SliceSearch, searchesOf } from './slice-searches.ts';
import type { Source } from './source.ts';

type SliceFold = SliceFoldOf<ResultRow>;

const SLICES_A_BATCH = 2_000;

export async function* readSlices(
  source: Source,
  request: SliceRequest,
  signal: AbortSignal,
): AsyncGenerator<SliceBatch> {
  const { dataset, measures, range, grain } = request;
  signal.throwIfAborted();
  requireTimes(dataset);
  await checkDialect(source, signal);
  await requireFields(source, dataset, fieldsFor(measures), request.types, signal);
  const searches = searchesOf({ base: baseOf(dataset), ...request }, measures, request.maxDistinct);
  for (let start = range.start; start < range.end; start += SLICES_A_BATCH * grain) {
    const end = Math.min(range.end, start + SLICES_A_BATCH * grain);
    yield* readHalving(source, request, searches, { start, end }, signal);
  }
}

function fieldsFor(measures: readonly MeasureRequest[]): string[] {
  return measures.flatMap(({ where, aggregate, groupBy }) => [
    ...filterFields(where),
    ...groupBy,
    ...(aggregate.type === 'count' ? [] : [aggregate.field]),
  ]);
}

async function* readHalving(
  source: Source,
  request: SliceRequest,
  searches: readonly SliceSearch[],
  range: Interval,
  signal: AbortSignal,
): AsyncGenerator<SliceBatch> {
  let batch: SliceBatch;
  try {
    batch = await readBatch(source, request, searches, range, signal);
  } catch (error) {
    const slices = (range.end - range.start) / request.grain;
    if (!(error instanceof TooMuch) || slices < 2) throw error;
    const middle = range.start + Math.floor(slices / 2) * request.grain;
    yield* readHalving(source, request, searches, { start: range.start, end: middle }, signal);
    yield* readHalving(source, request, searches, { start: middle, end: range.end }, signal);
    return;
  }
  yield batch;
}

async function readBatch(
  source: Source,
  request: SliceRequest,
  searches: readonly SliceSearch[],
  range: Interval,
  signal: AbortSignal,
): Promise<SliceBatch> {
  const took = stopwatch();
  const { dataset, grain, maxGroups } = request;
  const folds = new Map<Instant, SliceFold>();
  const found: Found[] = [];
  for (const [i, { spl, census, take }] of searches.entries()) {
    const answer = await runSearch(
      source,
      { ...boundsOf(range), ...aboutOf(dataset), spl, control: 'c9_n' },
      signal,
    );
    found.push(answer);
    if (census && i > 0 && answer.rows.length !== folds.size) throw disagreement(range.start);
    const first = i === 0;
    for (const row of answer.rows) {
      const start = sliceOf(row, range, grain);
      const fold: SliceFold = folds.get(start) ?? emptyFold();
      folds.set(start, fold);
      requireAgreement(fold, row, start, census, first);
      if (census) fold.census = row;
      take(row, (measure, key) => groupIn(fold, measure, key, maxGroups));
    }
  }
  // No event at all: also what a missing index looks like.
  if (folds.size === 0) await requireIndexes(source, dataset, signal);
  const notes = [...new Set(found.flatMap((answer) => answer.notes))];
  const starts = Array.from({ length: (range.end - range.start) / grain }, (_, i) => range.start + i * grain);
  return {
    readings: starts.map((start) => readingOf(folds.get(start), start, request, notes)),
    evidence: evidenceOf(found, took(), digitsLost(source, request.measures)),
  };
}

/** What one search finds, the census of the same read must have counted: else something was lost in between. */
function requireAgreement(
  { census }: SliceFold,
  row: ResultRow,
  start: Instant,
  isCensus: boolean,
  isFirst: boolean,
): void {
  if (isFirst) return;
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

/** A number of 16 digits and more comes with 15 from a Splunk that prints no more. */
function digitsLost({ allDigits }: Source, measures: readonly MeasureRequest[]): string[] {
  const printed = measures.some(({ aggregate: { type } }) => type === 'min' || type === 'max');
  return printed && allDigits === false
    ? ['this Splunk prints 15 digits of a number: min and max may differ beyond']
    : [];
}

export function boundsOf({ start, end }: Interval): { readonly earliest: number; readonly latest: number } {
  return { earliest: start / 1000, latest: end / 1000 };
}

export function aboutOf(dataset: EventsDataset) {
  return { where: dataset.name, acceptMessages: baseOf(dataset).options.acceptMessages };
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

function readingOf(
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
