/**
 * A KPI's chart: targets as bands, as they were in force; values with what was first reported of them; bounds as
 * whiskers while provisional; gaps where nothing is known; benchmarks as thin labelled lines.
 */
import { scaleLinear, scaleUtc } from 'd3-scale';
import { line } from 'd3-shape';
import { type ComponentChild, h } from 'preact';
import type { BenchmarkValue } from '../../app/read-model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import type { Interval } from '../../core/time/interval.ts';
import { limitsOf } from '../../core/verdict/condition.ts';
import { axisDomain, type ChartPoint, followsGap, region, targetRuns } from './chart-data.ts';
import { marks, type Plot } from './chart-marks.ts';
import { axisText, tickText } from './dates.ts';
import { conditionText, type NumberStyle } from './numbers.ts';
import { benchmarkName } from './words.ts';

export interface ChartInput {
  readonly definition: KpiDefinition;
  readonly points: readonly ChartPoint[];
  readonly benchmarks: readonly BenchmarkValue[];
  readonly style: NumberStyle;
  /** The sentence that it shows. */
  readonly title: string;
  /** The window whose derivation the page shows. */
  readonly chosen: Interval | null;
}

/** Texts keep their size only if the drawing isn't scaled: one for wide screens, one for a phone's. */
const SIZES = [
  { name: 'wide', width: 1120, height: 340, left: 52, labels: 14, gutter: 200 },
  { name: 'narrow', width: 358, height: 280, left: 40, labels: 5, gutter: 46 },
] as const;
type Size = (typeof SIZES)[number];

const TOP = 14;
const BOTTOM = 28;

/** The drawings, of which the style sheet shows the fitting one; nothing where there is no window. */
export const chart = (input: ChartInput): readonly ComponentChild[] =>
  input.points.length === 0 ? [] : SIZES.map((size) => drawing(input, size));

function drawing(input: ChartInput, size: Size): ComponentChild {
  const plot = plotOf(input, size);
  const id = `chart-${size.name}`;
  return h(
    'svg',
    {
      class: `chart chart-${size.name}`,
      viewBox: `0 0 ${size.width} ${size.height}`,
      role: 'img',
      'aria-labelledby': `${id}-title ${id}-desc`,
    },
    h('title', { id: `${id}-title` }, input.title),
    h('desc', { id: `${id}-desc` }, description(input)),
    ...bands(input, plot),
    ...grid(input, plot),
    ...limitLines(input, plot),
    ...timeAxis(input, plot, size),
    ...chosenBand(input, plot),
    ...benchmarkLines(input, plot, size),
    h('path', { class: 'series', d: seriesPath(input.points, plot) }),
    ...marks(input.points, plot, input.definition, input.style),
    ...targetLabels(input, plot),
  );
}

function plotOf({ points, benchmarks, definition }: ChartInput, { width, height, left, gutter }: Size): Plot {
  const domain = axisDomain(points, benchmarks, definition.unit);
  const frame = {
    left,
    right: width - (benchmarks.some(({ value }) => value !== null) ? gutter : 8),
    top: TOP,
    bottom: height - BOTTOM,
  };
  const time = [points[0]?.slot.start ?? 0, points.at(-1)?.slot.end ?? 1] as const;
  return {
    ...frame,
    domain,
    x: scaleLinear(time, [frame.left, frame.right]),
    y: scaleLinear(domain, [frame.bottom, frame.top]),
    slotWidth: (frame.right - frame.left) / points.length,
  };
}

const description = ({ points, definition }: ChartInput): string => {
  const known = points.filter(({ newest }) => newest !== null).length;
  const revised = points.filter(({ first }) => first !== null).length;
  return `${points.length} windows of ${definition.title}, ${known} with a value, ${revised} revised since they were first reported. The table below has the figures.`;
};

function bands({ points }: ChartInput, plot: Plot): readonly ComponentChild[] {
  return targetRuns(points).flatMap(({ target, start, end }) => {
    const area = (kind: string, [low, high]: readonly [number, number]): ComponentChild =>
      h('rect', {
        class: kind,
        x: plot.x(start),
        width: plot.x(end) - plot.x(start),
        y: plot.y(high),
        height: plot.y(low) - plot.y(high),
      });
    return [
      ...(target.atRisk === null ? [] : [area('band-risk', region(target.atRisk, plot.domain))]),
      area('band-on', region(target.onTarget, plot.domain)),
    ];
  });
}

const limitLines = ({ points }: ChartInput, plot: Plot): readonly ComponentChild[] =>
  targetRuns(points).flatMap(({ target, start, end }) =>
    limitsOf(target.onTarget).map((limit) =>
      h('line', { class: 'limit', x1: plot.x(start), x2: plot.x(end), y1: plot.y(limit), y2: plot.y(limit) }),
    ),
  );

/** Inside the band, where it begins and as far from the limit as may be: values move near that. */
function targetLabels({ points, definition }: ChartInput, plot: Plot): readonly ComponentChild[] {
  return targetRuns(points).flatMap(({ target, start, end }) => {
    const { onTarget } = target;
    const words = conditionText(onTarget, definition.unit);
    const room = plot.x(end) - plot.x(start);
    if (room < words.length * 6.5) return [];
    const text = room < words.length * 6.5 + 60 ? words : `target: ${words}`;
    const [low, high] = region(onTarget, plot.domain);
    const y = onTarget.op.startsWith('<') ? plot.y(low) - 7 : plot.y(high) + 16;
    return [h('text', { class: 'limit-label', x: plot.x(start) + 6, y }, text)];
  });
}

const grid = ({ style }: ChartInput, plot: Plot): readonly ComponentChild[] =>
  plot.y
    .ticks(5)
    .map((tick) =>
      h(
        'g',
        null,
        h('line', { class: 'grid', x1: plot.left, x2: plot.right, y1: plot.y(tick), y2: plot.y(tick) }),
        h('text', { class: 'end', x: plot.left - 6, y: plot.y(tick) + 4 }, roundText(tick, style)),
      ),
    );

/** Ticks are round: they need no more decimals than they have. */
const roundText = (tick: number, style: NumberStyle): string => style.plain(tick).replace(/\.0+$/, '');

function timeAxis({ points, definition }: ChartInput, plot: Plot, size: Size): readonly ComponentChild[] {
  const label = (x: number, text: string): readonly ComponentChild[] => [
    h('line', { class: 'tick', x1: x, x2: x, y1: plot.bottom, y2: plot.bottom + 5 }),
    h('text', { class: 'middle', x, y: plot.bottom + 19 }, text),
  ];
  const axis = h('line', { class: 'tick', x1: plot.left, x2: plot.right, y1: plot.bottom, y2: plot.bottom });
  const { window } = definition;
  if (window.kind === 'rolling') {
    const ticks = scaleUtc(plot.x.domain(), [0, 1]).ticks(size.labels).map(Number);
    const inside = ticks.filter((at) => plot.x(at) > plot.left + 16 && plot.x(at) < plot.right - 16);
    const stride = Math.ceil(inside.length / size.labels);
    const kept = inside.filter((_at, index) => index % stride === 0);
    return [axis, ...kept.flatMap((at) => label(plot.x(at), tickText(at)))];
  }
  const every = Math.ceil(points.length / size.labels);
  const shown = points.filter((_point, index) => (points.length - 1 - index) % every === 0);
  return [
    axis,
    ...shown.flatMap(({ slot, trend }, index) =>
      label(plot.x((slot.start + slot.end) / 2), axisText(window, trend.window, index === 0)),
    ),
  ];
}

function chosenBand({ points, chosen }: ChartInput, plot: Plot): readonly ComponentChild[] {
  const point = points.find(
    ({ trend }) => trend.window.start === chosen?.start && trend.window.end === chosen.end,
  );
  if (point === undefined) return [];
  const x = plot.x(point.slot.start);
  const width = plot.x(point.slot.end) - x;
  return [h('rect', { class: 'chosen-band', x, width, y: plot.top, height: plot.bottom - plot.top })];
}

/** Each line with its name and value beside it; on a phone with its value, named in the legend. */
function benchmarkLines(input: ChartInput, plot: Plot, { name }: Size): readonly ComponentChild[] {
  const known = input.benchmarks.flatMap((benchmark) =>
    benchmark.value === null ? [] : [{ benchmark, value: benchmark.value, y: plot.y(benchmark.value) }],
  );
  const lines = name === 'wide' ? 2 : 1;
  const places = spread(
    known.map(({ y }) => y),
    lines * 15,
    plot,
  );
  return known.flatMap(({ benchmark, value, y }, index) => {
    const at = places[index] ?? y;
    const text = (content: string, line: number): ComponentChild =>
      h('text', { x: plot.right + 6, y: at + 4 + line * 15 }, content);
    return [
      h('line', { class: 'benchmark', x1: plot.left, x2: plot.right, y1: y, y2: y }),
      ...(name === 'wide'
        ? [text(benchmarkName(benchmark), 0), text(input.style.withUnit(value), 1)]
        : [text(input.style.plain(value), 0)]),
    ];
  });
}

/** Heights at least `gap` apart, in the order given by size, within the drawing; each as near its own as that lets it. */
function spread(heights: readonly number[], gap: number, plot: Plot): readonly number[] {
  const places = [...heights];
  const order = heights.map((_height, index) => index).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0));
  let least = plot.top;
  order.forEach((index, rank) => {
    const most = plot.bottom - (order.length - 1 - rank) * gap - gap / 2;
    const place = Math.max(Math.min(heights[index] ?? 0, most), least);
    places[index] = place;
    least = place + gap;
  });
  return places;
}

/** The line through the values; broken where a window is missing or unknown. */
function seriesPath(points: readonly ChartPoint[], plot: Plot): string {
  const withGaps = points.flatMap((point, index) =>
    followsGap(point, points[index - 1]) ? [null, point] : [point],
  );
  const path = line<ChartPoint | null>()
    .defined((point) => point !== null && point.newest !== null)
    .x((point) => (point === null ? 0 : plot.x((point.slot.start + point.slot.end) / 2)))
    .y((point) => plot.y(point?.newest?.value ?? 0));
  return path(withGaps) ?? '';
}
