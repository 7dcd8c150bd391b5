/** Totals of KPIs whose windows are the same, loaded together: in a usual pass one query instead of one for each KPI. */
import type { Aggregate } from '../../core/measure/tally.ts';
import type { Interval } from '../../core/time/interval.ts';
import type { Store } from '../../ports/store.ts';
import type { BoundKpi, BoundMeasure, SeriesBinding } from '../bind/bind.ts';
import type { SeriesIds } from '../series.ts';
import { idOf } from './facts.ts';
import { type Fold, foldWithout } from './fold.ts';

/** A back-fill has many windows: there a series' own slices are enough to hold at a time. */
const FEW_WINDOWS = 8;
const TOGETHER = 50;

/** Good for one pass: keeps what it has loaded, but for tallies that may be large. */
export function totalsLoader(store: Store, kpis: readonly BoundKpi[], ids: SeriesIds) {
  const alike = Map.groupBy(
    kpis.flatMap((kpi) =>
      Object.values(kpi.measures)
        .filter(hasSmallTallies)
        .map(({ total }) => ({ name: nameOf(kpi, total), id: idOf(total, ids) })),
    ),
    ({ name }) => name,
  );
  const companions = new Map([...alike].map(([name, all]) => [name, new Set(all.map(({ id }) => id))]));
  const loaded = new Map<string, readonly Fold[]>();

  return async (
    kpi: BoundKpi,
    total: SeriesBinding,
    windows: readonly Interval[],
    exclusions: readonly Interval[],
  ): Promise<readonly Fold[]> => {
    const own = idOf(total, ids);
    const all = companions.get(nameOf(kpi, total));
    const isShared = windows.length <= FEW_WINDOWS && all?.has(own) === true;
    const basis = JSON.stringify([windows, exclusions]);
    const keyOf = (id: number) => `${id} ${basis}`;
    const known = loaded.get(keyOf(own));
    if (known !== undefined) return known;
    const others = isShared ? [...all].filter((id) => id !== own && !loaded.has(keyOf(id))) : [];
    const seriesIds = [own, ...others.slice(0, TOGETHER - 1)];
    const request = { seriesIds, grain: total.grain, control: false };
    const folds = await foldWithout(store, request, windows, exclusions);
    if (isShared) for (const id of seriesIds) loaded.set(keyOf(id), folds.get(id) ?? []);
    return folds.get(own) ?? [];
  };
}

/** Sketches and sets of texts may be large. */
function hasSmallTallies(bound: BoundMeasure): bound is Extract<BoundMeasure, { kind: 'series' }> {
  const isLarge = (type: Aggregate['type']) => type === 'distinct' || type === 'percentile';
  return bound.kind === 'series' && !isLarge(bound.measure.aggregate.type);
}

const nameOf = ({ definition }: BoundKpi, { grain }: SeriesBinding): string =>
  `${grain} ${JSON.stringify(definition.window)}`;
