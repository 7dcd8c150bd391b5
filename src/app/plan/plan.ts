/**
 * What the next cycle would ask of each source, why, and whether its budgets allow it. Asks the sources what they are
 * and for late data, as a cycle begins; reads nothing else and stores nothing.
 */
import type { Interval } from '../../core/time/interval.ts';
import { type Ask, asker } from '../ask/ask.ts';
import { withPseudonyms } from '../bind/pseudonyms.ts';
import { dataSearches } from '../checks/daily.ts';
import { recordLiteralSearches } from '../checks/record-literals.ts';
import { type DueRead, dueReads, inBudget, type Why } from '../collect/due.ts';
import { type KnownProbes, startProbing } from '../collect/probes.ts';
import { dueQueries } from '../collect/queries.ts';
import { listSearches } from '../collect/records.ts';
import type { LoopContext } from '../context.ts';
import { binder, measured, prepare } from '../loop/loop.ts';
import { type CollectInput, groupSeries } from '../series.ts';
import { afterReads, dryStore } from './dry-store.ts';

export interface PlannedSearch {
  readonly dataset: string;
  readonly grainMs: number;
  readonly range: Interval;
  readonly measures: number;
  /** Slices × measures, the count of all events among them. */
  readonly buckets: number;
  readonly why: readonly Why[];
  /** `put off`: the cycle's budget leaves it to a later one. `refused`: larger than `maxBuckets`. */
  readonly state: 'next cycle' | 'put off' | 'refused';
}

/** A query in the source's own language, over one window. */
export interface PlannedQuery {
  readonly dataset: string;
  readonly language: string;
  readonly window: Interval;
  /** The numbers that measures take from its answer. */
  readonly values: readonly string[];
  readonly state: 'next cycle' | 'put off';
}

export interface SourcePlan {
  readonly source: string;
  /** All searches that the next cycle would send. */
  readonly searches: number;
  readonly maxSearchesPerCycle: number | null;
  /** Of them: descriptions of datasets, questions for late data, reads of records and of lists. */
  readonly probes: number;
  readonly looks: number;
  readonly others: number;
  /** At most, as far as is known before: looks at the data, once a day. */
  readonly checks: number;
  readonly reads: readonly PlannedSearch[];
  /** Those whose events are there, or will be when the reads are done. */
  readonly queries: readonly PlannedQuery[];
}

export interface CyclePlan {
  readonly asOf: number;
  readonly sources: readonly SourcePlan[];
  /** What the sources did not answer. */
  readonly warnings: readonly string[];
}

export async function planCycle(context: LoopContext, signal: AbortSignal): Promise<CyclePlan> {
  const warnings: string[] = [];
  const warn = (_: object, message: string) => void warnings.push(message);
  const dry = { ...withPseudonyms(context), store: dryStore(context.store), log: { ...context.log, warn } };
  const ask = asker(dry);
  const asOf = dry.clock.now();
  const definitions = measured(dry);
  const probes: KnownProbes = new Map();
  const probing = await startProbing(dry, ask, definitions, probes, signal);
  await Promise.all(probing.sources.values());
  const kpis = binder(dry, probes)(definitions);
  const prepared = await prepare(dry, kpis, definitions, probes, { asOf, until: asOf, from: undefined });
  const input = { ...prepared, shorter: new Map<string, number>() };
  const sources = [...new Set([...Object.values(dry.config.datasets)].map(({ source }) => source))].sort();
  const plans = await Promise.all(
    sources.map((source) => planSource(dry, ask, source, probing.searches(source), input, signal)),
  );
  return { asOf, sources: plans.filter(({ searches }) => searches > 0), warnings };
}

async function planSource(
  context: LoopContext,
  ask: Ask,
  source: string,
  probes: number,
  input: CollectInput,
  signal: AbortSignal,
): Promise<SourcePlan> {
  const { config } = context;
  const groups = groupSeries(input, config.startFrom ?? 0).filter(({ dataset }) => dataset.source === source);
  const due = await Promise.all(groups.map((group) => dueReads(context, ask, group, input, signal)));
  const others = await listSearches(context, { ...input, source });
  const looks = groups.length;
  const { reads, allowed, refused } = inBudget(config, source, due.flat(), probes + looks + others);
  const states = [
    ...reads.map((read, index) => planned(read, index < allowed ? 'next cycle' : 'put off')),
    ...refused.map((read) => planned(read, 'refused')),
  ];
  const sent = reads.slice(0, allowed);
  const asked = probes + looks + others + sent.length;
  const maxSearchesPerCycle = config.sources[source]?.maxSearchesPerCycle ?? null;
  const budget = Math.max(0, (maxSearchesPerCycle ?? Number.POSITIVE_INFINITY) - asked);
  const store = afterReads(context.store, sent, input.asOf);
  const queries = await dueQueries({ ...context, store }, { ...input, source });
  const wished =
    (await dataSearches({ ...context, store }, groups, input)) +
    (await recordLiteralSearches({ ...context, store }, { ...input, source }));
  // One at least, however little is left.
  const checks = Math.min(wished, Math.max(1, budget));
  const left = Math.max(0, budget - checks);
  return {
    source,
    searches: asked + checks + Math.min(queries.length, left),
    maxSearchesPerCycle,
    probes,
    looks,
    others,
    checks,
    reads: states,
    queries: queries.map(({ query, window, values }, index) => ({
      dataset: query.dataset.name,
      language: query.measure.language,
      window,
      values: [...values].sort(),
      state: index < left ? 'next cycle' : 'put off',
    })),
  };
}

const planned = (
  { group, range, series, buckets, why }: DueRead,
  state: PlannedSearch['state'],
): PlannedSearch => ({
  dataset: group.dataset.name,
  grainMs: group.grain,
  range,
  measures: series.length,
  buckets,
  why,
  state,
});
