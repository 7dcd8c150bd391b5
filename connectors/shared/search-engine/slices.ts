/** Slices of an events dataset: one search for all ungrouped measures, one (paged) for each grouping, all from the same view. */
import type { Interval } from '../../../src/core/time/interval.ts';
import type { SliceBatch, SliceReading, SliceRequest } from '../../../src/ports/connector.ts';
import { talliesOf } from '../fold.ts';
import { readAgain } from './again.ts';
import { readCensus } from './census.ts';
import { type Edges, edgesOf } from './edges.ts';
import { TooMuchError } from './engine.ts';
import { allOf } from './filter.ts';
import { readGroups, readTexts } from './groups.ts';
import { numberOrNullAt } from './json.ts';
import { cellSize, distinctFields, type Part, pieces, planOf } from './plan.ts';
import { BUCKETS, type Reading } from './reading.ts';
import { resolve } from './schema.ts';
import { eventsQuery, requireTimes, sessionOf } from './scope.ts';
import { evidenceOf, freeze, search, thaw } from './search.ts';
import { open, type Source } from './source.ts';
import { noting, withValues } from './values.ts';

const SLICES_A_BATCH = 2_000;
/** Beyond so many (numbers some 1e87 times as large as others) the events are read one by one. */
const MAX_EDGES = 10_000;

export async function* readSlices(
  source: Source,
  request: SliceRequest,
  signal: AbortSignal,
): AsyncGenerator<SliceBatch> {
  const { dataset } = request;
  const { schema } = await open(source, dataset, signal);
  requireTimes(schema, dataset);
  const needed = new Set<string>();
  const plan = planOf(noting(schema, needed), request);
  const times = [dataset.time, ...(dataset.ingested === null ? [] : [dataset.ingested])];
  const fields = [...plan.asked, ...times.map((name) => resolve(schema, name))];
  await source.engine.rights.requireSeen(sessionOf(source.engine, dataset, signal).index, fields, signal);
  yield* readRange(request.range);

  async function* readRange(range: Interval): AsyncGenerator<SliceBatch> {
    const slices = (range.end - range.start) / request.grain;
    if (slices <= SLICES_A_BATCH) {
      const session = sessionOf(source.engine, dataset, signal);
      try {
        const events = eventsQuery(dataset, range, request.asOf);
        const known = await withValues(session, schema, needed, events);
        const folds = await readFolds({
          session,
          schema: known,
          request,
          plan: needed.size === 0 ? plan : planOf(known, request),
          range,
          edges: new Map(),
          folds: new Map(),
        });
        yield { readings: readingsOf(folds, request, range), evidence: evidenceOf(session) };
        return;
      } catch (error) {
        if (!(error instanceof TooMuchError) || slices < 2) throw error;
      } finally {
        await thaw(session);
      }
    }
    const middle = range.start + Math.ceil(slices / 2) * request.grain;
    yield* readRange({ start: range.start, end: middle });
    yield* readRange({ start: middle, end: range.end });
  }
}

async function readFolds(reading: Reading): Promise<Reading['folds']> {
  const { plan, session } = reading;
  const distinct = [plan.ungrouped, ...plan.grouped].flatMap((part) =>
    distinctFields(part).map((one) => ({ part, ...one })),
  );
  if (plan.sketched.length + plan.grouped.length + distinct.length > 0) await freeze(session);
  const edged = { ...reading, edges: await readEdges(reading) };
  const [ungrouped = plan.ungrouped, ...more] = pieces(plan.ungrouped, edged.edges, BUCKETS);
  requireRoom(edged, ungrouped);
  await readCensus(edged, ungrouped);
  const grouped = plan.grouped.flatMap((part) => pieces(part, edged.edges, BUCKETS));
  for (const part of [...more, ...grouped]) await readGroups(edged, part);
  for (const { part, field, measures } of distinct) await readTexts(edged, part, field, measures);
  await readAgain(edged);
  return reading.folds;
}

/** Throws where the answer would have too many buckets: the range is halved then. */
function requireRoom({ request, range, edges }: Reading, part: Part): void {
  const slices = (range.end - range.start) / request.grain;
  if (slices > 1 && slices * cellSize(part, edges) > BUCKETS) {
    throw new TooMuchError('too many buckets', { retryable: true });
  }
}

/** Edges for the sketches of this range: from its least number to its greatest; none where they lie too far apart. */
async function readEdges(reading: Reading): Promise<Map<string, Edges>> {
  const { session, plan, range } = reading;
  const { dataset, asOf } = reading.request;
  if (plan.sketched.length === 0) return new Map();
  const side = (field: string, op: 'gt' | 'lt') => ({
    filter: { range: { [field]: { [op]: 0 } } },
    aggs: { low: { min: { field } }, high: { max: { field } } },
  });
  const aggs = Object.fromEntries(
    plan.sketched.flatMap(({ path }, i) => [
      [`p${i}`, side(path, 'gt')] as const,
      [`n${i}`, side(path, 'lt')] as const,
    ]),
  );
  const { aggregations } = await search(session, {
    size: 0,
    query: allOf(eventsQuery(dataset, range, asOf)),
    aggs,
  });
  const extent = (name: string): [number, number] | null => {
    // A field with several values has some beyond zero: they are cut off.
    const [low, high] = [
      numberOrNullAt(aggregations, name, 'low', 'value'),
      numberOrNullAt(aggregations, name, 'high', 'value'),
    ];
    if (low === null || high === null) return null;
    return name.startsWith('p')
      ? [Math.max(low, Number.MIN_VALUE), high]
      : [Math.max(-high, Number.MIN_VALUE), -low];
  };
  const edges = plan.sketched.map(
    ({ path }, i) => [path, edgesOf({ positive: extent(`p${i}`), negative: extent(`n${i}`) })] as const,
  );
  return new Map(edges.filter(([, own]) => own.length <= MAX_EDGES));
}

function readingsOf(folds: Reading['folds'], request: SliceRequest, range: Interval): SliceReading[] {
  const readings: SliceReading[] = [];
  for (let start = range.start; start < range.end; start += request.grain) {
    const fold = folds.get(start);
    const overflow = [...(fold?.overflow ?? [])];
    readings.push({
      start,
      events: fold?.events ?? 0,
      maxIngested: fold?.maxIngested ?? null,
      digest: fold?.digest ?? null,
      quality: (fold?.notes.length ?? 0) > 0 ? 'partial' : 'complete',
      notes: [
        ...(fold?.notes ?? []),
        ...overflow.map((id) => `"${id}" has more than ${request.maxGroups} groups`),
      ],
      tallies: Object.fromEntries(
        request.measures.map((measure) => [
          measure.id,
          overflow.includes(measure.id) ? {} : talliesOf(fold, measure, request.maxDistinct),
        ]),
      ),
      overflow,
    });
  }
  return readings;
}
