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
import { timeOf } from './look.ts';
import { type NativeField, requireTime, type Schema, some } from './schema.ts';
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
  const { time, ingested } = timesOf(dataset);
  if (time !== null) requireTime(schema, time);
  const aggs: Record<string, Query> = {
    ignored: { filter: exists('_ignored') },
    ...(time === null ? {} : timesAsked(time)),
    ...(ingested === null ? {} : { unstamped: { filter: arrivalUnknown(ingested) } }),
  };
  const query = allOf(nativeFilter(dataset));
  const { aggregations, total } = await search(session, { size: 0, query, aggs });
  const count = (name: string): number =>
    aggs[name] === undefined ? 0 : numberAt(aggregations, name, 'doc_count');
  const instant = (...path: string[]): Instant | null => {
    const value = time === null ? null : numberOrNullAt(aggregations, ...path, 'value');
    return value === null ? null : Math.floor(value);
  };
  const told = (name: string, level: Finding['level'], text: string): Finding[] =>
    count(name) > 0 ? [{ level, text: `${count(name)} events ${text}` }] : [];
  const findings: Finding[] = [
    ...told('timeless', 'error', `have no time in "${time}": they are never counted`),
    ...told('unstamped', 'warning', `don't say when they came in ("${ingested}"): their slices are partial`),
    ...told(
      'ignored',
      'warning',
      'hold a value that is not indexed (too long, or of another type): where a measure uses the field, its slices are partial',
    ),
    ...schemaFindings(schema),
    ...(await lengthFindings(session)),
    ...accessFindings(await engine.rights.access(session.index, signal)),
    ...filterFindings(engine.rights.warning(session.index)),
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
    ahead: count('ahead'),
    findings,
  };
}

function timesOf(dataset: Dataset): { readonly time: string | null; readonly ingested: string | null } {
  return dataset.kind === 'snapshot'
    ? { time: null, ingested: null }
    : { time: timeOf(dataset), ingested: dataset.ingested };
}

function timesAsked(field: string): Record<string, Query> {
  const newest = { max: { field } };
  return {
    oldest: { min: { field } },
    newest,
    ahead: { filter: { range: { [field]: { gt: 'now' } } } },
    past: { filter: { range: { [field]: { lte: 'now' } } }, aggs: { newest } },
    timeless: { filter: arrivalUnknown(field) },
  };
}

const warning = (isSo: boolean, text: string): Finding[] => (isSo ? [{ level: 'warning', text }] : []);

function schemaFindings({ fields }: Schema): Finding[] {
  const names = (keep: (field: NativeField) => boolean): string[] =>
    [...fields].filter(([, field]) => keep(field)).map(([name]) => name);
  const mixed = names(({ family }) => family === 'mixed');
  const unseen = names(({ unmapped }) => unmapped.length > 0);
  return [
    ...warning(
      mixed.length > 0,
      `Not of the same type in all indices, so that no measure can use them: ${some(mixed, 10)}`,
    ),
    ...warning(
      unseen.length > 0,
      `Not known to all indices, so that their events count as partial: ${some(unseen, 10)}`,
    ),
  ];
}

/** Elasticsearch tells of each value that was too long; OpenSearch doesn't. */
async function lengthFindings({ engine, index, signal }: Session): Promise<Finding[]> {
  if (engine.product !== 'OpenSearch') return [];
  const query = { filter_path: '**.ignore_above', ...STRICT };
  const { body } = await engine.call({ method: 'GET', path: `/${indexPath(index)}/_mapping`, query }, signal);
  const limits = limitsIn(body);
  return warning(
    limits.length > 0,
    `Texts longer than ${Math.min(...limits)} characters are left out of some fields (ignore_above), and OpenSearch does not tell of which events`,
  );
}

function limitsIn(value: unknown): number[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'ignore_above' && typeof inner === 'number' ? [inner] : limitsIn(inner),
  );
}

const filterFindings = (text: string | null): Finding[] => warning(text !== null, text ?? '');

/** By what Elasticsearch's security says; other servers tell roles alone. */
function accessFindings(access: string | null): Finding[] {
  const parsed: unknown = access === null ? null : JSON.parse(access);
  const indices = at(parsed, 'indices');
  if (!Array.isArray(indices)) return [];
  const rights = new Set(indices.flatMap((one: unknown) => listAt(one, 'privileges')).map(String));
  const needless = [...rights].filter(
    (right) => !['read', 'view_index_metadata', 'read_cross_cluster', 'monitor'].includes(right),
  );
  return warning(needless.length > 0, `The account may do more than it needs: ${some(needless.sort(), 10)}`);
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
