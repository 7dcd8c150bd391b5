/** The key to a chart: only the marks that occur in it, and where its axis starts if not at zero. */
import { type ComponentChild, h } from 'preact';
import type { ChartInput } from './chart.ts';
import { axisDomain } from './chart-data.ts';

const swatch = (...content: readonly ComponentChild[]): ComponentChild =>
  h('svg', { viewBox: '0 0 18 14', 'aria-hidden': 'true' }, ...content);
const circle = (kind: string): ComponentChild => h('circle', { class: kind, cx: 9, cy: 7, r: 4.5 });
const block = (kind: string): ComponentChild => h('rect', { class: kind, width: 18, height: 14 });

type Entry = readonly [occurs: boolean, label: string, mark: ComponentChild];

export function legend(input: ChartInput): ComponentChild {
  const { points, benchmarks, definition, style } = input;
  const [start] = axisDomain(points, benchmarks, definition.unit);
  const known = points.filter(({ newest }) => newest !== null);
  const entries: readonly Entry[] = [
    [known.some(({ final }) => final), 'final', swatch(circle('final'))],
    [
      known.some(({ final }) => !final),
      'provisional, with how far it may still move',
      swatch(h('path', { class: 'whisker', d: 'M9,0V14M5,0H13M5,14H13' }), circle('provisional')),
    ],
    [points.some(({ first }) => first !== null), 'as first reported', swatch(circle('first'))],
    [
      known.length < points.length,
      'unknown',
      swatch(block('gap-band'), h('text', { class: 'gap', x: 9, y: 12 }, '?')),
    ],
    [points.some(({ trend }) => trend.target !== null), 'on target', swatch(block('band-on'))],
    [points.some(({ trend }) => trend.target?.atRisk != null), 'at risk', swatch(block('band-risk'))],
    ...benchmarks.map(
      ({ label, value }): Entry => [
        value !== null,
        `${label}: ${value === null ? '' : style.withUnit(value)}`,
        swatch(h('line', { class: 'benchmark', x1: 0, x2: 18, y1: 7, y2: 7 })),
      ],
    ),
  ];
  return h(
    'figcaption',
    { class: 'chart' },
    h(
      'ul',
      { class: 'legend' },
      ...entries.filter(([occurs]) => occurs).map(([, label, mark]) => h('li', null, mark, label)),
      start === 0 ? null : h('li', null, `The axis starts at ${style.withUnit(start)}.`),
    ),
  );
}
