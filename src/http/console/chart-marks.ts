/** The marks of a chart: values, their whiskers, what was first reported, and what is unknown. */
import type { ScaleLinear } from 'd3-scale';
import { type ComponentChild, h } from 'preact';
import type { KpiDefinition } from '../../core/definition/model.ts';
import type { Interval } from '../../core/time/interval.ts';
import type { Standing } from '../standing.ts';
import type { ChartPoint } from './chart-data.ts';
import { windowText } from './dates.ts';
import type { NumberStyle } from './numbers.ts';
import { boundsText } from './words.ts';

/** Where things lie in a drawing, in its own pixels. */
export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly domain: readonly [number, number];
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleLinear<number, number>;
  readonly slotWidth: number;
}

/** All marks, in time order; each says on hovering what it shows. */
export const marks = (
  points: readonly ChartPoint[],
  plot: Plot,
  definition: KpiDefinition,
  style: NumberStyle,
): readonly ComponentChild[] =>
  points.map((point) =>
    h('g', null, h('title', null, markText(point, definition, style)), ...markOf(point, plot)),
  );

function markText(
  { trend, newest, first, final }: ChartPoint,
  { window }: KpiDefinition,
  style: NumberStyle,
): string {
  const when = windowText(window, trend.window);
  if (newest === null) return `${when}: unknown`;
  const before = first === null ? '' : `; first reported ${valueText(first, style)}`;
  return `${when}: ${valueText(newest, style)}, ${final ? 'final' : 'provisional'}${before}`;
}

function valueText(shown: Standing, style: NumberStyle): string {
  const bounds = boundsText(shown, style);
  return bounds === null ? style.withUnit(shown.value) : `${style.withUnit(shown.value)} (${bounds})`;
}

function markOf({ newest, first, final, slot }: ChartPoint, plot: Plot): readonly ComponentChild[] {
  const x = plot.x((slot.start + slot.end) / 2);
  const radius = Math.min(Math.max(plot.slotWidth / 5, 2), 5);
  if (newest === null) return gap(slot, plot, radius);
  const y = plot.y(newest.value);
  return [
    ...(first === null ? [] : firstMark(first, x - Math.min(9, plot.slotWidth / 4), { x, y }, plot, radius)),
    ...(final ? [] : whisker(newest, x, plot, 'whisker', radius)),
    // A small mark has no room for the rim that parts it from the line.
    final
      ? h('circle', { class: radius < 3 ? 'final small-mark' : 'final', cx: x, cy: y, r: radius })
      : h('circle', { class: 'provisional', cx: x, cy: y, r: radius * 0.9 }),
  ];
}

/** Beside the value that it became, joined to it, so that both can be seen. */
function firstMark(
  first: Standing,
  x: number,
  now: { readonly x: number; readonly y: number },
  plot: Plot,
  radius: number,
): readonly ComponentChild[] {
  const y = plot.y(first.value);
  return [
    ...whisker(first, x, plot, 'whisker-first', radius * 0.7),
    h('line', { class: 'revision', x1: x, y1: y, x2: now.x, y2: now.y }),
    h('circle', { class: 'first', cx: x, cy: y, r: radius * 0.8 }),
  ];
}

/** From bound to bound; without a cap, to the plot's edge, where there is no bound. */
function whisker(
  shown: Standing,
  x: number,
  plot: Plot,
  kind: string,
  cap: number,
): readonly ComponentChild[] {
  if (shown.lower === shown.upper && shown.lower !== null) return [];
  const y1 = shown.lower === null ? plot.bottom : plot.y(shown.lower);
  const y2 = shown.upper === null ? plot.top : plot.y(shown.upper);
  const end = (y: number, bound: number | null): string =>
    bound === null ? '' : `M${x - cap},${y}H${x + cap}`;
  return [h('path', { class: kind, d: `M${x},${y1}V${y2}${end(y1, shown.lower)}${end(y2, shown.upper)}` })];
}

function gap(slot: Interval, plot: Plot, radius: number): readonly ComponentChild[] {
  const [start, end] = [plot.x(slot.start), plot.x(slot.end)];
  const height = plot.bottom - plot.top;
  return [
    h('rect', { class: 'gap-band', x: start, y: plot.top, width: end - start, height }),
    ...(radius < 2.5 ? [] : [h('text', { class: 'gap', x: (start + end) / 2, y: plot.bottom - 8 }, '?')]),
  ];
}
