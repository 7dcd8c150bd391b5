/** The small trend line of a KPI in the list: its newest windows, with gaps, and the limit it is held to. */
import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { type ComponentChild, h } from 'preact';
import type { KpiView } from '../../app/read-model.ts';
import type { Result } from '../../core/result/model.ts';
import { limitsOf } from '../../core/verdict/condition.ts';
import { standing } from '../standing.ts';
import type { NumberStyle } from './numbers.ts';

const WIDTH = 160;
const HEIGHT = 32;
const EDGE = 5;

/** Null where no window has a value. */
export function sparkline(results: readonly Result[], view: KpiView, style: NumberStyle): ComponentChild {
  const points = results.map((result) => ({ result, value: standing(result, result)?.value ?? null }));
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const last = points.at(-1);
  const [first] = values;
  const newest = values.at(-1);
  if (first === undefined || newest === undefined || last === undefined) return null;
  const limits = view.target === null ? [] : limitsOf(view.target.onTarget);
  const x = scaleLinear([0, Math.max(results.length - 1, 1)], [EDGE, WIDTH - EDGE]);
  const y = scaleLinear(
    [Math.min(...values, ...limits), Math.max(...values, ...limits)],
    [HEIGHT - EDGE, EDGE],
  );
  const path = line<(typeof points)[number]>()
    .defined(({ value }) => value !== null)
    .x((_point, index) => x(index))
    .y(({ value }) => y(value ?? 0));
  return h(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img' },
    h('title', null, `${results.length} windows, from ${style.withUnit(first)} to ${style.withUnit(newest)}`),
    ...limits.map((limit) =>
      h('line', { class: 'limit', x1: EDGE, x2: WIDTH - EDGE, y1: y(limit), y2: y(limit) }),
    ),
    h('path', { class: 'series', d: path(points) ?? '' }),
    lastMark(view, last.value, x(points.length - 1), y),
  );
}

/** The newest window by the verdict as of now: filled when final, hollow when provisional, `?` where nothing is known. */
function lastMark(
  view: KpiView,
  value: number | null,
  x: number,
  y: (value: number) => number,
): ComponentChild {
  const { verdict } = view.status;
  if (value === null || standing(view.newest, view.status) === null)
    return h('text', { class: 'dot unknown', x: x - 4, y: HEIGHT / 2 + 5 }, '?');
  const kind = view.newest?.final ? '' : ' provisional';
  return h('circle', { class: `dot ${verdict}${kind}`, cx: x, cy: y(value), r: 4 });
}
