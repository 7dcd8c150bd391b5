/** A KPI's windows and groups as tables: the figures behind the chart, each with a link to its derivation. */
import { type ComponentChild, h } from 'preact';
import type { KpiView, TrendPoint } from '../../app/read-model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import type { Result } from '../../core/result/model.ts';
import type { Interval } from '../../core/time/interval.ts';
import { type Standing, standing } from '../standing.ts';
import { instantText, windowText } from './dates.ts';
import { derivationLink, kpiLink, type Selection } from './links.ts';
import { conditionText, countText, type NumberStyle } from './numbers.ts';
import { verdictMark } from './verdict.ts';
import { boundsText, groupText, QUALITY_WORDS } from './words.ts';

type Group = Readonly<Record<string, string>> | null;

/** As many windows as are shown before one asks for more. */
const FIRST_ROWS = 12;

const head = (columns: readonly (readonly [string, string])[]): ComponentChild =>
  h(
    'thead',
    null,
    h('tr', null, ...columns.map(([label, kind]) => h('th', { scope: 'col', class: kind }, label))),
  );

/** Said once for the table where it is too long for each row. */
const unitNote = ({ longUnit }: NumberStyle): string => (longUnit === null ? '' : ` Values in ${longUnit}.`);

const cell = (label: string, content: ComponentChild, kind = ''): ComponentChild =>
  h('td', { class: content === null ? `${kind} empty` : kind, 'data-label': label }, content);

const number = (shown: Standing | null, style: NumberStyle, link: string): ComponentChild =>
  h('a', { href: link }, shown === null ? 'not known' : style.inColumn(shown.value));

export interface WindowsInput {
  readonly definition: KpiDefinition;
  readonly trend: readonly TrendPoint[];
  readonly group: Group;
  readonly chosen: Interval | null;
  readonly style: NumberStyle;
}

const WINDOW_COLUMNS = [
  ['Window', ''],
  ['Value', 'number'],
  ['Bounds', 'number'],
  ['Sample', 'number'],
  ['Undecided', 'number'],
  ['Quality', ''],
  ['Verdict', ''],
  ['As of', ''],
  ['First reported', 'number'],
] as const;

/** The windows, newest first; older ones behind a fold. */
export function windowsTables(input: WindowsInput): readonly ComponentChild[] {
  const rows = [...input.trend].reverse();
  const older = rows.slice(FIRST_ROWS);
  return [
    windowsTable(input, rows.slice(0, FIRST_ROWS), 'Newest first. Each value leads to its derivation.'),
    older.length === 0
      ? null
      : h(
          'details',
          { class: 'more' },
          h('summary', null, `${countText(older.length)} older windows`),
          windowsTable(input, older, 'Older windows.'),
        ),
  ];
}

const windowsTable = (input: WindowsInput, points: readonly TrendPoint[], caption: string): ComponentChild =>
  h(
    'table',
    { class: 'small windows' },
    h('caption', null, `${caption}${unitNote(input.style)}`),
    head(WINDOW_COLUMNS),
    h('tbody', null, ...points.map((point) => windowRow(input, point))),
  );

function windowRow({ definition, group, chosen, style }: WindowsInput, point: TrendPoint): ComponentChild {
  const { window, newest, first } = point;
  const shown = standing(newest, newest);
  const isChosen = chosen?.start === window.start && chosen.end === window.end;
  const link = (more: Selection): string => derivationLink(definition.id, { group, window, ...more });
  return h(
    'tr',
    { class: isChosen ? 'chosen' : '' },
    h('th', { scope: 'row' }, windowText(definition.window, window)),
    cell('Value', number(shown, style, link({})), 'number'),
    cell('Bounds', shown === null ? null : boundsText(shown, style), 'number'),
    cell('Sample', countText(newest.sample), 'number'),
    cell('Undecided', countText(newest.undecided), 'number'),
    cell('Quality', QUALITY_WORDS[newest.quality]),
    cell('Verdict', verdictCell(newest)),
    cell(
      'As of',
      `${instantText(newest.asOf, definition.timeZone)}${newest.final ? ', final' : ', provisional'}`,
    ),
    cell('First reported', firstReported(point, style, link({ asOf: first.asOf })), 'number'),
  );
}

const verdictCell = (result: Result): ComponentChild =>
  h(
    'span',
    null,
    verdictMark(result.verdict),
    result.retroactive ? h('span', { class: 'sub' }, 'by a target set afterwards') : null,
  );

function firstReported({ first, newest }: TrendPoint, style: NumberStyle, link: string): ComponentChild {
  if (first.id === newest.id) return null;
  const shown = standing(first, first);
  const bounds = shown === null ? null : boundsText(shown, style);
  return h(
    'span',
    null,
    number(shown, style, link),
    bounds === null ? null : h('span', { class: 'sub' }, bounds),
  );
}

const GROUP_COLUMNS = [
  ['Group', ''],
  ['Value', 'number'],
  ['Bounds', 'number'],
  ['Target', ''],
  ['Sample', 'number'],
  ['Quality', ''],
  ['Verdict', ''],
] as const;

/** The groups of the newest window, worst first; nothing for a KPI without. */
export function groupsTable({ definition, groups }: KpiView, style: NumberStyle): ComponentChild {
  if (groups.length === 0) return null;
  return h(
    'section',
    null,
    h('h2', null, 'Groups'),
    h(
      'table',
      { class: 'small' },
      h(
        'caption',
        null,
        `By ${definition.groupBy.join(', ')} in the newest window, worst first.${unitNote(style)}`,
      ),
      head(GROUP_COLUMNS),
      h('tbody', null, ...groups.map((group) => groupRow(definition, group, style))),
    ),
  );
}

function groupRow(
  definition: KpiDefinition,
  { result, status, target }: KpiView['groups'][number],
  style: NumberStyle,
): ComponentChild {
  const shown = standing(result, status);
  const window = { start: result.start, end: result.end };
  const { group } = result;
  return h(
    'tr',
    null,
    h('th', { scope: 'row' }, h('a', { href: kpiLink(definition.id, { group }) }, groupText(group ?? {}))),
    cell('Value', number(shown, style, derivationLink(definition.id, { group, window })), 'number'),
    cell('Bounds', shown === null ? null : boundsText(shown, style), 'number'),
    cell('Target', target === null ? 'none' : conditionText(target.onTarget, definition.unit)),
    cell('Sample', countText(result.sample), 'number'),
    cell('Quality', QUALITY_WORDS[result.quality]),
    cell(
      'Verdict',
      h(
        'span',
        null,
        verdictMark(status.verdict),
        status.sentence === null ? null : h('span', { class: 'sub' }, status.sentence),
      ),
    ),
  );
}
