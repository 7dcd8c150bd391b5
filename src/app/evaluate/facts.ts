/** How far events may be trusted: what the control series say of windows, and up to when sources were asked for late data. */

import { NO_GROUP } from '../../core/measure/tally.ts';
import type { DatasetFacts } from '../../core/result/quality.ts';
import { compileExpectation } from '../../core/result/silence.ts';
import { type Instant, type Interval, subtract } from '../../core/time/interval.ts';
import type { Store } from '../../ports/store.ts';
import { type BoundKpi, bundlesOf, type SeriesBinding, type SeriesBundle } from '../bind/bind.ts';
import { lastLook } from '../collect/revise.ts';
import { type SeriesIds, seriesKey, seriesOf } from '../series.ts';
import { type Fold, foldWithout } from './fold.ts';

export const idOf = (binding: SeriesBinding, ids: SeriesIds): number => ids.get(seriesKey(binding)) ?? -1;

/** Facts, and whether retention has merged part of the window with what lies outside of it. */
export interface WindowFacts extends DatasetFacts {
  readonly isCut: boolean;
}

/** What a dataset's control series says of a window: the same for all its KPIs, so it is worked out once. */
export function controlLoader(store: Store, ids: SeriesIds) {
  const known = new Map<string, WindowFacts>();
  return async (
    control: SeriesBinding,
    windows: readonly Interval[],
    exclusions: readonly Interval[],
  ): Promise<readonly (WindowFacts | undefined)[]> => {
    const name = `${control.dataset.name} ${seriesKey(control)} ${JSON.stringify(exclusions)}`;
    const keyOf = (window: Interval) => `${name} ${window.start} ${window.end}`;
    const wanted = windows.filter((window) => !known.has(keyOf(window)));
    const seriesId = idOf(control, ids);
    const request = { seriesIds: [seriesId], grain: control.grain, control: true };
    const folds =
      wanted.length === 0 ? [] : (await foldWithout(store, request, wanted, exclusions)).get(seriesId);
    const silenceOf = silenceIn(control);
    wanted.forEach((window, index) => {
      const fold = folds?.[index];
      if (fold === undefined) return;
      known.set(keyOf(window), {
        dataset: control.dataset.name,
        wanted: fold.wanted,
        missing: fold.wanted - fold.read,
        partial: fold.partial,
        events: fold.tallies[NO_GROUP]?.n ?? 0,
        silence: silenceOf(window, fold),
        stale: false,
        isCut: fold.cut > 0,
      });
    });
    return windows.map((window) => known.get(keyOf(window)));
  };
}

function silenceIn({
  dataset,
  grain,
}: SeriesBinding): (window: Interval, fold: Fold) => DatasetFacts['silence'] {
  const { expectEvents } = dataset;
  const expectation = expectEvents === null ? null : compileExpectation(expectEvents);
  return (window, fold) => {
    // Nothing is expected of a window that is excluded as a whole.
    if (fold.wanted === 0) return { periods: 0, silent: 0 };
    return expectation?.(window, fold.events, window.start, grain) ?? null;
  };
}

/** The dataset's facts, with the measure's own slices where they are worse. */
export function factsWith(facts: WindowFacts | undefined, folds: readonly Fold[]): WindowFacts {
  const missing = Math.max(0, ...folds.map((fold) => fold.wanted - fold.read));
  const partial = Math.max(0, ...folds.map((fold) => fold.partial));
  const known = facts ?? UNKNOWN;
  return {
    ...known,
    missing: Math.max(known.missing, missing),
    partial: Math.max(known.partial, partial),
    isCut: known.isCut || folds.some(({ cut }) => cut > 0),
  };
}

const UNKNOWN: WindowFacts = {
  dataset: '',
  wanted: 1,
  missing: 1,
  partial: 0,
  events: 0,
  silence: null,
  stale: false,
  isCut: false,
};

/**
 * Up to when late data of a window was looked for, which is: until the last look, unless that found something that
 * could not be read again yet.
 */
export async function knownToLoader(store: Store, kpis: readonly BoundKpi[], ids: SeriesIds) {
  const coverage = await store.coverage([...new Set(kpis.flatMap(seriesOf).map((one) => idOf(one, ids)))]);
  const looks = new Map<number, Instant>();
  for (const control of new Set(kpis.flatMap(bundlesOf).map((bundle) => idOf(bundle.control, ids)))) {
    looks.set(control, (await lastLook(store, control))?.asOf ?? 0);
  }
  return (
    { control, series }: SeriesBundle,
    window: Interval,
    exclusions: readonly Interval[],
    facts: DatasetFacts,
  ): Instant => {
    const parts = subtract([window], exclusions);
    const isRead = [...series, control].every(
      (binding) => subtract(parts, coverage.get(idOf(binding, ids)) ?? []).length === 0,
    );
    return isRead || facts.missing > 0 ? (looks.get(idOf(control, ids)) ?? 0) : 0;
  };
}

export type ControlFacts = ReturnType<typeof controlLoader>;
export type KnownTo = Awaited<ReturnType<typeof knownToLoader>>;
