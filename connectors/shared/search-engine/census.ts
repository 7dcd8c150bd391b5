/** Every slice's events, newest arrival and digest, with the ungrouped measures: one search, and what it says of events that can't be seen whole. */

import { NO_GROUP } from '../../../src/core/measure/tally.ts';
import type { Instant } from '../../../src/core/time/interval.ts';
import type { KnownSlice } from '../../../src/ports/connector.ts';
import { refusal } from './failure.ts';
import { allOf, anyOf, exists, type Query } from './filter.ts';
import { foldCell } from './fold.ts';
import { at, listAt, numberAt, numberOrNullAt } from './json.ts';
import { cellAggregations, type Part, type Plan } from './plan.ts';
import { foldAt, type Reading } from './reading.ts';
import { type Schema, some } from './schema.ts';
import { arrivalUnknown, before, inRange, nativeFilter } from './scope.ts';
import { search } from './search.ts';

/** Events that hold a value in one of the fields that is not indexed, or that stand where the field is unknown. */
interface Blind {
  readonly why: string;
  readonly query: Query;
}

function blindSpots(schema: Schema, { used, asked }: Plan): Blind[] {
  const spots: Blind[] = [];
  if (used.length > 0) {
    const parts = used.filter(({ name, path }) => name !== path);
    spots.push({
      why: `hold a value in one of ${some(used.map(({ name }) => name))} that is not indexed (too long, or of another type)`,
      query: anyOf([
        { terms: { _ignored: used.map(({ path }) => path) } },
        // Not every server tells of a text that was too long for its exact part.
        ...parts.map(({ name, path }) => ({ bool: { filter: [exists(name)], must_not: [exists(path)] } })),
      ]),
    });
  }
  for (const { name } of asked) {
    const unmapped = schema.fields.get(name)?.unmapped ?? [];
    if (unmapped.length === 0) continue;
    spots.push({
      why: `stand in an index that does not know "${name}" (${some(unmapped)})`,
      query: { terms: { _index: unmapped } },
    });
  }
  return spots;
}

/** Whether the server tells each event's place in the order of writing. */
export function hasSequence(schema: Schema): boolean {
  return schema.fields.get('_seq_no')?.aggregatable === true;
}

/** Count, least, greatest and sum of the places in the order of writing: they change with every event that is written again. */
export function digestOf(stats: unknown): string | null {
  if (stats === undefined || numberAt(stats, 'count') === 0) return null;
  return ['count', 'min', 'max', 'sum'].map((key) => numberAt(stats, key)).join(':');
}

/** What is asked of a slice to tell later whether it is still the same. */
export function sameness(schema: Schema, ingested: string | null): Record<string, Query> {
  return {
    ...(hasSequence(schema) ? { q: { stats: { field: '_seq_no' } } } : {}),
    ...(ingested === null ? {} : { m: { max: { field: ingested } } }),
  };
}

/** From a bucket of a slice with `sameness`. */
export function knownSlice(bucket: unknown, ingested: string | null): KnownSlice {
  return {
    events: numberAt(bucket, 'doc_count'),
    digest: digestOf(at(bucket, 'q')),
    maxIngested: ingested === null ? null : floorOrNull(numberOrNullAt(bucket, 'm', 'value')),
  };
}

export async function readCensus(reading: Reading, part: Part): Promise<void> {
  const { session, schema, request, plan, range, edges } = reading;
  const { dataset, grain, asOf } = request;
  const { time, ingested } = dataset;
  const spots = blindSpots(schema, plan);
  const histogram = { date_histogram: { field: time, fixed_interval: `${grain}ms`, min_doc_count: 1 } };
  const aggs = {
    ...cellAggregations(part, edges),
    ...Object.fromEntries(spots.map(({ query }, b) => [`b${b}`, { filter: query }])),
    ...sameness(schema, ingested),
  };
  const known: Query = ingested === null ? { match_all: {} } : before(ingested, asOf);
  const unknown = ingested === null ? [] : [arrivalUnknown(ingested)];
  const { aggregations, total } = await search(session, {
    size: 0,
    query: allOf([
      ...nativeFilter(dataset),
      inRange(time, range),
      ...(ingested === null ? [] : [anyOf([known, ...unknown])]),
    ]),
    aggs: {
      known: {
        filter: known,
        aggs: { s: { ...histogram, ...(Object.keys(aggs).length === 0 ? {} : { aggs }) } },
      },
      ...(ingested === null ? {} : { unknown: { filter: arrivalUnknown(ingested), aggs: { s: histogram } } }),
    },
  });
  const sides = ['known', ...(ingested === null ? [] : ['unknown'])];
  requireSum(
    time,
    session.dataset,
    total,
    sides.flatMap((side) => bucketsOf(aggregations, side)),
  );
  for (const bucket of bucketsOf(aggregations, 'known')) {
    const fold = foldAt(reading, startOf(bucket));
    Object.assign(fold, knownSlice(bucket, ingested));
    foldCell(fold, part, NO_GROUP, bucket, edges, request.maxGroups);
    for (const [b, { why }] of spots.entries()) {
      const count = numberAt(bucket, `b${b}`, 'doc_count');
      if (count > 0) fold.notes.push(`${count} events ${why}`);
    }
  }
  for (const bucket of sides.length > 1 ? bucketsOf(aggregations, 'unknown') : []) {
    const note = `${numberAt(bucket, 'doc_count')} events don't say when they came in ("${ingested}")`;
    foldAt(reading, startOf(bucket)).notes.push(note);
  }
}

function bucketsOf(aggregations: unknown, side: string): readonly unknown[] {
  return listAt(aggregations, side, 's', 'buckets');
}

function startOf(bucket: unknown): Instant {
  return numberAt(bucket, 'key');
}

function floorOrNull(value: number | null): number | null {
  return value === null ? null : Math.floor(value);
}

/** Every event stands in exactly one slice. */
export function requireSum(time: string, where: string, total: number, buckets: readonly unknown[]): void {
  const sum = buckets.reduce((all: number, bucket) => all + numberAt(bucket, 'doc_count'), 0);
  if (sum === total) return;
  throw refusal(
    where,
    `${total} events make ${sum} in slices: some have several values in "${time}"`,
    'Name a time field with one value an event.',
  );
}
