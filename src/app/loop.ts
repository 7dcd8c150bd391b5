/**
 * The loop: one pass brings the store in line with what the definitions want as of now. A missed tick, a crash, a
 * back-fill and a new definition all end here, and running a pass twice changes nothing.
 */
import type { KpiDefinition } from '../core/definition/model.ts';
import { DAY, type Instant, MINUTE } from '../core/time/interval.ts';
import { latestWindow, windowsEndingIn } from '../core/time/window.ts';
import type { Probe } from '../ports/connector.ts';
import type { KpiState } from '../ports/store.ts';
import { type Ask, asker, guarded } from './ask.ts';
import { type BoundKpi, bindKpis, datasetNames, missingDatasets } from './bind.ts';
import { collectSlices } from './collect.ts';
import { collectRecords, collectSnapshots } from './collect-records.ts';
import type { LoopContext } from './context.ts';
import { evaluateKpis } from './evaluate.ts';
import { reachOf, registerSeries } from './series.ts';

/** How long a source's own word about field types and identity is believed. */
const PROBE_EVERY = 15 * MINUTE;
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
}

export interface Loop {
  pass(options: PassOptions): Promise<PassReport>;
}

/** A loop over one set of definitions; a reload makes a new one over the same store. */
export function createLoop(context: LoopContext): Loop {
  const ask = asker(context);
  const probes = new Map<string, { readonly probe: Probe; readonly at: Instant }>();
  let bound: { readonly kpis: readonly BoundKpi[]; readonly basis: string } | null = null;

  const bind = (definitions: readonly KpiDefinition[]): readonly BoundKpi[] => {
    const known = new Map([...probes].map(([name, { probe }]) => [name, probe]));
    const basis = JSON.stringify([definitions.map((one) => one.id), [...known]]);
    if (bound?.basis !== basis) bound = { kpis: bindKpis(definitions, context.config, known), basis };
    return bound.kpis;
  };

  return {
    async pass({ signal, until, from, only }) {
      const asOf = context.clock.now();
      const end = Math.min(asOf, until ?? asOf);
      const definitions = context.definitions.filter(
        (one) => one.status !== 'retired' && missingDatasets(one, context.config).length === 0,
      );
      await refreshProbes(context, ask, definitions, probes, signal);
      // Bound together also where only some are asked for: what they share stays shared.
      const kpis = bind(definitions).filter(({ definition }) => only?.has(definition.id) ?? true);
      const states = await loadStates(context, kpis, { asOf, until: end, from });
      const ids = await registerSeries(context, kpis);
      const known = new Map([...probes].map(([name, { probe }]) => [name, probe]));
      const input = { kpis, states, ids, probes: known, asOf, until: end };
      const [missingSlices] = await Promise.all([
        collectSlices(context, ask, input, signal),
        collectRecords(context, ask, input, signal),
        collectSnapshots(context, ask, input, signal),
      ]);
      const isWhole = only === undefined;
      const daily = isWhole && (await isBatchDue(context, asOf));
      const results = await evaluateKpis(context, { ...input, daily, isWhole }, signal);
      // Said when it is done, so that a crash on the way repeats it.
      if (daily) await context.store.uncover([], [], { key: DAILY_BATCH, value: String(asOf) });
      return { asOf, results, missingSlices };
    },
  };
}

/** Asks each dataset's source for types and identity; what it last said stands in while it can't be reached. */
async function refreshProbes(
  context: LoopContext,
  ask: Ask,
  definitions: readonly KpiDefinition[],
  probes: Map<string, { readonly probe: Probe; readonly at: Instant }>,
  signal: AbortSignal,
): Promise<void> {
  const now = context.clock.now();
  const names = new Set(definitions.flatMap(datasetNames));
  await Promise.all(
    [...names].map(async (name) => {
      const dataset = context.config.datasets[name];
      const last = probes.get(name);
      if (dataset === undefined || (last !== undefined && now - last.at < PROBE_EVERY)) return;
      const key = `probe ${name}`;
      await guarded(context, dataset, async () => {
        const probe = await ask(dataset.source, signal, (connector, abort) =>
          connector.probe(dataset, abort),
        );
        probes.set(name, { probe, at: now });
        await context.store.uncover([], [], { key, value: JSON.stringify(probe) });
      });
      const stored = probes.has(name) ? null : await context.store.cursor(key);
      if (stored !== null) probes.set(name, { probe: JSON.parse(stored), at: now - PROBE_EVERY });
    }),
  );
}

/** Each KPI's state, by id; one that is new begins with the newest window that has closed. */
async function loadStates(
  context: LoopContext,
  kpis: readonly BoundKpi[],
  { asOf, until, from }: { asOf: Instant; until: Instant; from: Instant | undefined },
): Promise<ReadonlyMap<string, KpiState>> {
  const stored = new Map(
    (await context.store.kpiStates()).map((one) => [`${one.kpi} ${one.measurementHash}`, one]),
  );
  const states = new Map<string, KpiState>();
  for (const { definition, settleMs } of kpis) {
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

/** The end of the first window that starts at or after `from`. */
function firstEnd({ window }: KpiDefinition, from: Instant): Instant {
  const horizon = window.kind === 'rolling' ? window.lengthMs + window.everyMs : TWO_YEARS;
  const windows = windowsEndingIn(window, { start: from, end: from + horizon });
  return windows.find((one) => one.start >= from)?.end ?? from + horizon;
}

const DAILY_BATCH = 'daily batch';

const isBatchDue = async ({ store }: LoopContext, asOf: Instant): Promise<boolean> =>
  asOf - Number((await store.cursor(DAILY_BATCH)) ?? 0) >= DAY;
