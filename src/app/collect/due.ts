/**
 * Which reads of slices are due, and why: what the definitions want and the store lacks, as the fewest requests
 * within the source's limits. Both the loop and `clause9 plan` go by it.
 */
import type { Config } from '../../config/model.ts';
import { type PlannedRead, planReads } from '../../core/plan/reads.ts';
import { type Grain, HOUR, type Interval, intersect, subtract } from '../../core/time/interval.ts';
import { type Ask, guarded } from '../ask/ask.ts';
import type { LoopContext } from '../context.ts';
import type { CollectInput, SeriesGroup, WantedSeries } from '../series.ts';
import { uncoverMixed, uncoverOverflown, uncoverRevised } from './revise.ts';

export type Why =
  | 'new definition'
  | 'new slices'
  | 'late data'
  | 'read together'
  | 'more groups allowed'
  | 'not read yet';

export interface DueRead {
  readonly group: SeriesGroup;
  readonly range: Interval;
  /** Without the control series, which every read brings along. */
  readonly series: readonly WantedSeries[];
  readonly why: readonly Why[];
  /** Slices × measures. */
  readonly buckets: number;
}

/** Slices of a request where `maxRange` is not given, and the least that they span. */
const SLICES = 72;
const RANGE = 6 * HOUR;

/** Looks what has to be read again (late data: by asking the source), then what is due, newest first. */
export async function dueReads(
  context: LoopContext,
  ask: Ask,
  group: SeriesGroup,
  input: CollectInput,
  signal: AbortSignal,
): Promise<DueRead[]> {
  const before = await coverageOf(context, group);
  const again = new Map<Why, readonly Interval[]>();
  again.set('read together', await uncoverMixed(context, group));
  again.set('more groups allowed', await uncoverOverflown(context, group));
  await guarded(context, group.dataset, async () => {
    again.set('late data', await uncoverRevised(context, ask, group, input, signal));
  });
  const coverage = await coverageOf(context, group);
  const known = new Map([...group.series, group.control].map((one) => [one.id, one]));
  return plannedReads(context, group, coverage, input).map(({ seriesIds, range }) => {
    const all = seriesIds.flatMap((id) => known.get(id) ?? []);
    const series = all.filter((one) => one !== group.control);
    const buckets = ((range.end - range.start) / group.grain) * seriesIds.length;
    return { group, range, series, buckets, why: whyOf(range, all, before, again) };
  });
}

type Coverage = ReadonlyMap<number, readonly Interval[]>;

const coverageOf = (context: LoopContext, group: SeriesGroup): Promise<Coverage> =>
  context.store.coverage([...group.series, group.control].map((one) => one.id));

function plannedReads(
  { config }: LoopContext,
  group: SeriesGroup,
  coverage: Coverage,
  { shorter }: CollectInput,
): PlannedRead[] {
  const { dataset, grain } = group;
  const wants = [...group.series, group.control].map(({ id, wanted }) => ({
    seriesId: id,
    wanted,
    covered: coverage.get(id) ?? [],
  }));
  const allowed = longestRange(config.sources[dataset.source]?.maxRangeMs, grain);
  const maxRangeMs = Math.min(allowed, shorter.get(groupName(group)) ?? allowed);
  return planReads(wants, group.together, grain, { maxBuckets: config.maxBuckets, maxRangeMs });
}

export const groupName = ({ dataset, grain }: SeriesGroup): string => `${dataset.name} ${grain}`;

/** The longest range of one request: as configured, else by the grain (6h at 5m). */
export const longestRange = (configured: number | null | undefined, grain: Grain): number =>
  configured === undefined ? Math.max(RANGE, SLICES * grain) : (configured ?? Number.POSITIVE_INFINITY);

function whyOf(
  range: Interval,
  series: readonly WantedSeries[],
  before: Coverage,
  again: ReadonlyMap<Why, readonly Interval[]>,
): readonly Why[] {
  const covered = series.map(({ id }) => before.get(id) ?? []);
  const why = [...again].flatMap(([word, parts]) => (intersect(parts, [range]).length > 0 ? [word] : []));
  if (covered.some((parts) => parts.length === 0)) return ['new definition', ...why];
  const newest = Math.max(...covered.map((parts) => parts.at(-1)?.end ?? 0));
  const isNew = range.end > newest;
  const old = intersect(subtract([range], [...again.values()].flat()), [{ start: 0, end: newest }]);
  return [
    ...(isNew ? ['new slices' as const] : []),
    ...(old.length > 0 ? ['not read yet' as const] : []),
    ...why,
  ];
}

export interface Budgeted {
  /** Newest first. */
  readonly reads: readonly DueRead[];
  /** So many of them may be sent in one cycle: one always, or nothing ever would. */
  readonly allowed: number;
  /** Too large for one request. */
  readonly refused: readonly DueRead[];
}

/** What may be sent of what is due at one source, beside the other searches of a cycle. */
export function inBudget(
  { sources, maxBuckets }: Config,
  source: string,
  due: readonly DueRead[],
  otherSearches: number,
): Budgeted {
  const most = sources[source]?.maxSearchesPerCycle ?? Number.POSITIVE_INFINITY;
  const isTooLarge = ({ group, range, buckets }: DueRead) =>
    range.end - range.start <= group.grain && buckets > maxBuckets;
  return {
    reads: due
      .filter((read) => !isTooLarge(read))
      .sort((a, b) => b.range.end - a.range.end || b.range.start - a.range.start),
    allowed: Math.max(1, most - otherSearches),
    refused: due.filter(isTooLarge),
  };
}

/** How far the collecting of a dataset has come, at one grain. */
export interface Standing {
  readonly dataset: string;
  /** Every slice that is wanted is there from this instant up to `until`; null: none is. */
  readonly completeSince: number | null;
  /** The end of the newest slice that is there. */
  readonly until: number | null;
  /** Slices that are wanted and not there: of the dataset, and over all its series. */
  readonly missing: number;
  readonly missingOfSeries: number;
}

export async function standingOf(context: LoopContext, group: SeriesGroup): Promise<Standing> {
  const coverage = await coverageOf(context, group);
  const slicesOf = (parts: readonly Interval[]) =>
    parts.reduce((sum, { start, end }) => sum + (end - start) / group.grain, 0);
  const missing = ({ id, wanted }: WantedSeries) => slicesOf(subtract([wanted], coverage.get(id) ?? []));
  const last = intersect(coverage.get(group.control.id) ?? [], [group.control.wanted]).at(-1);
  return {
    dataset: group.dataset.name,
    completeSince: last?.start ?? null,
    until: last?.end ?? null,
    missing: missing(group.control),
    missingOfSeries: [...group.series, group.control].reduce((sum, one) => sum + missing(one), 0),
  };
}
