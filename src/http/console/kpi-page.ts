/** One KPI's page: the sentence to take away, its chart, its windows and groups, what it measures, and a derivation. */
import { type ComponentChild, h } from 'preact';
import type { Explanation, KpiView, TrendPoint } from '../../app/read-model.ts';
import type { Instant, Interval } from '../../core/time/interval.ts';
import { type ChartInput, chart } from './chart.ts';
import { chartPoints } from './chart-data.ts';
import { legend } from './chart-legend.ts';
import { agoText, instantText } from './dates.ts';
import { derivation } from './derivation.ts';
import { kpiLink } from './links.ts';
import { meaning } from './meaning.ts';
import { numberStyle } from './numbers.ts';
import { groupsTable, windowsTables } from './tables.ts';
import { verdictMark } from './verdict.ts';
import { groupText, numbersOf, QUALITY_WORDS, takeaway } from './words.ts';

export interface KpiPageInput {
  /** The KPI, or one of its groups by `focusOn`. */
  readonly view: KpiView;
  readonly trend: readonly TrendPoint[];
  readonly group: Readonly<Record<string, string>> | null;
  readonly explanation: Explanation | null;
  readonly asOf: Instant | null;
  /** The window that was asked for; null: the newest is explained. */
  readonly chosen: Interval | null;
}

/** The view narrowed to a group: its result, verdict and target, under a title that names it. */
export function focusOn(
  view: KpiView,
  group: Readonly<Record<string, string>> | null,
  trend: readonly TrendPoint[],
): KpiView {
  if (group === null) return view;
  const member = view.groups.find(({ result }) => groupText(result.group ?? {}) === groupText(group));
  const last = trend.at(-1);
  const newest = member?.result ?? last?.newest ?? null;
  return {
    ...view,
    definition: { ...view.definition, title: `${view.definition.title} (${groupText(group)})` },
    newest,
    status: member?.status ?? {
      verdict: newest?.verdict ?? 'unknown',
      reason: newest?.reason ?? 'no-value',
      sentence: null,
    },
    target: member?.target ?? last?.target ?? null,
    groups: [],
    benchmarks: [],
  };
}

const styleOf = ({ view, trend }: KpiPageInput) =>
  numberStyle(
    numbersOf([view.newest, ...trend.flatMap(({ first, newest }) => [first, newest])]),
    view.definition.unit,
  );

/** The sentence at the page's head, which is also its title. */
export const kpiTitle = (input: KpiPageInput): string => takeaway(input.view, styleOf(input));

export function kpiPage(input: KpiPageInput): readonly ComponentChild[] {
  const { view, trend, group, chosen } = input;
  const { definition } = view;
  const style = styleOf(input);
  const points = chartPoints(definition, trend);
  const drawn: ChartInput = {
    definition,
    points,
    benchmarks: view.benchmarks,
    style,
    title: takeaway(view, style),
    chosen,
  };
  return [
    h('p', { class: 'small' }, ...path(input)),
    view.missingDatasets.length > 0
      ? h('span', { class: 'verdict off' }, 'Not configured')
      : verdictMark(view.status.verdict),
    h('h1', null, drawn.title),
    reason(view),
    h('ul', { class: 'meta' }, ...facts(view).map((fact) => h('li', null, fact))),
    points.length === 0 ? null : h('figure', null, ...chart(drawn), legend(drawn)),
    groupsTable(view, style),
    ...(trend.length === 0
      ? []
      : [h('h2', null, 'Windows'), ...windowsTables({ definition, trend, group, chosen, style })]),
    meaning(definition),
    view.newest === null ? null : derivationOf(input),
  ];
}

const path = ({ view, group }: KpiPageInput): readonly ComponentChild[] => [
  h('a', { href: '/' }, 'All KPIs'),
  ...(group === null ? [] : [' / ', h('a', { href: kpiLink(view.definition.id) }, 'All groups')]),
];

function reason({ status, missingDatasets }: KpiView): ComponentChild {
  if (missingDatasets.length > 0) {
    const names = missingDatasets.map((name) => `‘${name}’`).join(', ');
    return h(
      'div',
      { class: 'notice' },
      h(
        'p',
        null,
        `The configuration has no dataset ${names}. Add it to clause9.yaml, and this KPI is measured.`,
      ),
    );
  }
  if (status.sentence === null) return null;
  return h('div', { class: 'notice unknown' }, h('p', null, status.sentence));
}

const facts = ({ definition, newest, ageMs }: KpiView): readonly string[] => [
  ...(definition.status === 'active' ? [] : [definition.status]),
  ...(newest === null
    ? []
    : [
        newest.final ? 'final' : 'provisional',
        `quality: ${QUALITY_WORDS[newest.quality]}`,
        `as of ${instantText(newest.asOf, definition.timeZone)}`,
      ]),
  ...(ageMs === null ? [] : [`window ended ${agoText(ageMs)}`]),
  ...(definition.roles.owner === undefined ? [] : [`owner: ${definition.roles.owner}`]),
  ...(definition.controls.length === 0 ? [] : [`controls: ${definition.controls.join(', ')}`]),
  `id: ${definition.id}`,
];

const derivationOf = ({ view, explanation, asOf, chosen, group }: KpiPageInput): ComponentChild =>
  derivation({
    definition: view.definition,
    explanation,
    asOf,
    selection: { group, ...(chosen === null ? {} : { window: chosen }), ...(asOf === null ? {} : { asOf }) },
  });
