/** Slices of an events dataset: one search for all ungrouped measures, one (paged) for each grouping, all from the same view. */
import { canonicalText } from '../../../src/core/filter/value.ts';
import { NO_VALUE, talliesOfRows } from '../../../src/core/measure/fold.ts';
import { NO_GROUP } from '../../../src/core/measure/tally.ts';
import type { Interval } from '../../../src/core/time/interval.ts';
import type { SliceBatch, SliceReading, SliceRequest } from '../../../src/ports/connector.ts';
import { addText, groupIn, talliesOf } from '../fold.ts';
import { readCensus } from './census.ts';
import { type Edges, edgesOf } from './edges.ts';
import { type Engine, TooMuchError } from './engine.ts';
import { allOf, type Query } from './filter.ts';
import { foldCell, type SliceFold } from './fold.ts';
import { allHits, ignoredFields, timeText, valueIn } from './hits.ts';
import { at, listAt, numberAt, numberOrNullAt, textsAt } from './json.ts';
import type { Memory } from './memory.ts';
import {
  anyCondition,
  cellAggregations,
  cellSize,
  distinctFields,
  type Part,
  planOf,
  unique,
} from './plan.ts';
import { eventsQuery, foldAt, type Reading } from './reading.ts';
import { type Resolved, refusal } from './schema.ts';
import { optionsOf, requireTimes } from './scope.ts';
import { evidenceOf, freeze, openSession, search, thaw } from './search.ts';

const SLICES_A_BATCH = 2_000;
/** Buckets in one answer; servers refuse 65,536. */
const BUCKETS = 50_000;
/** Events of one slice that are read one by one, at most. */
const EVENTS_READ = 100_000;

export async function* readSlices(
  engine: Engine,
  memory: Memory,
  request: SliceRequest,
  signal: AbortSignal,
): AsyncGenerator<SliceBatch> {
  const { dataset } = request;
  const open = () => openSession(engine, dataset.name, optionsOf(dataset).index, signal);
  const schema = await memory.schema(open());
  requireTimes(schema, dataset);
  const plan = planOf(schema, request);
  yield* readRange(request.range);

  async function* readRange(range: Interval): AsyncGenerator<SliceBatch> {
    const slices = (range.end - range.start) / request.grain;
    if (slices <= SLICES_A_BATCH) {
      const session = open();
      try {
        const folds = await readFolds({
          session,
          schema,
          request,
          plan,
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
  requireRoom(edged);
  await readCensus(edged);
  for (const part of plan.grouped) await readGroups(edged, part);
  for (const { part, field, measures } of distinct) await readTexts(edged, part, field, measures);
  for (const [slice, fold] of reading.folds) {
    for (const part of fold.again) await readAgain(edged, part, slice, fold);
  }
  return reading.folds;
}

/** Throws where the answer would have too many buckets: the range is halved then. */
function requireRoom({ request, range, edges, plan }: Reading): void {
  const size = cellSize(plan.ungrouped, edges);
  const slices = (range.end - range.start) / request.grain;
  if (slices > 1 && slices * size > BUCKETS) throw new TooMuchError('too many buckets', { retryable: true });
}

/** Edges for the sketches of this range: from its least number to its greatest. */
async function readEdges(reading: Reading): Promise<Map<string, Edges>> {
  const { session, plan, range } = reading;
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
    query: allOf(eventsQuery(reading, range)),
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
  return new Map(
    plan.sketched.map(({ path }, i) => [
      path,
      edgesOf({ positive: extent(`p${i}`), negative: extent(`n${i}`) }),
    ]),
  );
}

/** Takes every bucket of slices × group fields (× one more field whose values are wanted). */
async function eachBucket(
  reading: Reading,
  part: Part,
  more: readonly Resolved[],
  aggs: Record<string, Query>,
  size: number,
  take: (fold: SliceFold, key: string, values: readonly (string | null)[], bucket: unknown) => void,
): Promise<void> {
  const { session, request, range } = reading;
  const { time } = request.dataset;
  const terms = ({ path }: Resolved, missing: boolean) => ({
    terms: { field: path, ...(missing ? { missing_bucket: true } : {}) },
  });
  const sources = [
    { s: { date_histogram: { field: time, fixed_interval: `${request.grain}ms` } } },
    ...part.groupBy.map((field, g) => ({ [`g${g}`]: terms(field, true) })),
    ...more.map((field) => ({ d: terms(field, false) })),
  ];
  const composite = { size: Math.max(1, Math.min(10_000, Math.floor(BUCKETS / size))), sources };
  const query = allOf([...eventsQuery(reading, range), anyCondition(part)]);
  let after: unknown;
  do {
    const paged = after === undefined ? composite : { ...composite, after };
    const body = {
      size: 0,
      query,
      aggs: { b: { composite: paged, ...(Object.keys(aggs).length === 0 ? {} : { aggs }) } },
    };
    const { aggregations } = await search(session, body, after !== undefined);
    for (const bucket of listAt(aggregations, 'b', 'buckets')) {
      const fold = foldAt(reading, numberAt(bucket, 'key', 's'));
      const groups = part.groupBy.map(
        (field, g) => keyText(reading, field, at(bucket, 'key', `g${g}`)) ?? NO_VALUE,
      );
      const values = more.map((field) => keyText(reading, field, at(bucket, 'key', 'd')));
      take(fold, groups.length === 0 ? NO_GROUP : JSON.stringify(groups), values, bucket);
    }
    after = at(aggregations, 'b', 'after_key');
  } while (after !== undefined);
}

/** A key as canonical text; null where there is no value. */
function keyText({ schema }: Reading, { name, family, type }: Resolved, key: unknown): string | null {
  if (typeof key === 'number' && type.endsWith('long') && !Number.isSafeInteger(key)) {
    throw refusal(
      schema,
      `The field "${name}" holds numbers beyond 2^53, which can't be told apart`,
      'Index it as keyword.',
    );
  }
  if (typeof key === 'number' && family === 'time') return timeText(key);
  return typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean'
    ? canonicalText(key)
    : null;
}

function readGroups(reading: Reading, part: Part): Promise<void> {
  const { request, edges } = reading;
  const size = cellSize(part, edges);
  return eachBucket(reading, part, [], cellAggregations(part, edges), size, (fold, key, _, bucket) => {
    foldCell(fold, part, key, bucket, edges, request.maxGroups);
  });
}

/** The values of a field that distinct counts keep. */
async function readTexts(
  reading: Reading,
  part: Part,
  field: Resolved,
  measures: Part['measures'],
): Promise<void> {
  const used = new Set(measures.map(({ condition }) => condition));
  const conditions = part.conditions.flatMap((filter, c) =>
    used.has(c) ? [[`c${c}`, { filter }] as const] : [],
  );
  await eachBucket(
    reading,
    part,
    [field],
    Object.fromEntries(conditions),
    1 + conditions.length,
    (fold, key, [text], bucket) => {
      for (const { request, condition } of measures) {
        if (text === null || text === undefined || numberAt(bucket, `c${condition}`, 'doc_count') === 0)
          continue;
        const group = groupIn(fold, request, key, reading.request.maxGroups);
        if (group !== null) addText(group, text, reading.request.maxDistinct);
      }
    },
  );
}

/** Where events have several numbers in a field, they are read one by one, and told apart by the reference itself. */
async function readAgain(reading: Reading, part: Part, start: number, fold: SliceFold): Promise<void> {
  const { session, request, schema } = reading;
  const numbers = new Set(
    part.measures.flatMap(({ field, request: { aggregate } }) =>
      field !== null && aggregate.type !== 'distinct' ? [field.path] : [],
    ),
  );
  const fields = unique([
    ...part.groupBy,
    ...part.measures.flatMap(({ field }) => (field === null ? [] : [field])),
  ]);
  const named = part.conditions.map((condition, c) => ({ bool: { filter: [condition], _name: `c${c}` } }));
  const range = { start, end: start + request.grain };
  const query = allOf([...eventsQuery(reading, range), { bool: { should: named, minimum_should_match: 1 } }]);
  const rows: {
    readonly conditions: readonly string[];
    readonly row: Record<string, ReturnType<typeof valueIn>>;
  }[] = [];
  for await (const hits of allHits(session, { query, fields, sort: [request.dataset.time] })) {
    for (const hit of hits) {
      const left = ignoredFields(hit);
      const row = Object.fromEntries(
        // A number of which the server left a part out is none.
        fields.map((field) => [
          field.name,
          left.includes(field.path) && numbers.has(field.path) ? '?' : valueIn(hit, field),
        ]),
      );
      rows.push({ conditions: textsAt(hit, 'matched_queries'), row });
    }
    if (rows.length > EVENTS_READ) {
      const names = [...numbers].join(', ');
      throw refusal(
        schema,
        `Some of more than ${EVENTS_READ} events in one slice have several values in ${names}`,
        'Choose another field, or index one number an event.',
      );
    }
  }
  for (const { request: measure, condition } of part.measures) {
    const own = rows.filter(({ conditions }) => conditions.includes(`c${condition}`)).map(({ row }) => row);
    const tallies = talliesOfRows(measure.aggregate, own, measure.groupBy, {
      maxDistinct: request.maxDistinct,
    });
    fold.measures.delete(measure.id);
    fold.overflow.delete(measure.id);
    for (const [key, tally] of Object.entries(tallies))
      groupIn(fold, measure, key, request.maxGroups)?.tallies.push(tally);
  }
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
