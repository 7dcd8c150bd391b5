/** How a dataset is doing, for `clause9 doctor`: how much, from when to when, how late, and what a person should know of it. */
import type { Dataset } from '../../../src/config/model.ts';
import { nearestRank } from '../../../src/core/measure/sketch.ts';
import { DAY, type Instant } from '../../../src/core/time/interval.ts';
import { sliceStart } from '../../../src/core/time/slice.ts';
import type { Inspection } from '../../../src/ports/connector.ts';
import { indexPath } from './engine.ts';
import { allOf, exists, type Query } from './filter.ts';
import { fieldRequest, instantOf } from './hits.ts';
import { at, listAt, numberAt, numberOrNullAt } from './json.ts';
import { requireTime, type Schema, some } from './schema.ts';
import { arrivalUnknown, inRange, nativeFilter } from './scope.ts';
import { type Session, STRICT, search } from './search.ts';
import { openAnew, type Source } from './source.ts';

/** Events whose lag is measured: all of the newest day, or so many of them at random. */
const SAMPLE = 10_000;

type Finding = Inspection['findings'][number];

export async function inspect(source: Source, dataset: Dataset, signal: AbortSignal): Promise<Inspection> {
  const { engine } = source;
  const { version } = await engine.server(signal);
  const { session, schema } = await openAnew(source, dataset, signal);
  const time =
    dataset.kind === 'snapshot'
      ? null
      : requireTime(schema, dataset.kind === 'events' ? dataset.time : dataset.opened).path;
  const ingested = dataset.kind === 'snapshot' ? null : dataset.ingested;
  const without = (field: string) => ({ filter: arrivalUnknown(field) });
  const { aggregations, total } = await search(session, {
    size: 0,
    query: allOf(nativeFilter(dataset)),
    aggs: {
      ignored: { filter: exists('_ignored') },
      ...(time === null
        ? {}
        : {
            oldest: { min: { field: time } },
            newest: { max: { field: time } },
            ahead: { filter: { range: { [time]: { gt: 'now' } } } },
            past: {
              filter: { range: { [time]: { lte: 'now' } } },
              aggs: { newest: { max: { field: time } } },
            },
            timeless: without(time),
          }),
      ...(ingested === null ? {} : { unstamped: without(ingested) }),
    },
  });
  const count = (name: string): number => numberAt(aggregations, name, 'doc_count');
  const instant = (...path: string[]): Instant | null => {
    const value = time === null ? null : numberOrNullAt(aggregations, ...path, 'value');
    return value === null ? null : Math.floor(value);
  };
  const findings: Finding[] = [
    ...(time !== null && count('timeless') > 0
      ? [error(`${count('timeless')} events have no time in "${time}": they are never counted`)]
      : []),
    ...(ingested !== null && count('unstamped') > 0
      ? [
          warning(
            `${count('unstamped')} events don't say when they came in ("${ingested}"): their slices are partial`,
          ),
        ]
      : []),
    ...(count('ignored') > 0
      ? [
          warning(
            `${count('ignored')} events hold a value that is not indexed (too long, or of another type): where a measure uses the field, its slices are partial`,
          ),
        ]
      : []),
    ...schemaFindings(schema),
    ...(await lengthFindings(session)),
    ...accessFindings(await engine.access(signal)),
  ];
  const newest = instant('past', 'newest');
  return {
    server: `${engine.product} ${version}`,
    events: total,
    oldest: instant('oldest'),
    newest: instant('newest'),
    lag:
      time === null || ingested === null || newest === null
        ? null
        : await lagOf(session, dataset, time, ingested, newest),
    ahead: time === null ? 0 : count('ahead'),
    findings,
  };
}

const error = (text: string): Finding => ({ level: 'error', text });
const warning = (text: string): Finding => ({ level: 'warning', text });

function schemaFindings({ fields }: Schema): Finding[] {
  const names = (keep: (field: Parameters<Parameters<typeof fields.forEach>[0]>[0]) => boolean): string[] =>
    [...fields].filter(([, field]) => keep(field)).map(([name]) => name);
  const mixed = names(({ family }) => family === 'mixed');
  const unseen = names(({ unmapped }) => unmapped.length > 0);
  return [
    ...(mixed.length > 0
      ? [warning(`Not of the same type in all indices, so that no measure can use them: ${some(mixed, 10)}`)]
      : []),
    ...(unseen.length > 0
      ? [warning(`Not known to all indices, so that their events count as partial: ${some(unseen, 10)}`)]
      : []),
  ];
}

/** Elasticsearch tells of each value that was too long; OpenSearch doesn't. */
async function lengthFindings({ engine, index, signal }: Session): Promise<Finding[]> {
  if (engine.product !== 'OpenSearch') return [];
  const { body } = await engine.call(
    {
      method: 'GET',
      path: `/${indexPath(index)}/_mapping`,
      query: { filter_path: '**.ignore_above', ...STRICT },
    },
    signal,
  );
  const limits = new Set(limitsIn(body));
  if (limits.size === 0) return [];
  return [
    warning(
      `Texts longer than ${Math.min(...limits)} characters are left out of some fields (ignore_above), and OpenSearch does not tell of which events`,
    ),
  ];
}

function limitsIn(value: unknown): number[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'ignore_above' && typeof inner === 'number' ? [inner] : limitsIn(inner),
  );
}

/** By what Elasticsearch's security says; other servers tell roles alone. */
function accessFindings(access: string | null): Finding[] {
  const parsed: unknown = access === null ? null : JSON.parse(access);
  const indices = at(parsed, 'indices');
  if (!Array.isArray(indices)) return [];
  const rights = new Set(indices.flatMap((one: unknown) => listAt(one, 'privileges')).map(String));
  const needless = [...rights].filter(
    (right) => !['read', 'view_index_metadata', 'read_cross_cluster', 'monitor'].includes(right),
  );
  const filtered = indices.some(
    (one: unknown) => at(one, 'query') !== undefined || at(one, 'field_security') !== undefined,
  );
  return [
    ...(needless.length > 0
      ? [warning(`The account may do more than it needs: ${some(needless.sort(), 10)}`)]
      : []),
    ...(filtered
      ? [
          warning(
            'The account sees only some events or fields (document or field level security): numbers are of those alone',
          ),
        ]
      : []),
  ];
}

/** Of the newest day with events. */
async function lagOf(
  session: Session,
  dataset: Dataset,
  time: string,
  ingested: string,
  newest: Instant,
): Promise<Inspection['lag']> {
  const start = sliceStart(newest, DAY);
  const day: Query = allOf([
    ...nativeFilter(dataset),
    inRange(time, { start, end: start + DAY }),
    exists(ingested),
  ]);
  const fields = [time, ingested].map(
    (path) => ({ name: path, path, family: 'time', type: 'date', hasColumn: true }) as const,
  );
  const { hits } = await search(session, {
    size: SAMPLE,
    query: {
      function_score: { query: day, random_score: { seed: 9, field: '_seq_no' }, boost_mode: 'replace' },
    },
    _source: false,
    fields: fields.map(fieldRequest),
  });
  const lags = hits
    .map((hit) => fields.map((field) => instantOf(hit, field) ?? 0))
    .map(([from = 0, to = 0]) => to - from)
    .sort((a, b) => a - b);
  if (lags.length === 0) return null;
  const rank = (percentile: number): number => lags[nearestRank(percentile, lags.length) - 1] ?? 0;
  return { median: rank(50), p99: rank(99), max: rank(100) };
}
