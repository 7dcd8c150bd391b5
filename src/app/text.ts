/** What the commands print: the table of verdicts and the tree of a derivation. Colours only where a terminal reads. */

import type { Target } from '../core/definition/model.ts';
import type { Verdict } from '../core/result/model.ts';
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
export function verdictTable(views: readonly KpiView[], { color }: TextOptions): string {
  const rows = views.map((view) => cells(view));
  const head = ['verdict', 'KPI', 'value', 'target', 'window', 'known'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const lines = views.map((view, index) => {
    const text = line(rows[index] ?? []);
    const width = widths[0] ?? 0;
    const sentence = view.status.sentence === null ? '' : `\n   ${view.status.sentence}`;
    return paint(text.slice(0, width), COLOURS[view.status.verdict], color) + text.slice(width) + sentence;
  });
  return [line(head), ...lines].join('\n');
}

function cells({ definition, newest, status, target, missingDatasets }: KpiView): string[] {
  const verdict = `${SYMBOLS[status.verdict]} ${status.verdict}`;
  if (missingDatasets.length > 0)
    return ['– not configured', definition.id, '', '', '', `needs ${missingDatasets.join(', ')}`];
  if (newest === null) return [verdict, definition.id, '', '', '', ''];
  const unit = definition.unit === 'percent' ? ' %' : definition.unit === '' ? '' : ` ${definition.unit}`;
  const value = newest.value === null ? 'unknown' : `${figure(newest.value)}${unit}`;
  const isExact = newest.lower === newest.upper && newest.lower !== null;
  const bounds = newest.value === null || isExact ? '' : ` (${bound(newest.lower)}–${bound(newest.upper)})`;
  const known = newest.quality === 'complete' ? (newest.final ? 'final' : 'provisional') : newest.quality;
  return [
    verdict,
    definition.id,
    value + bounds,
    promised(target),
    windowText(newest, definition.timeZone),
    known,
  ];
}

function promised(target: Target | null): string {
  if (target === null) return '';
  const { onTarget } = target;
  return onTarget.op === 'between' ? `${onTarget.low}–${onTarget.high}` : formatCondition(onTarget);
}

/** Two decimals below 1,000, none above. */
export const figure = (value: number): string =>
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
