/**
 * Evaluate: recomputes just the windows whose data, definition or time has changed, and stores what differs.
 * Data that changed stays marked until all KPIs are through, so that a crash repeats work and loses none.
 */
import { DAY, type Instant, type Interval, intersect, union } from '../../core/time/interval.ts';
import { latestWindow, nonOverlapping, windowsEndingIn, windowsTouching } from '../../core/time/window.ts';
import type { KpiState, NewResult, Touched } from '../../ports/store.ts';
import type { BoundKpi } from '../bind/bind.ts';
import type { LoopContext } from '../context.ts';
import { reachOf, type SeriesIds, seriesKey, seriesOf } from '../series.ts';
import { createMeasurer, type Measurer } from './measure.ts';
import { touchedWindows } from './record-sets.ts';
import { resultsOf } from './results.ts';

/** Results are written in transactions of about this size. */
const BATCH = 500;
/** Windows are computed in runs that span about this much time. */
const CHUNK = 62 * DAY;

export interface EvaluateInput {
  readonly kpis: readonly BoundKpi[];
  /** All of the pass: what they share is loaded as they share it. */
  readonly all: readonly BoundKpi[];
  readonly states: ReadonlyMap<string, KpiState>;
  readonly ids: SeriesIds;
  readonly asOf: Instant;
  readonly until: Instant;
  /** Time for the windows that had to wait. */
  readonly daily: boolean;
}

export interface Evaluated {
  /** How many results were new or other than before. */
  readonly results: number;
  /** What had changed up to here (`Store.touched`) has been looked at for these KPIs. */
  readonly upTo: number;
}

interface Item {
  readonly results: readonly NewResult[];
  readonly state: KpiState;
  readonly deferred: readonly Interval[] | null;
}

/** What a pass found changed, before it looks at the KPIs one by one. */
interface Changes {
  /** The KPIs, by `kpiKey`, that the last pass was about, and what they were read from. */
  readonly lastPass: ReadonlyMap<string, string>;
  readonly touched: ReadonlyMap<string, readonly Touched[]>;
  readonly due: ReadonlyMap<string, readonly Interval[]>;
  /** Windows that are not final yet, of KPIs that are read from something else now. */
  readonly open: ReadonlyMap<string, readonly Interval[]>;
  readonly deferred: ReadonlyMap<string, readonly Interval[]>;
}

/** What changed stays marked, for KPIs that are evaluated later, until `closePass`. */
export async function evaluateKpis(
  context: LoopContext,
  input: EvaluateInput,
  signal: AbortSignal,
): Promise<Evaluated> {
  const { store } = context;
  const { rows, upTo } = await store.touched();
  const lastPass = new Map<string, string>(
    Object.entries(JSON.parse((await store.cursor(LAST_PASS)) ?? '{}')),
  );
  const isRebound = input.kpis.some((kpi) => (lastPass.get(kpiKey(kpi)) ?? kpi.binding) !== kpi.binding);
  const changes: Changes = {
    lastPass,
    touched: Map.groupBy(rows, (row) => row.input),
    due: Map.groupBy(await store.dueWindows(input.asOf), stateKey),
    open: isRebound ? Map.groupBy(await store.dueWindows(Number.MAX_SAFE_INTEGER), stateKey) : new Map(),
    deferred: Map.groupBy(await store.deferred(), stateKey),
  };
  const measurer = await createMeasurer(store, { ...input, kpis: input.all });
  let stored = 0;
  let items: Item[] = [];
  let size = 0;
  const flush = async () => {
    stored += await store.saveResults(items);
    items = [];
    size = 0;
  };
  for (const [index, kpi] of input.kpis.entries()) {
    for await (const item of evaluateKpi(context, kpi, input, changes, measurer)) {
      items.push(item);
      size += item.results.length + 1;
      if (size >= BATCH) await flush();
      signal.throwIfAborted();
    }
    context.progress?.({ phase: 'evaluate', done: index + 1, total: input.kpis.length });
  }
  await flush();
  return { results: stored, upTo };
}

/** Ends a pass in which all these KPIs, which are all there are, were evaluated. */
export async function closePass(
  { store }: LoopContext,
  kpis: readonly BoundKpi[],
  upTo: number,
): Promise<void> {
  await store.uncover([], [], {
    key: LAST_PASS,
    value: JSON.stringify(Object.fromEntries(kpis.map((kpi) => [kpiKey(kpi), kpi.binding]))),
  });
  await store.clearTouched(upTo);
}

/** Names the KPIs that the last pass was about, with what they were read from: one that was not has missed what changed. */
const LAST_PASS = 'kpis of the last pass';

const kpiKey = ({ definition: { id, measurementHash }, reckoning }: BoundKpi): string =>
  `${id} ${measurementHash}${reckoning === '' ? '' : ` ${reckoning}`}`;

const stateKey = (one: { readonly kpi: string; readonly measurementHash: string }): string =>
  `${one.kpi} ${one.measurementHash}`;

async function* evaluateKpi(
  context: LoopContext,
  kpi: BoundKpi,
  input: EvaluateInput,
  changes: Changes,
  measurer: Measurer,
): AsyncGenerator<Item> {
  const before = input.states.get(kpi.definition.id);
  if (before === undefined) return;
  const { older, newer, deferred } = windowsToEvaluate(kpi, before, input, changes, measurer);
  // Towards the past newest first, so that what is evaluated never has a hole.
  const chunks = [...chunksOf(older, kpi).reverse(), ...chunksOf(newer, kpi)];
  let state = before;
  for (const [index, windows] of chunks.entries()) {
    const results = await resultsOf(context.store, measurer, kpi, windows, {
      asOf: input.asOf,
      firstLoaded: before.firstLoaded,
    });
    const isLast = index === chunks.length - 1;
    state = { ...state, evaluated: reach(state.evaluated, windows) };
    if (isLast) state = { ...state, evaluationHash: kpi.definition.evaluationHash };
    yield { results, state, deferred: isLast ? deferred : null };
  }
  if (chunks.length === 0 && deferred !== null) yield { results: [], state, deferred };
}

interface Work {
  /** Windows before those that have been evaluated. */
  readonly older: readonly Interval[];
  /** New ones, and those to evaluate again. */
  readonly newer: readonly Interval[];
  /** What remains for the daily batch; null: as it is. */
  readonly deferred: readonly Interval[] | null;
}

function windowsToEvaluate(
  kpi: BoundKpi,
  state: KpiState,
  input: EvaluateInput,
  changes: Changes,
  measurer: Measurer,
): Work {
  const { window: spec, evaluationHash } = kpi.definition;
  const newest = latestWindow(spec, reachOf(kpi.settleMs, input)).end;
  const first = state.wantedFrom - 1;
  const { evaluated } = state;
  if (evaluated === null) {
    return { older: [], newer: windowsEndingIn(spec, { start: first, end: newest }), deferred: null };
  }
  if (state.evaluationHash !== evaluationHash || !changes.lastPass.has(kpiKey(kpi))) {
    const end = Math.max(evaluated.end, newest);
    return { older: [], newer: windowsEndingIn(spec, { start: first, end }), deferred: [] };
  }
  const past = [{ start: 0, end: evaluated.end }];
  const touched = intersect(union(touchedIntervals(kpi, input.ids, changes, measurer), []), past);
  const waiting = changes.deferred.get(stateKey(state)) ?? [];
  const isPatient = isRollingOften(kpi) && !input.daily;
  const changed = isPatient ? touched : union(touched, waiting);
  const revised = changed.flatMap((interval) => revisable(kpi, interval, evaluated, isPatient));
  const fresh = windowsEndingIn(spec, { start: evaluated.end, end: newest });
  const isRebound = changes.lastPass.get(kpiKey(kpi)) !== kpi.binding;
  const due = (isRebound ? changes.open : changes.due).get(stateKey(state)) ?? [];
  return {
    older: windowsEndingIn(spec, { start: first, end: evaluated.start - 1 }),
    newer: distinct([...due, ...revised, ...fresh]),
    deferred: isPatient
      ? touched.length === 0
        ? null
        : union(touched, waiting)
      : waiting.length === 0
        ? null
        : [],
  };
}

/** What changed among the data that the KPI's measures rest on. */
function touchedIntervals(
  kpi: BoundKpi,
  ids: SeriesIds,
  { touched }: Changes,
  measurer: Measurer,
): Interval[] {
  const ofSeries = seriesOf(kpi).flatMap(
    (binding) => touched.get(`series:${ids.get(seriesKey(binding))}`) ?? [],
  );
  const ofOthers = Object.values(kpi.measures).flatMap((bound): readonly Interval[] => {
    if (bound.kind === 'query') return touched.get(`query:${measurer.queryId(bound)}`) ?? [];
    if (bound.kind !== 'records') return [];
    return touchedWindows(bound, touched.get(`records:${measurer.recordSetId(bound.set)}`) ?? []);
  });
  return [...ofSeries, ...ofOthers];
}

const isRollingOften = ({ definition: { window } }: BoundKpi): boolean =>
  window.kind === 'rolling' && window.everyMs < window.lengthMs;

/**
 * The windows that a change touches. Of a rolling window that moves by less than its length these are very many:
 * a pass revises the newest and those that the rule looks at, the daily batch the others.
 */
function revisable(kpi: BoundKpi, changed: Interval, evaluated: Interval, isPatient: boolean): Interval[] {
  const { window: spec, nonconformity } = kpi.definition;
  if (!isPatient) {
    // A record may have been open for years before the first window.
    const start = Math.max(changed.start, Math.min(changed.end, evaluated.start) - 1);
    const windows = windowsTouching(spec, { start, end: changed.end }, evaluated.end);
    return windows.filter((window) => window.end >= evaluated.start);
  }
  const newest = latestWindow(spec, evaluated.end);
  return nonOverlapping(spec, newest, nonconformity?.raise.of ?? 1).filter(
    (window) => window.start < changed.end && window.end > changed.start && window.end >= evaluated.start,
  );
}

function distinct(windows: readonly Interval[]): Interval[] {
  const byEnd = new Map(windows.map((window) => [window.end, window]));
  return [...byEnd.values()].sort((a, b) => a.end - b.end);
}

/** Windows in runs that share most of their slices, so that memory stays bounded however long the back-fill. */
function chunksOf(windows: readonly Interval[], { definition: { window: spec } }: BoundKpi): Interval[][] {
  const span = (spec.kind === 'rolling' ? spec.lengthMs : 0) + CHUNK;
  const chunks: Interval[][] = [];
  for (const window of windows) {
    const last = chunks.at(-1);
    const first = last?.[0];
    if (last === undefined || first === undefined || window.end - first.start > span) chunks.push([window]);
    else last.push(window);
  }
  return chunks;
}

/** What has been evaluated once these windows are stored, too. */
function reach(evaluated: Interval | null, windows: readonly Interval[]): Interval {
  const ends = [
    ...windows.map((window) => window.end),
    ...(evaluated === null ? [] : [evaluated.start, evaluated.end]),
  ];
  return { start: Math.min(...ends), end: Math.max(...ends) };
}
