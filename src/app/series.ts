/** Which series the KPIs want of each dataset, and for what time: what collecting and computing agree on. */
import type { EventsDataset } from '../config/model.ts';
import type { Grain, Instant, Interval } from '../core/time/interval.ts';
import { sliceStart } from '../core/time/slice.ts';
import { latestWindow } from '../core/time/window.ts';
import type { Probe } from '../ports/connector.ts';
import type { KpiState } from '../ports/store.ts';
import { type BoundKpi, bundlesOf, type SeriesBinding } from './bind/bind.ts';
import type { AccessChange } from './collect/access.ts';
import type { LoopContext } from './context.ts';

/** A series with its id and what the KPIs want of it. */
export interface WantedSeries {
  readonly id: number;
  readonly binding: SeriesBinding;
  readonly wanted: Interval;
}

/** All series of one dataset at one grain. */
export interface SeriesGroup {
  readonly dataset: EventsDataset;
  readonly grain: Grain;
  readonly control: WantedSeries;
  readonly series: readonly WantedSeries[];
  readonly together: readonly (readonly number[])[];
}

/** Series ids by `fingerprint grain`, as the store gave them. */
export type SeriesIds = ReadonlyMap<string, number>;

export const seriesKey = (binding: SeriesBinding): string => `${binding.fingerprint} ${binding.grain}`;

/** Every series that a KPI's measures use, the control series included. */
export const seriesOf = (kpi: BoundKpi): SeriesBinding[] =>
  bundlesOf(kpi).flatMap(({ control, series }) => [...series, control]);

/** The store's ids for all series of these KPIs. */
export async function registerSeries(context: LoopContext, kpis: readonly BoundKpi[]): Promise<SeriesIds> {
  const bindings = [
    ...new Map(kpis.flatMap(seriesOf).map((binding) => [seriesKey(binding), binding])).values(),
  ];
  const stored = await context.store.series(
    bindings.map(({ dataset, grain, fingerprint }) => ({ dataset: dataset.name, grain, fingerprint })),
  );
  return new Map(stored.map((one) => [`${one.fingerprint} ${one.grain}`, one.id]));
}

export interface CollectInput {
  readonly kpis: readonly BoundKpi[];
  readonly states: ReadonlyMap<string, KpiState>;
  readonly ids: SeriesIds;
  readonly probes: ReadonlyMap<string, Probe>;
  /** By dataset: what its account may see was another thing the last time but one. */
  readonly changes: ReadonlyMap<string, AccessChange | null>;
  /** What is known is what the sources hold now. */
  readonly asOf: Instant;
  /** No slice beyond this instant is wanted, but for those that join a KPI's older windows to its newer ones. */
  readonly until: Instant;
  /** Ranges that a source did not manage within its deadline, as `dataset grain`: it is asked for shorter ones. */
  readonly shorter: Map<string, number>;
}

/** How far a KPI's windows may reach now: to what the pass is about, and not before the data has settled. */
export const reachOf = (settleMs: number, { asOf, until }: { asOf: Instant; until: Instant }): Instant =>
  Math.min(until, asOf - settleMs);

/** The wanted series of each dataset and grain. `startFrom`: nothing before it is read. */
export function groupSeries(input: CollectInput, startFrom: Instant): SeriesGroup[] {
  const groups = new Map<
    string,
    { control: SeriesBinding; series: Map<number, WantedSeries>; together: number[][] }
  >();
  for (const kpi of input.kpis) {
    const state = input.states.get(kpi.definition.id);
    if (state === undefined) continue;
    const first = latestWindow(kpi.definition.window, state.wantedFrom).start;
    const until = Math.max(input.until, state.evaluated?.start ?? 0);
    const sets = new Map<string, number[]>();
    for (const { control, series } of bundlesOf(kpi)) {
      const name = `${control.dataset.name} ${seriesKey(control)}`;
      const group = groups.get(name) ?? { control, series: new Map(), together: [] };
      groups.set(name, group);
      for (const binding of [...series, control]) {
        const id = input.ids.get(seriesKey(binding)) ?? -1;
        const { dataset, grain } = binding;
        const start = Math.max(first, sliceStart(startFrom, grain));
        const end = sliceStart(reachOf(dataset.settleMs, { asOf: input.asOf, until }), grain);
        const one = { id, binding, wanted: { start, end } };
        group.series.set(id, wantedByBoth(group.series.get(id) ?? one, one));
        if (binding !== control) sets.set(name, [...(sets.get(name) ?? []), id]);
      }
    }
    for (const [name, ids] of sets) groups.get(name)?.together.push(ids);
  }
  return [...groups.values()].flatMap(({ control, series, together }) => {
    const id = input.ids.get(seriesKey(control)) ?? -1;
    const wanted = series.get(id);
    series.delete(id);
    return wanted === undefined
      ? []
      : [
          {
            dataset: control.dataset,
            grain: control.grain,
            control: wanted,
            series: [...series.values()],
            together,
          },
        ];
  });
}

/** Two KPIs' wish for one series: the longer time, and the larger number of groups. */
function wantedByBoth(a: WantedSeries, b: WantedSeries): WantedSeries {
  const wanted = {
    start: Math.min(a.wanted.start, b.wanted.start),
    end: Math.max(a.wanted.end, b.wanted.end),
  };
  return { ...(a.binding.maxGroups >= b.binding.maxGroups ? a : b), wanted };
}
