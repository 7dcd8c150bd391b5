/** What the commands print: the table of verdicts and the tree of a derivation. Colours only where a terminal reads. */

import type { Target } from '../core/definition/model.ts';
import type { Result, Verdict } from '../core/result/model.ts';
import { DAY, formatDuration, type Interval } from '../core/time/interval.ts';
import { localDay } from '../core/time/zone.ts';
import { formatCondition } from '../core/verdict/condition.ts';
import type { Derivation, KpiView } from './read-model.ts';

const SYMBOLS: Readonly<Record<Verdict, string>> = {
  'on-target': '✔',
  'at-risk': '▲',
  'off-target': '✘',
  unknown: '?',
};
const COLOURS: Readonly<Record<Verdict, number>> = {
  'on-target': 32,
  'at-risk': 33,
  'off-target': 31,
  unknown: 35,
};

const paint = (text: string, colour: number, isOn: boolean): string =>
  isOn ? `\u001b[${colour}m${text}\u001b[39m` : text;

interface TextOptions {
  readonly color: boolean;
}

/** One line a KPI, what needs a decision first; fits 100 columns. */
export function verdictTable(all: readonly KpiView[], { color }: TextOptions): string {
  const views = all.filter(({ missingDatasets }) => missingDatasets.length === 0);
  const head = ['verdict', 'KPI', 'value', 'target', 'window', 'known'];
  const [first = '', ...rows] = aligned([head, ...views.map(cells)], [2]).split('\n');
  const lines = rows.map((row, index) => {
    const { verdict = 'unknown', sentence = null } = views[index]?.status ?? {};
    const width = `${SYMBOLS[verdict]} ${verdict}`.length;
    const painted = paint(row.slice(0, width), COLOURS[verdict], color) + row.slice(width);
    return sentence === null ? painted : `${painted}\n   ${sentence}`;
  });
  const lacking = all.length - views.length;
  const told =
    lacking === 0
      ? []
      : [`– ${lacking} not configured: their datasets are lacking, as \`clause9 validate\` tells`];
  return [...(views.length === 0 ? [] : [first]), ...lines, ...told].join('\n');
}

/** Lines with their columns under one another; `right`: the columns of figures. */
export function aligned(lines: readonly (readonly string[])[], right: readonly number[]): string {
  const widths: number[] = [];
  for (const line of lines)
    for (const [at, text] of line.entries()) widths[at] = Math.max(widths[at] ?? 0, text.length);
  const pad = (text: string, at: number) =>
    right.includes(at) ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0);
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}

function cells({ definition, newest, status, target }: KpiView): string[] {
  const verdict = `${SYMBOLS[status.verdict]} ${status.verdict}`;
  if (newest === null) return [verdict, definition.id, '', '', '', ''];
  const unit = definition.unit === 'percent' ? ' %' : isSpoken(definition.unit) ? ` ${definition.unit}` : '';
  const value = newest.value === null ? 'unknown' : valueText(newest, unit);
  return [
    verdict,
    definition.id,
    value,
    promised(target),
    windowText(newest, definition.timeZone),
    knownText(newest),
  ];
}

/** With its bounds, where they differ. */
export function valueText({ value, lower, upper }: Result, unit = ''): string {
  const shown = `${bound(value)}${unit}`;
  return lower === value && upper === value ? shown : `${shown} (${bound(lower)}–${bound(upper)})`;
}

/** How far it can be trusted: its quality, where that is the best whether it may still change. */
export const knownText = ({ quality, final }: Result): string =>
  quality === 'complete' ? (final ? 'final' : 'provisional') : quality;

/** A count says itself what it is. */
export const isSpoken = (unit: string): boolean => unit !== '' && unit !== 'count';

function promised(target: Target | null): string {
  if (target === null) return '';
  const { onTarget } = target;
  return onTarget.op === 'between' ? `${onTarget.low}–${onTarget.high}` : formatCondition(onTarget);
}

/** Two decimals below 1,000, none above. */
const figure = (value: number): string =>
  Math.abs(value) >= 1000 || Number.isInteger(value)
    ? Math.round(value).toLocaleString('en')
    : value.toFixed(2);

const bound = (value: number | null): string => (value === null ? '…' : figure(value));

/** `2016-03` for a month, else its end and length: `2016-03-07 7d`; days of the KPI's zone. */
function windowText({ start, end }: Interval, timeZone: string): string {
  const [from, to] = [localDay(start, timeZone), localDay(end, timeZone)];
  const isMonth =
    from.endsWith('-01') && to.endsWith('-01') && end - start < 32 * DAY && end - start > 27 * DAY;
  return isMonth ? from.slice(0, 7) : `${to} ${formatDuration(end - start)}`;
}

/** A tree with one node a line; a node's text that runs over lines is indented with it. */
export function derivationTree(tree: Derivation): string {
  const lines: string[] = [];
  const add = (node: Derivation, prefix: string, childPrefix: string) => {
    const text = node.value === null ? node.label : `${node.label}: ${node.value}`;
    const found = node.link === undefined ? text : `${text}\n<${node.link}>`;
    lines.push(prefix + found.split('\n').join(`\n${childPrefix}  `));
    node.children.forEach((child, index) => {
      const isLast = index === node.children.length - 1;
      add(child, `${childPrefix}${isLast ? '└ ' : '├ '}`, `${childPrefix}${isLast ? '  ' : '│ '}`);
    });
  };
  add(tree, '', '');
  return lines.join('\n');
}
