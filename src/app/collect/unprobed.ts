/**
 * KPIs of which a source has never said what it holds, as it was wrong from the start: their windows are unknown for want
 * of data, and get results that say so. When the source answers they are evaluated as any others, and supersede these.
 */
import type { KpiDefinition } from '../../core/definition/model.ts';
import type { Instant, Interval } from '../../core/time/interval.ts';
import { latestWindow, windowsEndingIn } from '../../core/time/window.ts';
import type { KpiState, NewResult, Store } from '../../ports/store.ts';
import { reachOf } from '../series.ts';

/** Results are written in transactions of about this size. */
const BATCH = 500;

export interface Unprobed {
  readonly definition: KpiDefinition;
  readonly state: KpiState;
  /** The longest of its datasets' `settle`. */
  readonly settleMs: number;
}

/** Stores a result for each window that has none yet. Returns how many. */
export async function saveUnprobed(
  store: Store,
  unprobed: readonly Unprobed[],
  times: { readonly asOf: Instant; readonly until: Instant },
): Promise<number> {
  let stored = 0;
  for (const { definition, state, settleMs } of unprobed) {
    const newest = latestWindow(definition.window, reachOf(settleMs, times)).end;
    const from = state.evaluated?.end ?? state.wantedFrom - 1;
    const windows = windowsEndingIn(definition.window, { start: from, end: newest });
    for (let index = 0; index < windows.length; index += BATCH) {
      const some = windows.slice(index, index + BATCH);
      const results = some.map((window) => missing(definition, window, times.asOf));
      const end = some.at(-1)?.end ?? newest;
      const start = state.evaluated?.start ?? windows[0]?.end ?? end;
      const { evaluationHash } = definition;
      stored += await store.saveResults([
        { results, state: { ...state, evaluationHash, evaluated: { start, end } }, deferred: null },
      ]);
    }
  }
  return stored;
}

function missing(definition: KpiDefinition, window: Interval, asOf: Instant): NewResult {
  const { id, measures, measurementHash, evaluationHash } = definition;
  const nothing = { value: null, lower: null, upper: null, undecided: 0 };
  return {
    ...nothing,
    ...window,
    kpi: id,
    group: null,
    sample: 0,
    quality: 'missing',
    verdict: 'unknown',
    reason: 'missing',
    final: false,
    dueAt: null,
    asOf,
    measurementHash,
    evaluationHash,
    retroactive: false,
    measures: Object.fromEntries(Object.keys(measures).map((name) => [name, { ...nothing, n: 0 }])),
    inputs: {},
  };
}
