/**
 * Which slices are no longer what was read. Where events tell when they came in, one search looks at the newest slices,
 * at those that have reached an age at which each is compared, and at those in which some came in since the last call.
 * Without arrivals, and when asked for the first time, all of them are compared.
 */
import { z } from 'zod';
import {
  type Grain,
  type Instant,
  type Interval,
  intersect,
  MINUTE,
  subtract,
  union,
} from '../../../src/core/time/interval.ts';
import { sliceStart } from '../../../src/core/time/slice.ts';
import type { KnownSlice, RevisedReply, RevisedRequest } from '../../../src/ports/connector.ts';
import { parseCursor } from '../cursor.ts';
import { comingOfAge } from './ages.ts';
import { knownSlice, sameness } from './census.ts';
import { TooMuchError } from './engine.ts';
import { allOf, anyOf } from './filter.ts';
import { listAt, numberAt } from './json.ts';
import { before, inRange, nativeFilter } from './scope.ts';
import { search } from './search.ts';
import { readSlices } from './slices.ts';
import { open, type Source } from './source.ts';

/** Stamps may be a little older than the moment from which an event can be found. */
const MARGIN = 10 * MINUTE;
/** Events mostly come in sooner. Slices as new as that are compared at once: one search less. */
const ON_THE_WAY = MINUTE;
/** Beyond so many runs of slices, one range over all of them is cheaper. */
const RUNS = 8;

const NO_EVENTS: KnownSlice = { events: 0, maxIngested: null, digest: null };

const cursorSchema = z.object({ asOf: z.number() });

export async function findRevised(
  source: Source,
  request: RevisedRequest,
  signal: AbortSignal,
): Promise<RevisedReply> {
  const { asOf, range, dataset } = request;
  const last = parseCursor(request.cursor, cursorSchema);
  const { starts, ranges } =
    dataset.ingested === null || last === null || asOf < last.asOf
      ? { starts: [], ranges: [range] }
      : await suspects(source, request, dataset.ingested, last.asOf, signal);
  for (const one of ranges) starts.push(...(await changed(source, request, one, signal)));
  return { starts: [...new Set(starts)].sort((a, b) => a - b), cursor: JSON.stringify({ asOf }) };
}

interface Suspects {
  /** Of the slices that were compared: those that changed. */
  readonly starts: Instant[];
  /** Others into which events came: they have to be looked at. */
  readonly ranges: readonly Interval[];
}

/** What changed since the last call, in one search. */
async function suspects(
  source: Source,
  { dataset, grain, range, asOf, known }: RevisedRequest,
  ingested: string,
  since: Instant,
  signal: AbortSignal,
): Promise<Suspects> {
  const { session, schema } = await open(source, dataset, signal);
  const { time, settleMs, reviseForMs } = dataset;
  const newest = { start: sliceStart(since - MARGIN - ON_THE_WAY, grain), end: range.end };
  const ofAge = comingOfAge(since, asOf, grain, settleMs + reviseForMs);
  const compared = intersect([range], union(ofAge, [newest]));
  const whole = anyOf(compared.map((one) => inRange(time, one)));
  const late = allOf([inRange(ingested, { start: since - MARGIN, end: asOf }), inRange(time, range)]);
  const histogram = { date_histogram: { field: time, fixed_interval: `${grain}ms`, min_doc_count: 1 } };
  try {
    const { aggregations } = await search(session, {
      size: 0,
      query: allOf([...nativeFilter(dataset), before(ingested, asOf), anyOf([whole, late])]),
      aggs: {
        late: { filter: late, aggs: { s: histogram } },
        whole: { filter: whole, aggs: { s: { ...histogram, aggs: sameness(schema, ingested) } } },
      },
    });
    const found = new Map(
      listAt(aggregations, 'whole', 's', 'buckets').map((bucket) => [
        numberAt(bucket, 'key'),
        knownSlice(bucket, ingested),
      ]),
    );
    const isCompared = (start: Instant) => compared.some((one) => start >= one.start && start < one.end);
    const starts = [...known].flatMap(([start, read]) =>
      isCompared(start) && !isSame(read, found.get(start) ?? NO_EVENTS) ? [start] : [],
    );
    return { starts, ranges: runsOf(listAt(aggregations, 'late', 's', 'buckets'), grain, compared) };
  } catch (error) {
    // Comparing asks for half, and half again.
    if (error instanceof TooMuchError) return { starts: [], ranges: [range] };
    throw error;
  }
}

/** Runs of slices that hold something and were not compared yet. */
function runsOf(
  buckets: readonly unknown[],
  grain: Grain,
  compared: readonly Interval[],
): readonly Interval[] {
  const slices = buckets.map((bucket) => {
    const start = numberAt(bucket, 'key');
    return { start, end: start + grain };
  });
  const runs = subtract(slices, compared);
  const [first] = runs;
  const end = runs.at(-1)?.end;
  return runs.length > RUNS && first !== undefined && end !== undefined
    ? [{ start: first.start, end }]
    : runs;
}

async function changed(
  source: Source,
  request: RevisedRequest,
  range: Interval,
  signal: AbortSignal,
): Promise<Instant[]> {
  const { dataset, types, grain, asOf, known } = request;
  const counted = readSlices(
    source,
    { dataset, types, grain, range, asOf, measures: [], maxGroups: 1, maxDistinct: 1 },
    signal,
  );
  const starts: Instant[] = [];
  for await (const { readings } of counted) {
    for (const reading of readings) {
      const before = known.get(reading.start);
      if (before !== undefined && !isSame(before, reading)) starts.push(reading.start);
    }
  }
  return starts;
}

function isSame(a: KnownSlice, b: KnownSlice): boolean {
  return a.events === b.events && a.maxIngested === b.maxIngested && a.digest === b.digest;
}
