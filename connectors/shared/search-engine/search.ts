/**
 * One search, sent so that the server may not answer in part, and its answer believed only if it is whole. Every
 * number of these sources passes `accept`; its rules are those of docs/trust.md.
 */
import { ConnectorError } from '../../../src/core/errors.ts';
import type { Evidence } from '../../../src/ports/connector.ts';
import { type Engine, indexPath } from './engine.ts';
import { refusal, shardFailure } from './failure.ts';
import { at, type Json, listAt, numberAt, objectAt, textAt } from './json.ts';

/** A name that is missing, a pattern without a match, and a closed index under a pattern are errors, not zero. */
export const STRICT = {
  ignore_unavailable: false,
  allow_no_indices: false,
  expand_wildcards: 'open,closed',
} as const;
const KEEP_ALIVE = '2m';

export interface SearchAnswer {
  readonly shards: number;
  readonly total: number;
  readonly hits: readonly unknown[];
  readonly aggregations: Json;
}

/** A dataset's place at a server, and what was asked there: all searches of one call. */
export interface Session {
  readonly engine: Engine;
  /** For messages. */
  readonly dataset: string;
  readonly index: string;
  readonly signal: AbortSignal;
  /** Every body as sent, each page of a paged one only once. */
  readonly sent: string[];
  readonly warnings: string[];
  tookMs: number;
  /** A frozen view that all further searches see; null: each sees what is there then. */
  point: string | null;
  /** So many shards it must have at least, as it does not tell of clusters that are left out of it. */
  shards: number;
}

export function openSession(engine: Engine, dataset: string, index: string, signal: AbortSignal): Session {
  signal.throwIfAborted();
  return { engine, dataset, index, signal, sent: [], warnings: [], tookMs: 0, point: null, shards: 0 };
}

export function evidenceOf({ engine, index, sent, warnings, tookMs }: Session): Evidence {
  const filtered = engine.rights.warning(index);
  const told = [...(filtered === null ? [] : [filtered]), ...warnings];
  return { query: sent.join('\n'), parameters: [], warnings: told, tookMs, job: null };
}

/** Freezes what all further searches of the session see. */
export async function freeze(session: Session): Promise<void> {
  if (session.point !== null) return;
  session.shards = await requireRemotes(session);
  const query = { ...STRICT, keep_alive: KEEP_ALIVE };
  const { id, answer } = await session.engine.openPoint(session.index, query, session.signal);
  session.point = id;
  // 7.17 does not say; its searches do.
  if (at(answer, '_shards') !== undefined) requireShards(answer, session.dataset);
}

const isRemote = (index: string): boolean => index.includes(':');

/**
 * Where another cluster can't be reached and may be skipped (`skip_unavailable`), a frozen view and `_field_caps` are
 * those of the others, without a word. A search says so: it throws. Returns the shards there are; 0 of this cluster alone.
 */
export async function requireRemotes(session: Session): Promise<number> {
  return isRemote(session.index) ? (await search(session, { size: 0 })).shards : 0;
}

export async function thaw(session: Session): Promise<void> {
  if (session.point === null) return;
  const { engine, point } = session;
  session.point = null;
  // Also after an abort. One that can't be closed ends by itself in two minutes.
  await engine.closePoint(point, AbortSignal.timeout(5_000)).catch(() => undefined);
}

/** Searches and accepts. `page` says that the same body was sent before, but for where it goes on. */
export async function search(session: Session, body: Json, page = false): Promise<SearchAnswer> {
  const { engine, index, signal, point, dataset } = session;
  if (!page) session.sent.push(JSON.stringify(body, shown));
  const whole = { track_total_hits: true, ...body, ...collectAll(engine, body) };
  const remote = point === null && isRemote(index) ? { ccs_minimize_roundtrips: true } : {};
  const { body: answer } = await engine.call(
    point === null
      ? {
          method: 'POST',
          path: `/${indexPath(index)}/_search`,
          query: { allow_partial_search_results: false, request_cache: false, ...STRICT, ...remote },
          body: whole,
        }
      : {
          method: 'POST',
          path: '/_search',
          query: { allow_partial_search_results: false },
          body: { ...whole, pit: { id: point, keep_alive: KEEP_ALIVE } },
        },
    signal,
  );
  const accepted = accept(answer, dataset);
  session.tookMs += numberAt(answer, 'took');
  if (point !== null) session.point = textAt(answer, 'pit_id');
  if (point !== null && accepted.shards < session.shards) {
    const why = `only ${accepted.shards} of ${session.shards} shards of all clusters are in the frozen view`;
    throw incomplete(dataset, why);
  }
  return accepted;
}

const descriptions = new WeakMap<object, string>();

/** Stands for the values wherever they would be kept: they are of people's data, and may be many. */
export function described(values: readonly string[], text: string): readonly string[] {
  descriptions.set(values, text);
  return values;
}

function shown(_: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (descriptions.get(value) ?? value) : value;
}

/** Where no hits are wanted, OpenSearch counts them by shortcuts, and calls that `terminated_early`: what would be a warning says nothing then. */
function collectAll({ product }: Engine, { size }: Json): Json {
  return product === 'OpenSearch' && size === 0 ? { post_filter: { match_all: {} } } : {};
}

/** The one place where an answer is believed. Throws `ConnectorError` for one that leaves anything out. */
export function accept(answer: unknown, where: string): SearchAnswer {
  requireWhole(answer, where);
  const relation = at(answer, 'hits', 'total', 'relation');
  if (relation !== 'eq') throw incomplete(where, 'the number of events is only a lower bound');
  const aggregations = at(answer, 'aggregations');
  return {
    shards: numberAt(answer, '_shards', 'total'),
    total: numberAt(answer, 'hits', 'total', 'value'),
    hits: listAt(answer, 'hits', 'hits'),
    aggregations: aggregations === undefined ? {} : objectAt(answer, 'aggregations'),
  };
}

/** Shards, time and remote clusters: nothing of the answer may be missing. */
export function requireWhole(answer: unknown, where: string): void {
  if (at(answer, 'timed_out') !== false) throw incomplete(where, 'it ran out of time (timed_out)');
  if (at(answer, 'terminated_early') === true) throw incomplete(where, 'it ended early (terminated_early)');
  requireShards(answer, where);
  requireClusters(at(answer, '_clusters'), where);
}

function requireShards(answer: unknown, where: string): void {
  const [total, successful, failed] = ['total', 'successful', 'failed'].map((key) =>
    numberAt(answer, '_shards', key),
  );
  if (total === 0) {
    throw refusal(
      where,
      'No index matches, so that no number of events means anything',
      'Check `index` in the dataset.',
    );
  }
  const failures = at(answer, '_shards', 'failures');
  const [first] = Array.isArray(failures) ? failures : [];
  if (failed !== 0 || successful !== total || first !== undefined) {
    const why = first === undefined ? '' : `: ${shardFailure(first)}`;
    throw incomplete(where, `only ${successful} of ${total} shards answered${why}`);
  }
}

function requireClusters(clusters: unknown, where: string): void {
  if (clusters === undefined) return;
  for (const state of ['skipped', 'partial', 'failed', 'running']) {
    const count = at(clusters, state);
    if (count !== undefined && count !== 0) throw incomplete(where, `${count} remote clusters were ${state}`);
  }
  const details = at(clusters, 'details');
  for (const [name, detail] of Object.entries(details === undefined ? {} : objectAt(clusters, 'details'))) {
    const status = at(detail, 'status');
    if (status !== 'successful')
      throw incomplete(where, `the remote cluster "${name}" was ${String(status)}`);
  }
}

export function incomplete(where: string, why: string): ConnectorError {
  return new ConnectorError(`The server answered, but not for all events: ${why}`, {
    retryable: true,
    where,
    help: 'Nothing of it is used. The next try may find the cluster whole again.',
  });
}
