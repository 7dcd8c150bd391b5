/** The connector of one cluster, whichever of the two products it runs. */
import type { Dataset } from '../../../src/config/model.ts';
import { hashOf } from '../../../src/core/hash.ts';
import type { Instant } from '../../../src/core/time/interval.ts';
import type { Connector, Probe, QueryReply, QueryRequest } from '../../../src/ports/connector.ts';
import { discover } from './discover.ts';
import { type Engine, indexPath } from './engine.ts';
import { refusal } from './failure.ts';
import { inspect } from './inspect.ts';
import { at, listAt, numberAt } from './json.ts';
import { type LinkParts, linkParts } from './link.ts';
import { readRows, topValues } from './look.ts';
import { readRecords } from './records.ts';
import { findRevised } from './revised.ts';
import { portTypes, requireTime } from './schema.ts';
import { optionsOf } from './scope.ts';
import { type Session, STRICT } from './search.ts';
import { readSlices } from './slices.ts';
import { readSnapshot } from './snapshot.ts';
import { openAnew, type Source } from './source.ts';

export interface Product {
  /** By the language that they run. */
  readonly queries: Readonly<Partial<Record<QueryRequest['language'], RunQuery>>>;
  /** Null: nobody said where its pages are. */
  readonly link: ((parts: LinkParts) => string) | null;
}

type RunQuery = (engine: Engine, request: QueryRequest, signal: AbortSignal) => Promise<QueryReply>;

export function connectorOf(engine: Engine, { queries, link }: Product): Connector {
  const source: Source = { engine, schemas: new Map() };
  return {
    probe: (dataset, signal) => probe(source, dataset, signal),
    readSlices: (request, signal) => readSlices(source, request, signal),
    findRevised: (request, signal) => findRevised(source, request, signal),
    readRecords: (request, signal) => readRecords(source, request, signal),
    readSnapshot: (request, signal) => readSnapshot(source, request, signal),
    runQuery: (request, signal) => runQuery(engine, queries, request, signal),
    readRows: (request, signal) => readRows(source, request, signal),
    link: (request) => link?.(linkParts(source, request)) ?? null,
    topValues: (request, signal) => topValues(source, request, signal),
    inspect: (dataset, signal) => inspect(source, dataset, signal),
    discover: (signal) => discover(engine, signal),
    close: () => engine.close(),
  };
}

/** The identity is the cluster's and the dataset's own: it stays when indices and fields are added. */
async function probe(source: Source, dataset: Dataset, signal: AbortSignal): Promise<Probe> {
  const { engine } = source;
  const { clusterId } = await engine.server(signal);
  const access = await engine.rights.access(optionsOf(dataset).index, signal);
  const { session, schema } = await openAnew(source, dataset, signal);
  const [time] = timesOf(dataset).map((name) => requireTime(schema, name).path);
  return {
    identity: `${engine.product.toLowerCase()}:${clusterId}/${session.index}#${hashOf(dataset.filter)}`,
    types: portTypes(schema),
    now: time === undefined ? null : await clockOf(session, time),
    access,
  };
}

function timesOf(dataset: Dataset): string[] {
  if (dataset.kind === 'snapshot') return [];
  const more = dataset.kind === 'events' ? [dataset.time] : [dataset.opened, ...dataset.closed, dataset.due];
  return [...more, dataset.ingested].filter((name) => name !== null);
}

/** The server's own clock: it works `now` out, and says what it took it for. No header tells it, and no shard need answer. */
async function clockOf({ engine, index, signal }: Session, field: string): Promise<Instant | null> {
  const now = { date_range: { field, ranges: [{ from: 'now' }] } };
  const body = { size: 0, query: { match_none: {} }, aggs: { now } };
  const call = { method: 'POST', path: `/${indexPath(index)}/_search`, query: STRICT, body } as const;
  const { body: answer } = await engine.call(call, signal);
  const aggregation = at(answer, 'aggregations', 'now');
  return aggregation === undefined ? null : Math.floor(numberAt(listAt(aggregation, 'buckets')[0], 'from'));
}

async function runQuery(
  engine: Engine,
  queries: Product['queries'],
  request: QueryRequest,
  signal: AbortSignal,
): Promise<QueryReply> {
  const { dataset, language } = request;
  const run = queries[language];
  if (run !== undefined) {
    await engine.rights.requireAll(optionsOf(dataset).index, signal);
    return run(engine, request, signal);
  }
  const spoken = Object.keys(queries).map((one) => `\`${one}\``);
  throw refusal(
    dataset.name,
    `${engine.product} does not speak ${language}`,
    `Write the query in ${spoken.join(' or ')}.`,
  );
}
