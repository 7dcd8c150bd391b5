/** Grouped measures and the values of distinct counts: composite aggregations, paged to their end. */
import { canonicalText } from '../../../src/core/filter/value.ts';
import { NO_VALUE } from '../../../src/core/measure/fold.ts';
import { NO_GROUP } from '../../../src/core/measure/tally.ts';
import { addText, groupIn } from '../fold.ts';
import { refusal } from './failure.ts';
import { allOf, type Query } from './filter.ts';
import { foldCell, type SliceFold } from './fold.ts';
import { timeText } from './hits.ts';
import { at, listAt, numberAt } from './json.ts';
import { anyCondition, cellAggregations, cellSize, type Part } from './plan.ts';
import { BUCKETS, foldAt, type Reading } from './reading.ts';
import type { Resolved } from './schema.ts';
import { eventsQuery } from './scope.ts';
import { search } from './search.ts';

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
  const query = allOf([...eventsQuery(request.dataset, range, request.asOf), anyCondition(part)]);
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
      schema.where,
      `The field "${name}" holds numbers beyond 2^53, which can't be told apart`,
      'Index it as keyword.',
    );
  }
  if (typeof key === 'number' && family === 'time') return timeText(key);
  return typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean'
    ? canonicalText(key)
    : null;
}

export function readGroups(reading: Reading, part: Part): Promise<void> {
  const { request, edges } = reading;
  const size = cellSize(part, edges);
  return eachBucket(reading, part, [], cellAggregations(part, edges), size, (fold, key, _, bucket) => {
    foldCell(fold, part, key, bucket, edges, request.maxGroups);
  });
}

/** The values of a field that distinct counts keep. */
export async function readTexts(
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
