/** The connector of one cluster, whichever of the two products it runs. */
import type { Dataset, EventsDataset } from '../../../src/config/model.ts';
import { hashOf } from '../../../src/core/hash.ts';
import type { Instant } from '../../../src/core/time/interval.ts';
import type { Connector, Probe, QueryReply, QueryRequest } from '../../../src/ports/connector.ts';
import { discover } from './discover.ts';
import { type Engine, indexPath, type Server } from './engine.ts';
import type { Query } from './filter.ts';
import { inspect } from './inspect.ts';
import { at, listAt, numberAt } from './json.ts';
import { queryOf, readRows, timeOf, topValues } from './look.ts';
import { type Memory, openMemory } from './memory.ts';
import { readRecords } from './records.ts';
import { findRevised } from './revised.ts';
import { portTypes, requireTime, schemaOfTypes } from './schema.ts';
import { optionsOf } from './scope.ts';
import { openSession, type Session, STRICT } from './search.ts';
import { readSlices } from './slices.ts';
import { readSnapshot } from './snapshot.ts';

/** What a link is made of. */
export interface LinkParts {
  readonly index: string;
  readonly dataView: string | null;
  readonly time: string;
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly query: Query;
  /** Null: never asked. */
  readonly server: Server | null;
}

export interface Product {
  runQuery(request: QueryRequest, signal: AbortSignal): Promise<QueryReply>;
  /** Null: nobody said where its pages are. */
  readonly link: ((parts: LinkParts) => string) | null;
}

export function connectorOf(engine: Engine, product: Product): Connector {
  const memory = openMemory();
  return {
    probe: (dataset, signal) => probe(engine, memory, dataset, signal),
    readSlices: (request, signal) => readSlices(engine, memory, request, signal),
    findRevised: (request, signal) => findRevised(engine, memory, request, signal),
    readRecords: (request, signal) => readRecords(engine, memory, request, signal),
    readSnapshot: (request, signal) => readSnapshot(engine, memory, request, signal),
    runQuery: product.runQuery,
    readRows: (request, signal) => readRows(engine, memory, request, signal),
    link: (request) => product.link?.(linkParts(engine, memory, request)) ?? null,
    topValues: (request, signal) => topValues(engine, memory, request, signal),
    inspect: (dataset, signal) => inspect(engine, memory, dataset, signal),
    discover: (signal) => discover(engine, signal),
    close: () => engine.close(),
  };
}

/** The identity is the cluster's and the dataset's own: it stays when indices and fields are added. */
async function probe(engine: Engine, memory: Memory, dataset: Dataset, signal: AbortSignal): Promise<Probe> {
  const { index } = optionsOf(dataset);
  const session = openSession(engine, dataset.name, index, signal);
  const { clusterId } = await engine.server(signal);
  const schema = await memory.refresh(session);
  const time = timesOf(dataset)[0];
  for (const name of timesOf(dataset)) requireTime(schema, name);
  return {
    identity: `${engine.product.toLowerCase()}:${clusterId}/${index}#${hashOf(dataset.filter)}`,
    types: portTypes(schema),
    now: time === undefined ? null : await clockOf(session, time),
    access: await engine.access(signal),
  };
}

function timesOf(dataset: Dataset): string[] {
  if (dataset.kind === 'snapshot') return [];
  const more = dataset.kind === 'events' ? [dataset.time] : [dataset.opened, ...dataset.closed, dataset.due];
  return [...more, dataset.ingested].filter((name) => name !== null);
}

/** The server's own clock: it works `now` out, and says what it took it for. No header tells it, and no shard need answer. */
async function clockOf(
  { engine, index, signal }: Session,
  field: EventsDataset['time'],
): Promise<Instant | null> {
  const now = { date_range: { field, ranges: [{ from: 'now' }] } };
  const body = { size: 0, query: { match_none: {} }, aggs: { now } };
  const call = { method: 'POST', path: `/${indexPath(index)}/_search`, query: STRICT, body } as const;
  const { body: answer } = await engine.call(call, signal);
  const aggregation = at(answer, 'aggregations', 'now');
  return aggregation === undefined ? null : Math.floor(numberAt(listAt(aggregation, 'buckets')[0], 'from'));
}

function linkParts(engine: Engine, memory: Memory, request: Parameters<Connector['link']>[0]): LinkParts {
  const { dataset, types, range } = request;
  const { index, dataView = null } = optionsOf(dataset);
  const schema = memory.known(index) ?? schemaOfTypes(types, dataset.name);
  return {
    index,
    dataView,
    time: timeOf(dataset),
    from: new Date(range.start).toISOString(),
    // Its pages take both ends in.
    to: new Date(range.end - 1).toISOString(),
    query: queryOf(schema, request),
    server: engine.known(),
  };
}
