/**
 * One round of a pass: every source is collected from on its own, and a KPI is evaluated as soon as all its sources
 * are through. So a source that is dead or slow delays nobody but those who need it.
 */

import type { Ask } from '../ask/ask.ts';
import { meterOf } from '../ask/pace.ts';
import { type BoundKpi, datasetNames } from '../bind/bind.ts';
import { checkRecordLiterals } from '../checks/record-literals.ts';
import type { LoopContext } from '../context.ts';
import { type Evaluated, type EvaluateInput, evaluateKpis } from '../evaluate/evaluate.ts';
import type { CollectInput } from '../series.ts';
import { type Collected, collectSlices, type SourceInput } from './collect.ts';
import type { Standing } from './due.ts';
import { collectQueries } from './queries.ts';
import { collectRecords, collectSnapshots, listSearches } from './records.ts';

interface RoundInput extends CollectInput, Omit<EvaluateInput, 'all'> {
  /** Sources to leave out of it, and the KPIs that need them. */
  readonly late: ReadonlySet<string>;
  /** Searches that this pass has cost a source before. */
  searches(source: string): number;
}

interface RoundReport extends Evaluated {
  readonly missingSlices: number;
  readonly putOff: number;
  readonly goesOn: boolean;
  readonly standings: readonly Standing[];
}

/** Throws when it is stopped, or for what is no fault of a source; then nothing of it goes on behind one's back. */
export async function runRound(
  context: LoopContext,
  ask: Ask,
  input: RoundInput,
  signal: AbortSignal,
): Promise<RoundReport> {
  const fault = new AbortController();
  const stop = AbortSignal.any([signal, fault.signal]);
  const needs = new Map(input.kpis.map((kpi) => [kpi, sourcesOf(context, kpi)]));
  const sources = [...new Set([...needs.values()].flat())].filter((source) => !input.late.has(source));
  const progress = { done: 0, total: 0 };
  const lanes = new Map(
    sources.map((source) => [
      source,
      heeded(collect(context, ask, { ...input, source, progress }, input.searches(source), stop)),
    ]),
  );
  try {
    const evaluated = await evaluateAsReady(context, input, needs, lanes, stop);
    return { ...evaluated, ...summary(await Promise.all(lanes.values())) };
  } catch (error) {
    fault.abort(error);
    await Promise.allSettled(lanes.values());
    throw error;
  }
}

/** Its error is thrown where it is awaited, which may be later than Node waits for. */
function heeded<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

const sourcesOf = ({ config }: LoopContext, { definition }: BoundKpi): string[] => [
  ...new Set(datasetNames(definition).flatMap((name) => config.datasets[name]?.source ?? [])),
];

async function collect(
  context: LoopContext,
  ask: Ask,
  input: Omit<SourceInput, 'otherSearches'>,
  searches: number,
  signal: AbortSignal,
): Promise<Collected> {
  const otherSearches = searches + (await listSearches(context, input));
  const before = meterOf(context.meter, input.source).searches;
  const [collected] = await Promise.all([
    collectSlices(context, ask, { ...input, otherSearches }, signal),
    collectRecords(context, ask, input, signal),
    collectSnapshots(context, ask, input, signal),
  ]);
  const most = context.config.sources[input.source]?.maxSearchesPerCycle ?? Number.POSITIVE_INFINITY;
  const spare = most - (meterOf(context.meter, input.source).searches - before + searches);
  await checkRecordLiterals(context, ask, input, spare, signal);
  const asked = meterOf(context.meter, input.source).searches - before + searches;
  await collectQueries(context, ask, { ...input, allowed: Math.max(0, most - asked) }, signal);
  return collected;
}

async function evaluateAsReady(
  context: LoopContext,
  input: RoundInput,
  needs: ReadonlyMap<BoundKpi, readonly string[]>,
  lanes: ReadonlyMap<string, Promise<unknown>>,
  signal: AbortSignal,
): Promise<Evaluated> {
  const open = new Map<string, Promise<unknown>>();
  for (const [source, lane] of lanes) open.set(source, heeded(lane.then(() => open.delete(source))));
  let waiting = input.kpis.filter((kpi) => needs.get(kpi)?.every((source) => !input.late.has(source)));
  let [results, upTo] = [0, 0];
  for (;;) {
    const isLast = open.size === 0;
    const ready = waiting.filter((kpi) => needs.get(kpi)?.every((source) => !open.has(source)));
    waiting = waiting.filter((kpi) => !ready.includes(kpi));
    if (ready.length > 0 || isLast) {
      const stage = await evaluateKpis(context, { ...input, kpis: ready, all: input.kpis }, signal);
      results += stage.results;
      upTo = stage.upTo;
    }
    if (isLast) return { results, upTo };
    if (open.size > 0) await Promise.race(open.values());
  }
}

function summary(collected: readonly Collected[]): Omit<RoundReport, keyof Evaluated> {
  const standings = collected.flatMap((one) => one.standings);
  return {
    missingSlices: standings.reduce((sum, one) => sum + one.missingOfSeries, 0),
    putOff: collected.reduce((sum, one) => sum + one.putOff, 0),
    goesOn: collected.some((one) => one.goesOn),
    standings,
  };
}
