/** The first page: every KPI, first those that need a decision, at the end and quietly those not configured. */
import { type ComponentChild, h } from 'preact';
import type { KpiView } from '../../app/read-model.ts';
import type { Result, Verdict } from '../../core/result/model.ts';
import type { Instant } from '../../core/time/interval.ts';
import { standing } from '../standing.ts';
import { agoText, instantText, windowText } from './dates.ts';
import { derivationLink, kpiLink } from './links.ts';
import { conditionText, countText, type NumberStyle, numberStyle } from './numbers.ts';
import { sparkline } from './sparkline.ts';
import { verdictMark } from './verdict.ts';
import { benchmarkName, boundsText, numbersOf, QUALITY_WORDS, VERDICT_WORDS } from './words.ts';

export interface HomeInput {
  readonly kpis: readonly KpiView[];
  readonly sparklines: ReadonlyMap<string, readonly Result[]>;
  readonly now: Instant;
}

const SECTIONS: readonly { readonly title: string; readonly verdicts: readonly Verdict[] }[] = [
  { title: 'Needs a decision', verdicts: ['off-target', 'unknown'] },
  { title: 'At risk', verdicts: ['at-risk'] },
  { title: 'On target', verdicts: ['on-target'] },
];

/** The sentence at its head, which is also the page's title. */
export function homeTitle(kpis: readonly KpiView[]): string {
  const configured = kpis.filter(isConfigured);
  const open = configured.filter(
    ({ status }) => status.verdict === 'off-target' || status.verdict === 'unknown',
  );
  if (configured.length === 0) return 'No KPI is configured yet';
  if (open.length === 0) return `None of ${configured.length} KPIs needs a decision`;
  return `${open.length} of ${configured.length} KPIs ${open.length === 1 ? 'needs' : 'need'} a decision`;
}

export function homePage({ kpis, sparklines, now }: HomeInput): readonly ComponentChild[] {
  const configured = kpis.filter(isConfigured);
  return [
    h('h1', null, homeTitle(kpis)),
    h(
      'p',
      { class: 'muted' },
      `${[tally(configured), `as of ${instantText(now, 'UTC')}`].filter(Boolean).join(', ')}`,
    ),
    ...SECTIONS.map(({ title, verdicts }) =>
      section(
        title,
        configured.filter(({ status }) => verdicts.includes(status.verdict)),
        sparklines,
      ),
    ),
    notConfigured(kpis.filter((view) => !isConfigured(view))),
  ];
}

const isConfigured = (view: KpiView): boolean => view.missingDatasets.length === 0;

const tally = (kpis: readonly KpiView[]): string =>
  (['off-target', 'unknown', 'at-risk', 'on-target'] as const)
    .map((verdict) => ({ verdict, count: kpis.filter(({ status }) => status.verdict === verdict).length }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${count} ${VERDICT_WORDS[verdict].toLowerCase()}`)
    .join(', ');

function section(
  title: string,
  kpis: readonly KpiView[],
  sparklines: ReadonlyMap<string, readonly Result[]>,
): ComponentChild {
  if (kpis.length === 0) return null;
  const headlinesFirst = [...kpis].sort(
    (a, b) => Number(b.definition.headline) - Number(a.definition.headline),
  );
  return h(
    'section',
    null,
    h('h2', null, `${title} `, h('span', { class: 'muted' }, countText(kpis.length))),
    h(
      'table',
      { class: 'kpis' },
      h('caption', { class: 'hidden' }, `KPIs: ${title.toLowerCase()}`),
      h(
        'thead',
        null,
        h('tr', null, ...COLUMNS.map(([name, label]) => h('th', { class: name, scope: 'col' }, label))),
      ),
      h('tbody', null, ...headlinesFirst.map((view) => row(view, sparklines.get(view.definition.id) ?? []))),
    ),
  );
}

const COLUMNS = [
  ['c-verdict', 'Verdict'],
  ['c-kpi', 'KPI'],
  ['c-value number', 'Value'],
  ['c-trend', 'Trend'],
  ['c-target', 'Target, benchmark'],
  ['c-quality', 'Quality and age'],
] as const;

function row(view: KpiView, trend: readonly Result[]): ComponentChild {
  const style = numberStyle(numbersOf([view.newest, ...trend]), view.definition.unit);
  const line = sparkline(trend, view, style);
  return h(
    'tr',
    null,
    h('td', { class: 'c-verdict' }, verdictMark(view.status.verdict), changed(view, trend)),
    nameCell(view),
    h('td', { class: 'c-value number' }, ...valueCell(view, style)),
    h('td', { class: line === null ? 'c-trend empty' : 'c-trend', 'data-label': 'Trend' }, line),
    targetCell(view, style),
    qualityCell(view),
  );
}

/** What the window before said, where it said otherwise. */
function changed({ status }: KpiView, trend: readonly Result[]): ComponentChild {
  const before = trend.at(-2)?.verdict;
  if (before === undefined || before === status.verdict) return null;
  return h('span', { class: 'sub' }, `before: ${VERDICT_WORDS[before].toLowerCase()}`);
}

const nameCell = ({ definition, status, newest }: KpiView): ComponentChild =>
  h(
    'th',
    { class: 'c-kpi', scope: 'row' },
    h('a', { href: kpiLink(definition.id) }, definition.title),
    status.sentence === null ? null : h('span', { class: 'why' }, status.sentence),
    h(
      'span',
      { class: 'sub' },
      [
        ...(definition.headline ? ['headline'] : []),
        ...(definition.status === 'active' ? [] : [definition.status]),
        ...(newest === null ? [] : [windowText(definition.window, newest)]),
      ].join(' · '),
    ),
  );

function valueCell({ definition, newest, status }: KpiView, style: NumberStyle): readonly ComponentChild[] {
  const shown = standing(newest, status);
  if (newest === null) return [h('span', { class: 'muted' }, 'none yet')];
  const link = derivationLink(definition.id, { window: { start: newest.start, end: newest.end } });
  if (shown === null) return [h('a', { href: link, class: 'value' }, 'not known')];
  const bounds = boundsText(shown, style);
  return [
    h('a', { href: link, class: 'value', title: 'How this number came about' }, style.inColumn(shown.value)),
    ...(style.longUnit === null ? [] : [' ', h('span', { class: 'unit' }, style.longUnit)]),
    ...(newest.final ? [] : [h('span', { class: 'sub' }, 'provisional')]),
    ...(bounds === null ? [] : [h('span', { class: 'sub' }, bounds)]),
  ];
}

const targetCell = ({ definition, target, benchmarks }: KpiView, style: NumberStyle): ComponentChild =>
  h(
    'td',
    { class: 'c-target', 'data-label': 'Target' },
    h(
      'span',
      null,
      target === null
        ? h('span', { class: 'muted' }, 'none')
        : conditionText(target.onTarget, definition.unit),
      ...benchmarks.flatMap((benchmark) =>
        benchmark.value === null
          ? []
          : [h('span', { class: 'sub' }, `${benchmarkName(benchmark)}: ${style.inColumn(benchmark.value)}`)],
      ),
    ),
  );

const qualityCell = ({ newest, ageMs }: KpiView): ComponentChild =>
  h(
    'td',
    { class: 'c-quality', 'data-label': 'Quality' },
    h(
      'span',
      null,
      newest === null ? h('span', { class: 'muted' }, 'no data yet') : QUALITY_WORDS[newest.quality],
      ageMs === null ? null : h('span', { class: 'sub' }, `ended ${agoText(ageMs)}`),
    ),
  );

function notConfigured(kpis: readonly KpiView[]): ComponentChild {
  if (kpis.length === 0) return null;
  return h(
    'section',
    { class: 'quiet small' },
    h('h2', null, `Not configured ${countText(kpis.length)}`),
    h(
      'ul',
      null,
      ...kpis.map(({ definition, missingDatasets }) =>
        h(
          'li',
          null,
          h('a', { href: kpiLink(definition.id) }, definition.title),
          `: the configuration has no dataset ${missingDatasets.map((name) => `‘${name}’`).join(', ')}`,
        ),
      ),
    ),
  );
}
