/**
 * Which slices are no longer what was read. Where events tell when they came in, only those slices are looked at in
 * which some came in since the last call; now and then, and without arrivals always, all of them are compared.
 */
import { z } from 'zod';
import { HOUR, type Instant, type Interval, MINUTE, union } from '../../../src/core/time/interval.ts';
import type { KnownSlice, RevisedReply, RevisedRequest } from '../../../src/ports/connector.ts';
import type { Engine } from './engine.ts';
import { allOf } from './filter.ts';
import { listAt, numberAt } from './json.ts';
import type { Memory } from './memory.ts';
import { inRange, nativeFilter, optionsOf } from './scope.ts';
import { openSession, search } from './search.ts';
import { readSlices } from './slices.ts';

/** Stamps may be a little older than the moment from which an event can be found. */
const MARGIN = 10 * MINUTE;
/** Events that were changed or removed without a new stamp are found this late. */
const FULL_EVERY = 6 * HOUR;
/** Beyond so many runs of slices, one range over all of them is cheaper. */
const RUNS = 8;

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
  const ranges = isFull
    ? [range]
    : await touched(engine, request, request.dataset.ingested, last.asOf, signal);
  const starts: Instant[] = [];
  for (const one of ranges) starts.push(...(await changed(engine, memory, request, one, signal)));
  return {
    starts: starts.sort((a, b) => a - b),
    cursor: JSON.stringify({ asOf, full: isFull ? asOf : last.full }),
  };
}

export function parseCursor<T>(cursor: string | null, schema: z.ZodType<T>): T | null {
  if (cursor === null) return null;
  try {
    const parsed = schema.safeParse(JSON.parse(cursor));
    return parsed.success ? parsed.data : null;
  } catch {
    // One of another version: everything is looked at.
    return null;
  }
}

/** Where events came in since the last call. */
async function touched(
  engine: Engine,
  { dataset, grain, range, asOf }: RevisedRequest,
  ingested: string | null,
  since: Instant,
  signal: AbortSignal,
): Promise<Interval[]> {
  const session = openSession(engine, dataset.name, optionsOf(dataset).index, signal);
  const arrivals = ingested === null ? [] : [inRange(ingested, { start: since - MARGIN, end: asOf })];
  const { aggregations } = await search(session, {
    size: 0,
    query: allOf([...nativeFilter(dataset), inRange(dataset.time, range), ...arrivals]),
    aggs: { s: { date_histogram: { field: dataset.time, fixed_interval: `${grain}ms`, min_doc_count: 1 } } },
  });
  const runs = union(
    listAt(aggregations, 's', 'buckets').map((bucket) => {
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
