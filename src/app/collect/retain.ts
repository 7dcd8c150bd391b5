/**
 * Retention: what is older than anyone looks at is merged to hours, then to days, and the evidence of what is gone is
 * dropped. A pass does a bounded piece of it when everything else is done; a crash on the way repeats a piece at most.
 * Results are never touched.
 */
import { DAY, GRAINS, type Grain, HOUR, type Instant, type Interval } from '../../core/time/interval.ts';
import { latestWindow, nonOverlapping } from '../../core/time/window.ts';
import type { KpiState, Store } from '../../ports/store.ts';
import { type BoundKpi, bundlesOf } from '../bind/bind.ts';
import type { LoopContext } from '../context.ts';
import { idOf } from '../evaluate/facts.ts';
import type { SeriesIds } from '../series.ts';
import { lastLook } from './revise.ts';

/** Hours and days (of a series each) that a pass merges, and reads that it looks at. */
const PIECE = 400;
const READS = 100;
/** When all is done, it is looked at again after so long. */
const REST = HOUR;

interface RetainInput {
  readonly kpis: readonly BoundKpi[];
  readonly states: ReadonlyMap<string, KpiState>;
  readonly ids: SeriesIds;
  readonly asOf: Instant;
}

/** How far it has come: the task that it is at, and where in it. */
interface Progress {
  readonly task: string | null;
  readonly at: number;
  /** When all was done. */
  readonly restsFrom: Instant;
}

interface Task {
  readonly name: string;
  /** Goes on from there with so much work; null: it is done. */
  work(at: number): Promise<number | null>;
}

/** To be called when all these KPIs, which are all there are, were evaluated. */
export async function retain(context: LoopContext, input: RetainInput, signal: AbortSignal): Promise<void> {
  const { store } = context;
  const text = await store.cursor(PROGRESS);
  const before: Progress = text === null ? START : JSON.parse(text);
  if (before.task === null && input.asOf < before.restsFrom + REST) return;
  const tasks = await tasksOf(context, input, lookLoader(store));
  const keep = (progress: Progress) =>
    store.uncover([], [], { key: PROGRESS, value: JSON.stringify(progress) });
  const first = Math.max(
    0,
    tasks.findIndex(({ name }) => name === before.task),
  );
  for (const [index, { name, work }] of tasks.slice(first).entries()) {
    signal.throwIfAborted();
    const at = await work(index === 0 && name === before.task ? before.at : 0);
    if (at !== null) return keep({ task: name, at, restsFrom: before.restsFrom });
  }
  await keep({ task: null, at: 0, restsFrom: input.asOf });
}

const PROGRESS = 'retention';
const START: Progress = { task: null, at: 0, restsFrom: 0 };

async function tasksOf(context: LoopContext, input: RetainInput, lookOf: LookOf): Promise<Task[]> {
  const { retention } = context.config;
  if (retention === undefined) return [];
  const { slicesMs, hoursMs, evidenceMs } = retention;
  const tasks: Task[] = [];
  for (const [dataset, needed] of await neededFrom(context, input, lookOf)) {
    const toHours = Math.min(needed, input.asOf - slicesMs);
    const toDays = Math.min(needed, input.asOf - hoursMs);
    for (const grain of GRAINS) {
      const one = { dataset, grain };
      if (grain < HOUR)
        tasks.push(merging(context, lookOf, { ...one, from: grain, to: HOUR, before: toHours }));
      if (grain < DAY) tasks.push(merging(context, lookOf, { ...one, from: HOUR, to: DAY, before: toDays }));
    }
  }
  return [...tasks, droppingReads(context, input.asOf - evidenceMs)];
}

interface Merging {
  readonly dataset: string;
  readonly grain: Grain;
  readonly from: Grain;
  readonly to: Grain;
  readonly before: Instant;
}

function merging(
  { store }: LoopContext,
  lookOf: LookOf,
  { dataset, grain, from, to, before }: Merging,
): Task {
  return {
    name: `${dataset} ${grain} ${to}`,
    async work(at) {
      // Also those that no KPI uses any more.
      const seriesIds = await store.allSeries(dataset, grain);
      if (seriesIds.length === 0) return null;
      let controls: readonly number[] | null = null;
      const end = Math.floor(before / to) * to;
      for (let left = PIECE; ; ) {
        const oldest = await store.oldestPart({ seriesIds, grain, from }, { start: at, end });
        if (oldest === null) return null;
        const cell = Math.floor(oldest / to) * to;
        if (left <= 0) return cell;
        controls ??= await controlsAmong(seriesIds, lookOf);
        const merged = await store.rollUp({ seriesIds, controls, grain, from, to, cell, limit: left });
        // Having looked counts, too; the next look begins behind this hour or day unless it is only half done.
        if (merged < left) at = cell + to;
        left -= Math.max(1, merged);
      }
    },
  };
}

/** When late data behind a series was last looked for; null: it is no control series, and never was. */
type LookOf = (seriesId: number) => Promise<Instant | null>;

/** Each is asked for once. */
function lookLoader(store: Store): LookOf {
  const looks = new Map<number, Promise<Instant | null>>();
  return (id) => {
    const look = looks.get(id) ?? lastLook(store, id).then((found) => found?.asOf ?? null);
    looks.set(id, look);
    return look;
  };
}

async function controlsAmong(seriesIds: readonly number[], lookOf: LookOf): Promise<readonly number[]> {
  const looks = await Promise.all(seriesIds.map(lookOf));
  return seriesIds.filter((_, index) => looks[index] !== null);
}

function droppingReads({ store }: LoopContext, before: Instant): Task {
  return { name: 'reads', work: (after) => store.dropReads({ before, after, limit: READS }) };
}

/** By dataset: from when on slices may be needed one by one. */
async function neededFrom(
  { store }: LoopContext,
  { kpis, states, ids, asOf }: RetainInput,
  lookOf: LookOf,
): Promise<ReadonlyMap<string, Instant>> {
  const deferred = Map.groupBy(await store.deferred(), ({ kpi }) => kpi);
  const needed = new Map<string, Instant>();
  for (const kpi of kpis) {
    const state = states.get(kpi.definition.id);
    const waiting = deferred.get(kpi.definition.id) ?? [];
    const ofWindows = state === undefined ? 0 : windowsFrom(kpi, state, waiting, asOf);
    for (const { control } of bundlesOf(kpi)) {
      const { name, settleMs, reviseForMs } = control.dataset;
      // Late data is looked for as far back as that, and a day longer where the loop is held up.
      const looked = (await lookOf(idOf(control, ids))) ?? 0;
      const ofLateData = looked - settleMs - reviseForMs - DAY;
      needed.set(name, Math.min(needed.get(name) ?? asOf, ofWindows, ofLateData));
    }
  }
  return needed;
}

/** The start of the first window of a KPI that may still be computed anew: its rule's, provisional ones, a back-fill's. */
function windowsFrom(
  { definition, measures, settleMs, reviseForMs }: BoundKpi,
  { wantedFrom, evaluated }: KpiState,
  deferred: readonly Interval[],
  asOf: Instant,
): Instant {
  const { window: spec, nonconformity } = definition;
  // A back-fill under way goes on towards the past.
  if (evaluated === null || latestWindow(spec, evaluated.start - 1).end >= wantedFrom) return 0;
  const followUps = Object.values(measures).map((bound) =>
    bound.kind === 'records' ? bound.measure.followUpMs : 0,
  );
  const newest = Math.min(evaluated.end, asOf - settleMs);
  const unsettled = newest - reviseForMs - Math.max(0, ...followUps) - DAY;
  const ruled = nonOverlapping(spec, latestWindow(spec, newest), nonconformity?.raise.of ?? 1);
  return Math.min(
    ruled[0]?.start ?? 0,
    latestWindow(spec, unsettled).start,
    ...deferred.map(({ start }) => latestWindow(spec, start).start),
  );
}
