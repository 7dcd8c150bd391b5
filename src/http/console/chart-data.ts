/** What a KPI's chart shows, as data: where each window stands, what was promised when, and the value axis. */
import { scaleLinear } from 'd3-scale';
import type { BenchmarkValue, TrendPoint } from '../../app/read-model.ts';
import type { Condition, KpiDefinition, Target } from '../../core/definition/model.ts';
import type { Instant, Interval } from '../../core/time/interval.ts';
import { limitsOf } from '../../core/verdict/condition.ts';
import { type Standing, standing } from '../standing.ts';
import { slotOf } from './dates.ts';

export interface ChartPoint {
  readonly trend: TrendPoint;
  /** The stretch of the time axis that the window owns. */
  readonly slot: Interval;
  readonly newest: Standing | null;
  /** What was reported first, where it has been revised since. */
  readonly first: Standing | null;
  readonly final: boolean;
}

export function chartPoints(definition: KpiDefinition, trend: readonly TrendPoint[]): readonly ChartPoint[] {
  return trend.map((point) => ({
    trend: point,
    slot: slotOf(definition.window, point.window),
    newest: standing(point.newest, point.newest),
    first: point.first.id === point.newest.id ? null : standing(point.first, point.first),
    final: point.newest.final,
  }));
}

/** Whether the window before is missing from the trend, so that a line through both would invent it. */
export const followsGap = (point: ChartPoint, before: ChartPoint | undefined): boolean =>
  before !== undefined && point.slot.start > before.slot.end;

/** A target with the stretch of time in which it judged. */
export interface TargetRun {
  readonly target: Target;
  readonly start: Instant;
  readonly end: Instant;
}

/** Targets as they were in force, window after window. */
export function targetRuns(points: readonly ChartPoint[]): readonly TargetRun[] {
  const runs: TargetRun[] = [];
  for (const { trend, slot } of points) {
    const last = runs.at(-1);
    const { target } = trend;
    if (target === null) continue;
    if (
      last !== undefined &&
      last.end === slot.start &&
      JSON.stringify(last.target) === JSON.stringify(target)
    )
      runs[runs.length - 1] = { ...last, end: slot.end };
    else runs.push({ target, start: slot.start, end: slot.end });
  }
  return runs;
}

/** The values that meet a condition, as far as an axis reaches. */
export function region(
  condition: Condition,
  [least, most]: readonly [number, number],
): readonly [number, number] {
  const cut = (value: number): number => Math.min(Math.max(value, least), most);
  switch (condition.op) {
    case 'between':
      return [cut(condition.low), cut(condition.high)];
    case '>':
    case '>=':
      return [cut(condition.limit), most];
    default:
      return [least, cut(condition.limit)];
  }
}

/**
 * The value axis: round ends around all that is drawn, with room for the bands. It starts at zero unless the values
 * move in so narrow a range, far from zero, that this would hide what they do.
 */
export function axisDomain(
  points: readonly ChartPoint[],
  benchmarks: readonly BenchmarkValue[],
  unit: string,
): readonly [number, number] {
  const drawn = points.flatMap(({ newest, first }) => [newest, first]).flatMap(numbersIn);
  const limits = points.flatMap(({ trend }) =>
    trend.target === null ? [] : [...limitsOf(trend.target.onTarget)],
  );
  const all = [...drawn, ...limits, ...benchmarks.flatMap(({ value }) => (value === null ? [] : [value]))];
  if (all.length === 0) return [0, 1];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const room = (most - least) * 0.15 || Math.abs(most) * 0.1 || 1;
  const fromZero = least >= 0 && least < 0.6 * most;
  const [low = 0, high = 1] = scaleLinear()
    .domain([fromZero ? 0 : least - room, most + room])
    .nice(5)
    .domain();
  const percentages = unit === 'percent' && least >= 0 && most <= 100;
  return [least >= 0 ? Math.max(low, 0) : low, percentages ? Math.min(high, 100) : high];
}

const numbersIn = (shown: Standing | null): readonly number[] =>
  shown === null ? [] : [shown.value, shown.lower, shown.upper].filter((value) => value !== null);
