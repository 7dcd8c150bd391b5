/** What a KPI measures, in words: its measures, formula, window, targets with their dates, and who answers for it. */
import { type ComponentChild, h } from 'preact';
import type {
  KpiDefinition,
  Measure,
  RecordAggregate,
  RecordsMeasure,
  Target,
} from '../../core/definition/model.ts';
import { formatFilter } from '../../core/filter/format.ts';
import type { Aggregate } from '../../core/measure/tally.ts';
import { dayText, durationText, windowSpecText } from './dates.ts';
import { countText } from './numbers.ts';
import { groupText, targetText } from './words.ts';

const COHORTS: Readonly<Record<RecordsMeasure['cohort'], string>> = {
  opened: 'opened in the window',
  closed: 'closed in the window',
  due: 'due in the window',
  'open-at-end': 'open at the window’s end',
};

function aggregateText(aggregate: Aggregate): string {
  switch (aggregate.type) {
    case 'count':
      return 'number of events';
    case 'distinct':
      return `number of different values of ${aggregate.field}`;
    case 'percentile':
      return `${aggregate.percentile}th percentile of ${aggregate.field}`;
    default:
      return `${aggregate.type} of ${aggregate.field}`;
  }
}

function recordAggregateText(aggregate: RecordAggregate): string {
  switch (aggregate.type) {
    case 'count':
      return aggregate.of === undefined
        ? 'number of records'
        : `number of records with ${formatFilter(aggregate.of)}`;
    case 'share':
      return `share of records with ${formatFilter(aggregate.of)}`;
    case 'within':
      return `share of records closed within ${durationText(aggregate.limitMs)} of opening`;
    case 'within-due':
      return 'share of records closed by their due time';
    case 'duration':
      return `${percentileText(aggregate.percentile)} of the time from opening to closing, in ${aggregate.unit}`;
    case 'age':
      return `${percentileText(aggregate.percentile)} of the time since opening, in ${aggregate.unit}`;
  }
}

const percentileText = (percentile: number): string =>
  percentile === 50 ? 'median' : `${percentile}th percentile`;

/** A measure as one sentence: what is counted, of what, under which condition. */
export function measureText(measure: Measure): string {
  if (measure.kind === 'query')
    return `${measure.value}, by a query in ${measure.language} over ${measure.dataset}`;
  const where = measure.where.op === 'everything' ? '' : `, where ${formatFilter(measure.where)}`;
  if (measure.kind === 'events') return `${aggregateText(measure.aggregate)} in ${measure.dataset}${where}`;
  const decided = measure.decidedWhen === null ? '' : `; settled once ${formatFilter(measure.decidedWhen)}`;
  const followed = measure.followUpMs === 0 ? '' : `; followed for ${durationText(measure.followUpMs)} more`;
  return `${recordAggregateText(measure.aggregate)} in ${measure.dataset}, ${COHORTS[measure.cohort]}${where}${decided}${followed}`;
}

const targetLine = (target: Target, unit: string): string =>
  `${[
    `from ${dayText(target.from)}`,
    ...(target.until === null ? [] : [`to ${dayText(target.until)}`]),
    ...(target.for === null ? [] : [`for ${groupText(target.for)}`]),
  ].join(' ')}: ${targetText(target, unit)}`;

const list = (lines: readonly string[]): ComponentChild =>
  h('ul', null, ...lines.map((line) => h('li', null, line)));

const DIRECTIONS: Readonly<Record<KpiDefinition['direction'], string>> = {
  'higher-is-better': 'higher is better',
  'lower-is-better': 'lower is better',
  'within-range': 'best within a range',
};

/** Facts that the definition states; what it leaves out is left out. */
function facts(definition: KpiDefinition): readonly (readonly [string, ComponentChild])[] {
  const { roles, minimumSample, requirement } = definition;
  const all: readonly (readonly [string, ComponentChild])[] = [
    ['Question', definition.informationNeed],
    [
      'Measures',
      h(
        'ul',
        null,
        ...Object.entries(definition.measures).map(([name, measure]) =>
          h('li', null, h('code', null, name), `: ${measureText(measure)}`),
        ),
      ),
    ],
    ['Formula', h('code', null, definition.formula)],
    ['Unit', `${definition.unit}, ${DIRECTIONS[definition.direction]}`],
    ['Window', windowSpecText(definition.window)],
    ['Groups', definition.groupBy.length === 0 ? null : `by ${definition.groupBy.join(', ')}`],
    ['Minimum sample', minimumSample && `${countText(minimumSample.atLeast)} of ${minimumSample.measure}`],
    [
      'Targets',
      definition.targets.length === 0
        ? 'none'
        : list(definition.targets.map((target) => targetLine(target, definition.unit))),
    ],
    [
      'Controls',
      definition.controls.length === 0 ? null : `ISO/IEC 27002: ${definition.controls.join(', ')}`,
    ],
    [
      'Evidence for',
      requirement &&
        Object.entries(requirement)
          .map(([name, value]) => `${name} ${value}`)
          .join(', '),
    ],
    [
      'Roles',
      Object.keys(roles).length === 0
        ? null
        : list(Object.entries(roles).map(([role, person]) => `${role}: ${person}`)),
    ],
    ['Approved', definition.approved && `by ${definition.approved.by} on ${dayText(definition.approved.on)}`],
    ['Review', definition.reviewEveryMs === null ? null : `every ${durationText(definition.reviewEveryMs)}`],
    ['Runbook', definition.runbook === null ? null : runbookLink(definition.runbook)],
  ];
  return all.filter(([, content]) => content !== null);
}

/** Only web addresses become links: a definition must not bring a script into the page. */
const runbookLink = (runbook: string): ComponentChild =>
  /^https?:\/\//i.test(runbook) ? h('a', { href: runbook, rel: 'noreferrer' }, runbook) : runbook;

export const meaning = (definition: KpiDefinition): ComponentChild =>
  h(
    'section',
    null,
    h('h2', null, 'What it measures'),
    h(
      'dl',
      { class: 'facts' },
      ...facts(definition).flatMap(([name, content]) => [h('dt', null, name), h('dd', null, content)]),
    ),
  );
