/** Measures by native queries in windows: the answers that were stored, as far as the dataset's events may be trusted. */

import { NO_GROUP } from '../../core/measure/tally.ts';
import type { MeasureValue } from '../../core/result/model.ts';
import type { Interval } from '../../core/time/interval.ts';
import type { Store } from '../../ports/store.ts';
import type { BoundKpi, BoundMeasure } from '../bind/bind.ts';
import { outdatedAnswers } from '../collect/queries.ts';
import { type ControlFacts, factsWith, type KnownTo } from './facts.ts';
import type { Measured } from './measure.ts';

type Query = Extract<BoundMeasure, { kind: 'query' }>;

interface QueryContext {
  readonly store: Store;
  readonly controls: ControlFacts;
  readonly knownTo: KnownTo;
  readonly idOf: (query: Query) => number;
  readonly controlOf: (query: Query) => number;
}

export function queryMeasurer({ store, controls, knownTo, idOf, controlOf }: QueryContext) {
  return async (_: BoundKpi, query: Query, windows: readonly Interval[]): Promise<Measured[]> => {
    const [first, last] = [windows[0], windows.at(-1)];
    if (first === undefined || last === undefined) return [];
    const answers = await store.answers(idOf(query), { start: first.end - 1, end: last.end });
    const known = new Map(answers.map((answer) => [`${answer.window.start} ${answer.window.end}`, answer]));
    const { settleMs, reviseForMs } = query.dataset;
    const open = answers.filter(({ window, checkedAt }) => checkedAt < window.end + settleMs + reviseForMs);
    const outdated = await outdatedAnswers(store, controlOf(query), open);
    const controlled = await controls(query.control, windows, []);
    return windows.map((window, index) => {
      const found = known.get(`${window.start} ${window.end}`);
      // One from before its events changed is none, until it is asked again.
      const answer = found === undefined || outdated.has(found) ? undefined : found;
      const events = factsWith(controlled[index], []);
      const facts = {
        ...events,
        missing: answer === undefined ? Math.max(1, events.wanted) : events.missing,
        partial: answer?.quality === 'partial' ? Math.max(1, events.wanted) : events.partial,
      };
      const value = answer?.values[query.measure.value] ?? null;
      const looked = knownTo({ control: query.control, series: [query.total] }, window, [], events);
      return {
        values: new Map([[NO_GROUP, numberOf(value, events.events)]]),
        absent: numberOf(null, 0),
        facts: [facts],
        withheld: events.isCut ? 'rolled-up' : null,
        knownTo: Math.min(looked, answer?.checkedAt ?? 0),
      };
    });
  };
}

/** Its sample are the events that the query could see: which of them it took only the query knows. */
const numberOf = (value: number | null, events: number): MeasureValue => ({
  value,
  lower: value,
  upper: value,
  n: events,
  undecided: 0,
});
