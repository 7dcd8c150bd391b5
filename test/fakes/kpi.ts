/** Definitions and results for tests of what people and machines see: valid, and plain unless told otherwise. */
import type { Condition, KpiDefinition, Target } from '../../src/core/definition/model.ts';
import type { Result, Verdict } from '../../src/core/result/model.ts';
import type { Instant, Interval } from '../../src/core/time/interval.ts';
import { meets } from '../../src/core/verdict/condition.ts';
import { targetInForce } from '../../src/core/verdict/target.ts';

/** A definition with one measure, a month's window and no target. */
export function fakeDefinition(fields: Partial<KpiDefinition> & { readonly id: string }): KpiDefinition {
  return {
    title: fields.id,
    informationNeed: null,
    status: 'active',
    headline: false,
    controls: [],
    requirement: null,
    roles: { owner: 'soc-lead' },
    approved: null,
    reviewEveryMs: null,
    labels: {},
    runbook: null,
    unit: 'percent',
    direction: 'higher-is-better',
    measures: {
      all: {
        kind: 'events',
        dataset: 'incidents',
        where: { op: 'everything' },
        aggregate: { type: 'count' },
      },
    },
    formula: 'all',
    groupBy: [],
    maxGroups: 100,
    rollup: 'total',
    window: { kind: 'calendar', unit: 'month', timeZone: 'UTC' },
    timeZone: 'UTC',
    minimumSample: null,
    targets: [],
    benchmarks: [],
    nonconformity: null,
    correctiveAction: null,
    shownWith: [],
    tolerate: { missing: 0, partial: 0, silent: 0 },
    exclusions: [],
    activeFrom: null,
    continues: null,
    measurementHash: `m-${fields.id}`,
    evaluationHash: `e-${fields.id}`,
    ...fields,
  };
}

let lastId = 0;

/** A complete, final result of the value, known five minutes after its window's end. */
export function fakeResult(
  fields: Partial<Result> & Pick<Result, 'kpi' | 'start' | 'end' | 'value'>,
): Result {
  lastId += 1;
  return {
    id: lastId,
    group: null,
    lower: fields.value,
    upper: fields.value,
    sample: 1000,
    undecided: 0,
    quality: 'complete',
    verdict: 'on-target',
    reason: null,
    final: true,
    asOf: fields.end + 300_000,
    supersedes: null,
    measurementHash: `m-${fields.kpi}`,
    evaluationHash: `e-${fields.kpi}`,
    retroactive: false,
    measures: {},
    inputs: {},
    ...fields,
  };
}

/** A target from 2015 on. */
export const fakeTarget = (
  onTarget: Condition,
  atRisk: Condition | null,
  fields: Partial<Target> = {},
): Target => ({
  from: '2015-01-01',
  until: null,
  onTarget,
  atRisk,
  for: null,
  ...fields,
});

export function fakeVerdict(value: number, target: Target | null): Verdict {
  if (target === null) return 'unknown';
  if (meets(target.onTarget, value)) return 'on-target';
  return target.atRisk !== null && meets(target.atRisk, value) ? 'at-risk' : 'off-target';
}

/** The target in force at the window's last instant. */
export const fakeTargetAt = (
  definition: KpiDefinition,
  window: Interval,
  group: Readonly<Record<string, string>> | null,
): Target | null => targetInForce(definition.targets, window.end - 1, definition.timeZone, group);

/** The `count` months up to the one that holds `last`, oldest first. */
export function months(last: Instant, count: number): readonly Interval[] {
  const date = new Date(last);
  const start = (back: number): Instant => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back, 1);
  return Array.from({ length: count }, (_, index) => ({
    start: start(count - 1 - index),
    end: start(count - 2 - index),
  }));
}

/** The `count` rolling windows up to `end`, oldest first. */
export const rolling = (
  end: Instant,
  count: number,
  lengthMs: number,
  everyMs: number,
): readonly Interval[] =>
  Array.from({ length: count }, (_, index) => {
    const windowEnd = end - (count - 1 - index) * everyMs;
    return { start: windowEnd - lengthMs, end: windowEnd };
  });
