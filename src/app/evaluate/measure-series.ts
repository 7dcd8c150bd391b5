/** Measures of events in windows: from slices to values, joined with what their filter looks up. */
import { compileFilter, type RowTest } from '../../core/filter/evaluate.ts';
import { emptyTally, mergeAllTally, NO_VALUE, tallySample, tallyValue } from '../../core/measure/fold.ts';
import type { GroupedValues } from '../../core/measure/records.ts';
import { type Aggregate, NO_GROUP, OVERFLOW, type Tallies, type Tally } from '../../core/measure/tally.ts';
import type { MeasureValue, Reason } from '../../core/result/model.ts';
import { coveredLength, type Interval, intersect } from '../../core/time/interval.ts';
import type { Store } from '../../ports/store.ts';
import {
  type BoundKpi,
  type BoundMeasure,
  type JoinBinding,
  MAX_KEYS,
  type SeriesBinding,
} from '../bind/bind.ts';
import type { SeriesIds } from '../series.ts';
import { type ControlFacts, factsWith, idOf, type KnownTo } from './facts.ts';
import { type Fold, foldWithout } from './fold.ts';
import { type LookUp, textsOf, withLookups } from './lookups.ts';
import type { Measured } from './measure.ts';
import type { totalsLoader } from './totals.ts';

type Series = Extract<BoundMeasure, { kind: 'series' }>;

interface SeriesContext {
  readonly store: Store;
  readonly ids: SeriesIds;
  readonly controls: ControlFacts;
  readonly totals: ReturnType<typeof totalsLoader>;
  readonly knownTo: KnownTo;
  readonly lookUp: LookUp;
  /** Whether the measure's filter looks for what the data never held. */
  neverMatched(bound: Series): Promise<boolean>;
  /** Whether no event of a window has a field that the measure needs, though they used to. */
  vanished(kpi: BoundKpi, bound: Series): Promise<(window: Interval) => boolean>;
}

/** All that was read for one window: the total, by groups, and by the fields of a join. */
interface Folds {
  readonly total: Fold;
  readonly grouped: Fold | null;
  readonly keyed: Fold | null;
}

type Outcome = { readonly tallies: Tallies; readonly withheld: Reason | null };

export function seriesMeasurer(context: SeriesContext) {
  return async (kpi: BoundKpi, bound: Series, windows: readonly Interval[]): Promise<Measured[]> => {
    const { exclusions } = kpi;
    const { aggregate } = bound.measure;
    const facts = await context.controls(bound.control, windows, exclusions);
    const folds = await foldsOf(context, kpi, bound, windows, exclusions);
    const isNever = bound.measure.mayBeAbsent !== true && (await context.neverMatched(bound));
    const isVanished = await context.vanished(kpi, bound);
    const measured: Measured[] = [];
    for (const [index, window] of windows.entries()) {
      const own = folds[index];
      if (own === undefined) continue;
      const lookups = await context.lookUp(kpi, window);
      const test = bound.join === null ? null : compileFilter(bound.join.filter, lookups.find);
      const outcome = outcomeOf(kpi, bound, own, test);
      const known = factsWith(
        facts[index],
        Object.values(own).filter((fold) => fold !== null),
      );
      const values = valuesOf(aggregate, outcome.tallies);
      const excluded = intersect(exclusions, [window]);
      const isAll = excluded.length > 0 && own.total.wanted === 0;
      const series = [bound.total, bound.grouped, bound.join?.keyed].filter((one) => one != null);
      measured.push({
        values:
          excluded.length === 0
            ? values
            : withExcluded(values, {
                excluded: coveredLength(excluded) / bound.total.grain,
                all: await allTallies(context, kpi, bound, window, test),
                aggregate,
              }),
        absent: exactValue(aggregate, emptyTally(aggregate)),
        facts: withLookups(known, lookups),
        withheld: known.isCut
          ? 'rolled-up'
          : isAll
            ? 'excluded'
            : (lookups.withheld ??
              outcome.withheld ??
              (isNever ? 'filter-never-matched' : isVanished(window) ? 'field-vanished' : null)),
        knownTo: Math.min(
          lookups.knownTo,
          context.knownTo({ control: bound.control, series }, window, exclusions, known),
        ),
      });
    }
    return measured;
  };
}

async function foldsOf(
  { store, ids, totals: loadTotals }: SeriesContext,
  kpi: BoundKpi,
  { total, grouped, join }: Series,
  windows: readonly Interval[],
  exclusions: readonly Interval[],
): Promise<readonly Folds[]> {
  const fold = async (binding: SeriesBinding | null) => {
    if (binding === null) return null;
    const id = idOf(binding, ids);
    const request = { seriesIds: [id], grain: binding.grain, control: false };
    return (await foldWithout(store, request, windows, exclusions)).get(id);
  };
  const totals = await loadTotals(kpi, total, windows, exclusions);
  const [ofGroups, ofKeys] = [await fold(grouped), await fold(join?.keyed ?? null)];
  return totals.map((one, index) => ({
    total: one,
    grouped: ofGroups?.[index] ?? null,
    keyed: ofKeys?.[index] ?? null,
  }));
}

/** The tallies of a window by the KPI's groups, the total among them. */
function outcomeOf(kpi: BoundKpi, bound: Series, folds: Folds, test: RowTest | null): Outcome {
  const { groupBy, maxGroups } = kpi.definition;
  const { join, grouped } = bound;
  const total = { [NO_GROUP]: folds.total.tallies[NO_GROUP] ?? emptyTally(bound.measure.aggregate) };
  const groups = folds.grouped?.tallies ?? {};
  if (join === null || test === null) {
    const isWide = Object.hasOwn(groups, OVERFLOW) || Object.keys(groups).length > maxGroups;
    const isLost = Object.hasOwn(folds.total.tallies, OVERFLOW);
    return {
      tallies: { ...groups, ...total },
      withheld: isLost ? 'too-many-keys' : isWide ? 'too-many-groups' : null,
    };
  }
  const keyed = folds.keyed?.tallies ?? {};
  const withheld = joinProblem(keyed, groups, folds.total);
  if (withheld !== null) return { tallies: total, withheld };
  const all = joined(keyed, join.fields, [], join, test);
  const joinedGroups = grouped === null ? {} : joined(groups, grouped.groupBy, groupBy, join, test);
  return {
    tallies: { ...joinedGroups, [NO_GROUP]: all[NO_GROUP] ?? emptyTally(bound.measure.aggregate) },
    withheld: Object.keys(joinedGroups).length > maxGroups ? 'too-many-groups' : null,
  };
}

/** What was read by a join's fields must hold each event once, and all of them. */
function joinProblem(keyed: Tallies, groups: Tallies, total: Fold): Reason | null {
  const isWide = (tallies: Tallies) =>
    Object.hasOwn(tallies, OVERFLOW) || Object.keys(tallies).length > MAX_KEYS;
  if (isWide(keyed) || isWide(groups)) return 'too-many-keys';
  const events = Object.values(keyed).reduce((sum, { n }) => sum + n, 0);
  return events === (total.tallies[NO_GROUP]?.n ?? 0) ? null : 'several-values';
}

/** The tallies whose keys pass the test, merged by groups. */
function joined(
  tallies: Tallies,
  by: readonly string[],
  groupBy: readonly string[],
  { fields }: JoinBinding,
  test: RowTest,
): Tallies {
  const groups = new Map<string, Tally[]>();
  for (const [key, tally] of Object.entries(tallies)) {
    const texts = textsOf(key);
    const textOf = (field: string) => texts[by.indexOf(field)] ?? NO_VALUE;
    const read = (field: string) => (textOf(field) === NO_VALUE ? null : textOf(field));
    if (!test(Object.fromEntries(fields.map((field) => [field, read(field)])))) continue;
    const group = JSON.stringify(groupBy.map(textOf));
    const list = groups.get(group);
    if (list === undefined) groups.set(group, [tally]);
    else list.push(tally);
  }
  return Object.fromEntries([...groups].map(([group, list]) => [group, mergeAllTally(list)]));
}

/** The same window with what is excluded from it; null where that was not read in full. */
async function allTallies(
  context: SeriesContext,
  kpi: BoundKpi,
  bound: Series,
  window: Interval,
  test: RowTest | null,
): Promise<Tallies | null> {
  const [folds] = await foldsOf(context, kpi, bound, [window], []);
  if (folds === undefined || folds.total.read - folds.total.cut < folds.total.wanted) return null;
  const { tallies, withheld } = outcomeOf(kpi, bound, folds, test);
  return withheld === null ? tallies : null;
}

interface Excluded {
  readonly excluded: number;
  readonly all: Tallies | null;
  readonly aggregate: Aggregate;
}

function withExcluded(values: GroupedValues, { excluded, all, aggregate }: Excluded): GroupedValues {
  return new Map(
    [...values].map(([key, value]) => {
      const tally = all?.[key];
      return [
        key,
        { ...value, excluded, withExcluded: tally === undefined ? null : tallyValue(aggregate, tally).value },
      ];
    }),
  );
}

export const valuesOf = (aggregate: Aggregate, tallies: Tallies): GroupedValues =>
  new Map(Object.entries(tallies).map(([key, tally]) => [key, exactValue(aggregate, tally)]));

/** An events or snapshot measure has no undecided part: its bounds are its value. */
export function exactValue(aggregate: Aggregate, tally: Tally): MeasureValue {
  const { value, relativeError } = tallyValue(aggregate, tally);
  const exact = { value, lower: value, upper: value, n: tallySample(aggregate, tally), undecided: 0 };
  return relativeError === undefined ? exact : { ...exact, relativeError };
}
