/**
 * The loop: one pass brings the store in line with what the definitions want as of now. A missed tick, a crash, a
 * back-fill and a new definition all end here, and running a pass twice changes nothing.
 */
import type { KpiDefinition } from '../../core/definition/model.ts';
import { DAY, type Instant } from '../../core/time/interval.ts';
import { latestWindow, windowsEndingIn } from '../../core/time/window.ts';
import type { KpiState } from '../../ports/store.ts';
import { asker } from '../ask/ask.ts';
import { paceOf } from '../ask/pace.ts';
import { type BoundKpi, bindKpis, datasetNames, missingDatasets } from '../bind/bind.ts';
import { withPseudonyms } from '../bind/pseudonyms.ts';
import type { Standing } from '../collect/due.ts';
import { type KnownProbes, lateSources, type Probing, startProbing } from '../collect/probes.ts';
import { retain } from '../collect/retain.ts';
import { runRound } from '../collect/round.ts';
import { saveUnprobed, type Unprobed } from '../collect/unprobed.ts';
import type { LoopContext } from '../context.ts';
import { closePass } from '../evaluate/evaluate.ts';
import { type CollectInput, reachOf, registerSeries } from '../series.ts';

/** Holds a whole calendar window of any unit, wherever it begins. */
const TWO_YEARS = 732 * DAY;

export interface PassOptions {
  readonly signal: AbortSignal;
  /** Nothing that ends later is looked at; default: now. */
  readonly until?: Instant;
  /** Windows that start at or after this instant are wanted, too. */
  readonly from?: Instant;
  /** Only these KPIs; default: all. */
  readonly only?: ReadonlySet<string>;
}

export interface PassReport {
  readonly asOf: Instant;
  /** Results that were new or other than before. */
  readonly results: number;
  /** Slices that were wanted and could not be had, over all series. */
  readonly missingSlices: number;
  /** Reads that a budget left to the next cycle. */
  readonly putOff: number;
  /** They are for want of time only: the next pass may begin at once. */
  readonly goesOn: boolean;
  readonly standings: readonly Standing[];
}

export interface Loop {
  pass(options: PassOptions): Promise<PassReport>;
}

/** A loop over one set of definitions; a reload makes a new one over the same store. */
export function createLoop(given: LoopContext): Loop {
  const context = withPseudonyms(given);
  const ask = asker(context);
  const probes: KnownProbes = new Map();
  const shorter = new Map<string, number>();
  const bind = binder(context, probes);

  return {
    async pass({ signal, until, from, only }) {
      const asOf = context.clock.now();
      const end = Math.min(asOf, until ?? asOf);
      const definitions = measured(context);
      const daily = only === undefined && (await isBatchDue(context, asOf));
      const probing = await startProbing(context, ask, definitions, probes, signal);

      /** Everything that needs none of the late sources. */
      const round = async (late: ReadonlySet<string>): Promise<PassReport> => {
        // Bound together also where only some are asked for: what they share stays shared.
        const isChosen = ({ id }: KpiDefinition) => only?.has(id) ?? true;
        const kpis = bind(definitions).filter(({ definition }) => isChosen(definition));
        const times = { asOf, until: end, from };
        const prepared = await prepare(context, kpis, definitions.filter(isChosen), probes, times);
        const searches = (source: string) => probing.searches(source);
        const input = { ...prepared, shorter, daily, late, searches };
        const { upTo, ...report } = await runRound(context, ask, input, signal);
        const unprobed = late.size > 0 ? [] : unprobedOf(context, definitions.filter(isChosen), prepared);
        const results = report.results + (await saveUnprobed(context.store, unprobed, times));
        if (only === undefined && late.size === 0) {
          await closePass(context, kpis, upTo);
          await retain(context, prepared, signal);
        }
        return { asOf, ...report, results };
      };

      const report = await inRounds(probing, paceOf(context).probePatienceMs, round);
      // Said when it is done, so that a crash on the way repeats it.
      if (daily) await context.store.uncover([], [], { key: DAILY_BATCH, value: String(asOf) });
      return report;
    },
  };
}

/** What a round goes by: how far each KPI has come, which series its measures are, what is known of the datasets. */
export async function prepare(
  context: LoopContext,
  kpis: readonly BoundKpi[],
  definitions: readonly KpiDefinition[],
  probes: KnownProbes,
  times: { readonly asOf: Instant; readonly until: Instant; readonly from: Instant | undefined },
) {
  const states = await loadStates(context, definitions, times);
  const ids = await registerSeries(context, kpis);
  const known = new Map([...probes].map(([name, { probe }]) => [name, probe]));
  const changes = new Map([...probes].map(([name, { change }]) => [name, change]));
  return { kpis, states, ids, probes: known, changes, asOf: times.asOf, until: times.until };
}

/** A source that is slow to describe itself gets a round of its own, after the one for all others. */
async function inRounds(
  probing: Probing,
  patienceMs: number,
  round: (late: ReadonlySet<string>) => Promise<PassReport>,
): Promise<PassReport> {
  try {
    const late = await lateSources(probing, patienceMs);
    const first = await round(late);
    if (late.size === 0) return first;
    await Promise.all(probing.sources.values());
    const second = await round(new Set());
    return { ...second, results: first.results + second.results };
  } finally {
    await Promise.allSettled(probing.sources.values());
  }
}

/** The definitions that are measured: not retired, and their datasets configured. */
export const measured = ({ definitions, config }: LoopContext): KpiDefinition[] =>
  definitions.filter((one) => one.status !== 'retired' && missingDatasets(one, config).length === 0);

/** Binds definitions to what their sources last said; again only where that changed. */
export function binder(context: LoopContext, probes: KnownProbes) {
  let bound: { readonly kpis: readonly BoundKpi[]; readonly basis: string } | null = null;
  return (definitions: readonly KpiDefinition[]): readonly BoundKpi[] => {
    const known = new Map([...probes].map(([name, { probe }]) => [name, probe]));
    const said = [...known].map(([name, probe]) => [name, { ...probe, now: null }]);
    const basis = JSON.stringify([definitions.map((one) => one.id), said]);
    if (bound?.basis !== basis) bound = { kpis: bindKpis(definitions, context.config, known), basis };
    return bound.kpis;
  };
}

/**
 * Each KPI's state, by id; one that is new begins with the newest window that has closed, also where its source
 * can't be reached yet.
 */
async function loadStates(
  context: LoopContext,
  definitions: readonly KpiDefinition[],
  { asOf, until, from }: { asOf: Instant; until: Instant; from: Instant | undefined },
): Promise<ReadonlyMap<string, KpiState>> {
  const stored = new Map(
    (await context.store.kpiStates()).map((one) => [`${one.kpi} ${one.measurementHash}`, one]),
  );
  const states = new Map<string, KpiState>();
  for (const definition of definitions) {
    const { id: kpi, measurementHash, evaluationHash, window } = definition;
    const before = stored.get(`${kpi} ${measurementHash}`);
    const firstLoaded =
      before?.evaluationHash === evaluationHash
        ? before.firstLoaded
        : await context.store.registerDefinition({
            kpi,
            measurementHash,
            evaluationHash,
            body: JSON.stringify(definition),
            firstLoaded: asOf,
          });
    const settleMs = settleOf(context, definition);
    const newest = latestWindow(window, reachOf(settleMs, { asOf, until })).end;
    const state = before ?? {
      kpi,
      measurementHash,
      evaluationHash: '',
      firstLoaded,
      wantedFrom: newest,
      evaluated: null,
    };
    const wantedFrom =
      from === undefined ? state.wantedFrom : Math.min(state.wantedFrom, firstEnd(definition, from));
    states.set(kpi, { ...state, firstLoaded, wantedFrom });
  }
  const changed = [...states.values()].filter((one) => {
    const before = stored.get(`${one.kpi} ${one.measurementHash}`);
    return before === undefined || before.wantedFrom !== one.wantedFrom;
  });
  await context.store.saveResults(changed.map((state) => ({ results: [], state, deferred: null })));
  return states;
}

/** Those that can't be bound, as a source has never described a dataset of theirs. */
const unprobedOf = (
  context: LoopContext,
  definitions: readonly KpiDefinition[],
  { states, probes }: Pick<CollectInput, 'states' | 'probes'>,
): Unprobed[] =>
  definitions.flatMap((definition) => {
    const state = states.get(definition.id);
    return state === undefined || datasetNames(definition).every((name) => probes.has(name))
      ? []
      : [{ definition, state, settleMs: settleOf(context, definition) }];
  });

const settleOf = ({ config }: LoopContext, { measures }: KpiDefinition): number =>
  Math.max(...Object.values(measures).map(({ dataset }) => config.datasets[dataset]?.settleMs ?? 0));

/** The end of the first window that starts at or after `from`. */
function firstEnd({ window }: KpiDefinition, from: Instant): Instant {
  const horizon = window.kind === 'rolling' ? window.lengthMs + window.everyMs : TWO_YEARS;
  const windows = windowsEndingIn(window, { start: from, end: from + horizon });
  return windows.find((one) => one.start >= from)?.end ?? from + horizon;
}

const DAILY_BATCH = 'daily batch';

const isBatchDue = async ({ store }: LoopContext, asOf: Instant): Promise<boolean> =>
  asOf - Number((await store.cursor(DAILY_BATCH)) ?? 0) >= DAY;
