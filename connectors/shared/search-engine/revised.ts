/**
 * Which slices are no longer what was read. Where events tell when they came in, only the newest slices are looked at,
 * and those in which some came in since the last call; now and then, and without arrivals always, all of them are compared.
 */
import { z } from 'zod';
import {
  type Grain,
  HOUR,
  type Instant,
  type Interval,
  MINUTE,
  union,
} from '../../../src/core/time/interval.ts';
import { sliceStart } from '../../../src/core/time/slice.ts';
import type { KnownSlice, RevisedReply, RevisedRequest } from '../../../src/ports/connector.ts';
import { parseCursor } from '../cursor.ts';
import { knownSlice, sameness } from './census.ts';
import type { Engine } from './engine.ts';
import { allOf, anyOf } from './filter.ts';
import { listAt, numberAt } from './json.ts';
import type { Memory } from './memory.ts';
import { before, inRange, nativeFilter, optionsOf } from './scope.ts';
import { openSession, search } from './search.ts';
import { readSlices } from './slices.ts';

/** Stamps may be a little older than the moment from which an event can be found. */
const MARGIN = 10 * MINUTE;
/** Events mostly come in sooner. Slices as new as that are compared at once: one search less. */
const ON_THE_WAY = MINUTE;
/** Events that were changed or removed without a new stamp are found this late. */
const FULL_EVERY = 6 * HOUR;
/** Beyond so many runs of slices, one range over all of them is cheaper. */
const RUNS = 8;

const NO_EVENTS: KnownSlice = { events: 0, maxIngested: null, digest: null };

const cursorSchema = z.object({ asOf: z.number(), full: z.number() });

export async function findRevised(
  engine: Engine,
  memory: Memory,
  request: RevisedRequest,
  signal: AbortSignal,
): Promise<RevisedReply> {
  const { asOf, range } = request;
  const last = parseCursor(request.cursor, cursorSchema);
  const isFull =
    request.dataset.ingested === null || last === null || asOf < last.asOf || asOf - last.full >= FULL_EVERY;
  const { starts, ranges } = isFull
    ? { starts: [], ranges: [range] }
    : await arrivals(engine, memory, request, request.dataset.ingested, last.asOf, signal);
  for (const one of ranges) starts.push(...(await changed(engine, memory, request, one, signal)));
  return {
    starts: starts.sort((a, b) => a - b),
    cursor: JSON.stringify({ asOf, full: isFull ? asOf : last.full }),
  };
}

interface Arrivals {
  /** Of the newest slices, into which events still come as a matter of course: those that changed. */
  readonly starts: Instant[];
  /** Older slices into which events came: they have to be looked at. */
  readonly ranges: Interval[];
}

/** What events that came in since the last call have to do with the slices, in one search. */
async function arrivals(
  engine: Engine,
  memory: Memory,
  { dataset, grain, range, asOf, known }: RevisedRequest,
  ingested: string,
  since: Instant,
  signal: AbortSignal,
): Promise<Arrivals> {
  const session = openSession(engine, dataset.name, optionsOf(dataset).index, signal);
  const schema = await memory.schema(session);
  const { time } = dataset;
  const start = Math.min(range.end, Math.max(range.start, sliceStart(since - MARGIN - ON_THE_WAY, grain)));
  const newest = inRange(time, { start, end: range.end });
  const late = allOf([
    inRange(ingested, { start: since - MARGIN, end: asOf }),
    inRange(time, { start: range.start, end: start }),
  ]);
  const histogram = { date_histogram: { field: time, fixed_interval: `${grain}ms`, min_doc_count: 1 } };
  const { aggregations } = await search(session, {
    size: 0,
    query: allOf([...nativeFilter(dataset), before(ingested, asOf), anyOf([newest, late])]),
    aggs: {
      late: { filter: late, aggs: { s: histogram } },
      newest: { filter: newest, aggs: { s: { ...histogram, aggs: sameness(schema, ingested) } } },
    },
  });
  const found = new Map(
    listAt(aggregations, 'newest', 's', 'buckets').map((bucket) => [
      numberAt(bucket, 'key'),
      knownSlice(bucket, ingested),
    ]),
  );
  const starts = [...known].flatMap(([one, read]) =>
    one >= start && one < range.end && !isSame(read, found.get(one) ?? NO_EVENTS) ? [one] : [],
  );
  return { starts, ranges: runsOf(listAt(aggregations, 'late', 's', 'buckets'), grain) };
}

function runsOf(buckets: readonly unknown[], grain: Grain): Interval[] {
  const runs = union(
    buckets.map((bucket) => {
      const start = numberAt(bucket, 'key');
      return { start, end: start + grain };
    }),
    [],
  );
  const [first] = runs;
  const end = runs.at(-1)?.end;
  return runs.length > RUNS && first !== undefined && end !== undefined
    ? [{ start: first.start, end }]
    : runs;
}

async function changed(
  engine: Engine,
  memory: Memory,
  request: RevisedRequest,
  range: Interval,
  signal: AbortSignal,
): Promise<Instant[]> {
  const { dataset, types, grain, asOf, known } = request;
  const counted = readSlices(
    engine,
    memory,
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
