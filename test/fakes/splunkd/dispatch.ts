/** A search as a role may run it: its time range after the role's limits, the events it may see, and what came out. */
import type { JobEffect } from './effects.ts';
import { MESSAGES } from './messages.ts';
import type { Dialect, Message, Role, StoredEvent } from './model.ts';
import { compileExpression } from './spl/compile.ts';
import type { DataModel, Environment, LookupRows, Range, Table } from './spl/environment.ts';
import type { EvalContext } from './spl/evaluate.ts';
import { runSearch } from './spl/run.ts';
import {
  type CompiledSearch,
  compileSearch,
  type SearchContext,
  type TimeTerms,
  wildcard,
} from './spl/search.ts';
import { parseTime } from './spl/time.ts';
import { SplError } from './spl/value.ts';
import type { EventStore } from './store.ts';

/** What a Splunk holds beside events. */
export interface Knowledge {
  readonly dialect: Dialect;
  readonly eventTypes: ReadonlyMap<string, string>;
  readonly dataModels: ReadonlyMap<string, DataModel>;
  readonly lookups: ReadonlyMap<string, LookupRows>;
  readonly indexedFields: ReadonlySet<string>;
  readonly subsearchMaxout: number;
}

export interface DispatchRequest {
  readonly sid: string;
  /** With its macros expanded. */
  readonly search: string;
  readonly params: Readonly<Record<string, string>>;
  readonly role: Role;
  readonly timeZone: string;
  /** Seconds. */
  readonly now: number;
  readonly effect: JobEffect | null;
}

export interface Outcome {
  readonly table: Table;
  readonly range: Range;
  readonly eventCount: number;
  readonly scanCount: number;
  readonly transforming: boolean;
  readonly messages: readonly Message[];
  readonly failed: boolean;
}

/** Throws a refusal for a range that can't be read. */
export function dispatch(request: DispatchRequest, store: EventStore, knowledge: Knowledge): Outcome {
  const messages: Message[] = [];
  const say = (type: Message['type'], text: string): void => {
    if (!messages.some((message) => message.text === text)) messages.push({ type, text });
  };
  const counted = { scanned: 0 };
  const range = clamp(askedRange(request), request);
  const environment = createEnvironment(request, range, store, knowledge, say, counted);
  const nothing = {
    table: { rows: [], columns: [] },
    range,
    eventCount: 0,
    scanCount: 0,
    transforming: true,
  };
  try {
    const ran = runSearch(request.search, environment, null);
    return {
      table: ran.table,
      range,
      eventCount: ran.eventCount,
      scanCount: counted.scanned,
      transforming: ran.transforming,
      messages,
      failed: false,
    };
  } catch (error) {
    if (!(error instanceof SplError) || error.kind === 'refusal') throw error;
    const both: readonly Message[] = [
      { type: 'FATAL', text: error.message },
      { type: 'ERROR', text: error.message },
    ];
    return { ...nothing, messages: [...messages, ...both], failed: true };
  }
}

function askedRange({ params, now, timeZone }: DispatchRequest): Range {
  const at = params.now === undefined ? now : Number(params.now);
  const time = (name: string): number | null => parseTime(params[name], at, timeZone);
  return {
    earliest: time('earliest_time'),
    latest: time('latest_time'),
    indexEarliest: time('index_earliest'),
    indexLatest: time('index_latest'),
  };
}

/** The role's limits move the earliest time, and nobody is told. */
function clamp(range: Range, { role, now, effect }: DispatchRequest): Range {
  const limits = [range.earliest ?? Number.NEGATIVE_INFINITY];
  if (role.srchTimeWin > 0) limits.push((range.latest ?? now) - role.srchTimeWin);
  if (role.srchTimeEarliest > 0) limits.push(now - role.srchTimeEarliest);
  const least = Math.max(...limits);
  const earliest = Number.isFinite(least) ? least + (effect?.clampSeconds ?? 0) : null;
  return { ...range, earliest };
}

function createEnvironment(
  request: DispatchRequest,
  range: Range,
  store: EventStore,
  knowledge: Knowledge,
  say: Environment['say'],
  counted: { scanned: number },
): Environment {
  const search: SearchContext = { dialect: knowledge.dialect, eventTypes: knowledge.eventTypes };
  const evalContext: EvalContext = {
    dialect: knowledge.dialect,
    now: request.params.now === undefined ? request.now : Number(request.params.now),
    timeZone: request.timeZone,
    searchMatch: (text) => compileSearch(text, search).test,
    compile: (expression) => compileExpression(expression, evalContext),
    lookup: (name) => knowledge.lookups.get(name),
  };
  const environment: Environment = {
    eval: evalContext,
    search,
    sid: request.sid,
    range,
    read: (compiled, times) =>
      readEvents(compiled, rangeWith(range, times, request), request, store, search, say, counted),
    indexes: () => allowed(store.names(), request.role).map((name) => ({ name, events: store.of(name) })),
    dataModels: knowledge.dataModels,
    indexedFields: knowledge.indexedFields,
    lookups: knowledge.lookups,
    say,
    run: (pipeline, table) => runSearch(pipeline, environment, table).table,
    subsearchMaxout: knowledge.subsearchMaxout,
  };
  return environment;
}

/** A range written into the search wins over the dispatched one. */
function rangeWith(range: Range, times: TimeTerms, request: DispatchRequest): Range {
  const at = (text: string | undefined, other: number | null): number | null =>
    text === undefined ? other : parseTime(text, request.now, request.timeZone);
  const written: Range = {
    earliest: at(times.earliest, range.earliest),
    latest: at(times.latest, range.latest),
    indexEarliest: at(times._index_earliest, range.indexEarliest),
    indexLatest: at(times._index_latest, range.indexLatest),
  };
  return times.earliest === undefined && times.latest === undefined ? written : clamp(written, request);
}

function fits(name: string, patterns: readonly string[]): boolean {
  return patterns.some(
    (pattern) => wildcard(pattern)(name) && (pattern.startsWith('_') || !name.startsWith('_')),
  );
}

function allowed(names: readonly string[], role: Role): readonly string[] {
  return names.filter((name) => fits(name, role.srchIndexesAllowed));
}

function readEvents(
  compiled: CompiledSearch,
  range: Range,
  request: DispatchRequest,
  store: EventStore,
  search: SearchContext,
  say: Environment['say'],
  counted: { scanned: number },
): readonly StoredEvent[] {
  const { role, effect } = request;
  const asked = compiled.indexes.length > 0 ? compiled.indexes : role.srchIndexesDefault;
  const existing = store.names().filter((name) => fits(name, asked));
  const readable = allowed(existing, role);
  if (existing.length > 0 && readable.length === 0)
    say(MESSAGES.indexesRemoved.type, MESSAGES.indexesRemoved.text);
  const indexes = effect?.loses === 'index' ? readable.slice(1) : readable;
  const inRange = indexes.flatMap((name) => store.of(name)).filter((event) => inside(event, range));
  counted.scanned += inRange.length;
  const filter =
    role.srchFilter === '' || compiled.unfiltered === true
      ? null
      : compileSearch(role.srchFilter, search).test;
  const found = lose(inRange, effect).filter(
    ({ fields }) => (filter === null || filter(fields)) && compiled.test(fields),
  );
  return found.sort((a, b) => b.time - a.time || b.serial - a.serial);
}

function inside({ time, indexTime }: StoredEvent, range: Range): boolean {
  return (
    (range.earliest === null || time >= range.earliest) &&
    (range.latest === null || time < range.latest) &&
    (range.indexEarliest === null || indexTime >= range.indexEarliest) &&
    (range.indexLatest === null || indexTime < range.indexLatest)
  );
}

/** A fault takes events away as the real one would: a peer's, or those that a search reads last. */
function lose(events: readonly StoredEvent[], effect: JobEffect | null): StoredEvent[] {
  if (effect?.loses === 'peer') {
    const last = [...new Set(events.map((event) => event.peer))].sort().at(-1);
    return events.filter((event) => event.peer !== last);
  }
  if (effect?.loses === 'older-half') {
    return [...events].sort((a, b) => b.time - a.time).slice(0, Math.floor(events.length / 2));
  }
  return [...events];
}
