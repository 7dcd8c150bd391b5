/** A security team's KPIs with every state that a page or a metric must show: the data of the fake read model. */
import type { BenchmarkValue } from '../../src/app/read-model.ts';
import type { KpiDefinition } from '../../src/core/definition/model.ts';
import type { Filter } from '../../src/core/filter/model.ts';
import type { Reason, Result } from '../../src/core/result/model.ts';
import { DAY, HOUR, type Interval } from '../../src/core/time/interval.ts';
import { fakeDefinition, fakeResult, fakeTarget, fakeTargetAt, fakeVerdict, months, rolling } from './kpi.ts';

export const FAKE_NOW = Date.UTC(2016, 5, 2, 6);

/** A unit that is longer than its number. */
const updates = fakeDefinition({
  id: 'updates-per-incident',
  title: 'Updates that an incident takes',
  unit: 'updates per incident',
  direction: 'lower-is-better',
  window: { kind: 'rolling', lengthMs: 14 * DAY, everyMs: DAY },
  targets: [fakeTarget({ op: '<=', limit: 3 }, { op: '<=', limit: 4 })],
});

/** One window and group of a KPI, with all its revisions, oldest first. */
export type Revisions = readonly [Result, ...Result[]];

export interface FakeKpi {
  readonly definition: KpiDefinition;
  readonly windows: readonly Revisions[];
  readonly benchmarks?: readonly BenchmarkValue[];
  readonly missingDatasets?: readonly string[];
  /** The status now, where it is not the newest result's. */
  readonly now?: { readonly verdict: 'unknown'; readonly reason: Reason };
}

/** Final results with the verdict that the definition's target gives; null: unknown for the reason. */
function series(
  definition: KpiDefinition,
  windows: readonly Interval[],
  values: readonly (number | Reason)[],
  group: Readonly<Record<string, string>> | null = null,
): Revisions[] {
  return windows.map((window, index) => {
    const value = values[index % values.length] ?? 0;
    const common = { kpi: definition.id, ...window, group };
    if (typeof value === 'string') {
      const quality =
        value === 'missing' || value === 'silent' || value === 'small-sample' ? value : 'complete';
      return [fakeResult({ ...common, value: null, verdict: 'unknown', reason: value, quality, sample: 0 })];
    }
    const target = fakeTargetAt(definition, window, group);
    const verdict = fakeVerdict(value, target);
    return [fakeResult({ ...common, value, verdict, reason: target === null ? 'no-target' : null })];
  });
}

const test = (field: string, literal: string): Filter => ({
  op: 'test',
  field,
  predicate: { kind: 'text', pattern: [{ literal }], cased: false },
});

const sla = fakeDefinition({
  id: 'sla-attainment',
  title: 'Share of incidents resolved within their SLA',
  informationNeed: 'Are incidents handled as fast as we promised?',
  headline: true,
  controls: ['A.5.26', 'A.5.24'],
  requirement: { objective: 'OBJ-2', policy: 'POL-INC 4.1' },
  roles: { owner: 'service-desk-lead', collector: 'soc', analyst: 'soc-lead', customer: 'ciso' },
  labels: { team: 'service-desk' },
  runbook: 'https://wiki.example.org/runbooks/sla-attainment',
  measures: {
    attained: {
      kind: 'records',
      dataset: 'incidents',
      where: { op: 'everything' },
      cohort: 'closed',
      aggregate: { type: 'share', of: test('made_sla', 'true') },
      decidedWhen: test('state', 'Closed'),
      followUpMs: 0,
    },
  },
  formula: '100.0 * attained',
  targets: [
    fakeTarget({ op: '>=', limit: 55 }, { op: '>=', limit: 45 }, { until: '2015-12-31' }),
    fakeTarget({ op: '>=', limit: 50 }, { op: '>=', limit: 40 }, { from: '2016-01-01' }),
  ],
});

/** Each month as first reported on its first morning, then final; the last two still provisional. */
function slaWindows(): Revisions[] {
  const firsts = [61.2, 58.4, 63.0, 60.9, 57.7, 0, 59.3, 55.2, 54.4, 53.1, 52.2, 51.7];
  const finals = [57.9, 55.1, 56.6, 58.0, 52.4, 0, 51.9, 47.0, 44.8, 42.53, 46.1, 51.7];
  return months(FAKE_NOW - 2 * DAY, 12).map((window, index): Revisions => {
    const common = { kpi: sla.id, ...window };
    if (index === 5)
      return [
        fakeResult({
          ...common,
          value: null,
          verdict: 'unknown',
          reason: 'missing',
          quality: 'missing',
          sample: 0,
        }),
      ];
    const first = firsts[index] ?? 0;
    const provisional = fakeResult({
      ...common,
      value: first,
      lower: index === 9 ? 31 : first - 21 + index / 2,
      upper: index === 9 ? 53.11 : first + index / 40,
      sample: 6878,
      undecided: 1521,
      verdict: 'unknown',
      reason: 'undecided',
      final: false,
      asOf: window.end,
    });
    if (index === 11) return [provisional];
    const value = finals[index] ?? 0;
    const revised = fakeResult({
      ...common,
      value,
      lower: index === 10 ? value - 1.5 : value,
      upper: index === 10 ? value + 1.1 : value,
      sample: 6878,
      undecided: index === 10 ? 140 : 0,
      verdict: fakeVerdict(value, fakeTargetAt(sla, window, null)),
      final: index !== 10,
      asOf: window.end + 45 * DAY > FAKE_NOW ? FAKE_NOW - HOUR : window.end + 45 * DAY,
      supersedes: provisional.id,
    });
    return [provisional, revised];
  });
}

const failed = fakeDefinition({
  id: 'failed-logon-ratio',
  title: 'Share of interactive logons that fail',
  informationNeed: 'Do password guessing or broken sign-on go unnoticed?',
  headline: true,
  controls: ['A.8.5', 'A.8.16'],
  labels: { team: 'iam' },
  direction: 'lower-is-better',
  measures: {
    failed: {
      kind: 'events',
      dataset: 'authentication',
      where: { op: 'and', of: [test('event.action', 'logon'), test('event.outcome', 'failure')] },
      aggregate: { type: 'count' },
    },
    all: {
      kind: 'events',
      dataset: 'authentication',
      where: test('event.action', 'logon'),
      aggregate: { type: 'count' },
    },
  },
  formula: '100.0 * failed / all',
  groupBy: ['user.domain'],
  window: { kind: 'rolling', lengthMs: DAY, everyMs: HOUR },
  minimumSample: { measure: 'all', atLeast: 50 },
  targets: [
    fakeTarget({ op: '<=', limit: 5 }, { op: '<=', limit: 8 }),
    fakeTarget({ op: '<=', limit: 1 }, { op: '<=', limit: 2 }, { for: { 'user.domain': 'ADMIN' } }),
  ],
});
const failedWindows = rolling(FAKE_NOW, 48, DAY, HOUR);

const plain = (
  fields: Partial<KpiDefinition> & { readonly id: string },
  values: readonly (number | Reason)[],
  more: Partial<FakeKpi> = {},
): FakeKpi => {
  const definition = fakeDefinition(fields);
  return {
    definition,
    windows: series(definition, months(FAKE_NOW - 2 * DAY, values.length), values),
    ...more,
  };
};

export const fakeKpis = (): readonly FakeKpi[] => [
  {
    definition: sla,
    windows: slaWindows(),
    benchmarks: [
      { benchmark: { kind: 'historic', basis: 'previous-window' }, label: 'previous month', value: 46.1 },
      {
        benchmark: {
          kind: 'industry',
          value: 80,
          unit: 'percent',
          source: 'Service Desk Survey',
          year: 2015,
          comparability: 'C',
        },
        label: 'industry (Service Desk Survey, 2015, class C)',
        value: 80,
      },
    ],
  },
  {
    definition: failed,
    windows: [
      ...series(failed, failedWindows, [8.9, 9.4, 9.2, 4.1, 4.4, 4.2, 5.6, 6.3, 7.7]),
      ...series(failed, failedWindows, [0.4, 0.6, 1.4], { 'user.domain': 'ADMIN' }),
      ...series(failed, failedWindows, [9.4, 11.2, 12.6], { 'user.domain': 'CORP' }),
      ...series(failed, failedWindows, ['small-sample'], { 'user.domain': 'LAB' }),
      ...series(failed, failedWindows, [2.2, 2.0], { 'user.domain': '(none)' }),
    ],
    benchmarks: [
      {
        benchmark: { kind: 'historic', basis: 'mean-of-last', windows: 7 },
        label: 'mean of the last 7',
        value: 5.2,
      },
    ],
  },
  {
    definition: updates,
    windows: series(updates, rolling(FAKE_NOW, 60, 14 * DAY, DAY), [3.3, 3.6, 3.1, 2.8, 3.2]),
  },
  plain(
    {
      id: 'median-time-to-resolve',
      title:
        'Median time from opening an incident to resolving it, over all priorities and teams, working hours and weekends alike',
      unit: 'hours',
      direction: 'lower-is-better',
      headline: true,
      targets: [fakeTarget({ op: '<=', limit: 24 }, { op: '<=', limit: 36 })],
    },
    [31, 28, 27.5, 26, 22, 23.4, 21, 19.8, 20.4, 18.2, 17.9, 18.06],
  ),
  plain(
    {
      id: 'privileged-accounts',
      title: 'Domain administrators',
      unit: 'accounts',
      direction: 'within-range',
      controls: ['A.8.2'],
      targets: [fakeTarget({ op: 'between', low: 3, high: 5 }, { op: 'between', low: 2, high: 7 })],
    },
    [8, 7, 7, 6, 6, 5, 5, 5, 5, 4, 4, 4],
  ),
  plain(
    {
      id: 'phishing-report-rate',
      title: 'Share of simulated phishing mails that are reported',
      targets: [fakeTarget({ op: '>=', limit: 70 }, { op: '>=', limit: 60 })],
    },
    [48, 52, 55, 58, 61, 60, 63, 66, 64, 67, 66, 65.4],
  ),
  plain(
    {
      id: 'backlog',
      title: 'Incidents open at the month’s end',
      unit: 'incidents',
      direction: 'lower-is-better',
      targets: [fakeTarget({ op: '<=', limit: 500 }, null)],
    },
    [1204, 1101, 978, 1022, 'missing', 912, 830, 741, 688, 520, 498, 'missing'],
  ),
  plain(
    {
      id: 'edr-detections',
      title: 'Detections of the endpoint sensors',
      unit: 'detections',
      direction: 'lower-is-better',
      targets: [fakeTarget({ op: '<=', limit: 40 }, { op: '<=', limit: 60 })],
    },
    [22, 31, 28, 25, 33, 41, 27, 24, 29, 26, 30, 'silent'],
  ),
  plain(
    {
      id: 'restore-tests',
      title: 'Restore tests that succeeded',
      targets: [fakeTarget({ op: '>=', limit: 95 }, { op: '>=', limit: 90 })],
    },
    [100, 100, 96, 97, 'small-sample', 100, 98, 'small-sample'],
  ),
  plain(
    { id: 'bytes-archived', title: 'Log volume archived', unit: 'bytes', targets: [] },
    [1.21e12, 1.3e12, 1.27e12, 1.4e12, 1.52e12, 1.49e12],
  ),
  plain(
    {
      id: 'stale-feed',
      title: 'Threat-intelligence indicators received',
      unit: 'indicators',
      targets: [fakeTarget({ op: '>=', limit: 1000 }, null)],
    },
    [1450, 1320, 1610, 1280],
    { now: { verdict: 'unknown', reason: 'stale' } },
  ),
  {
    definition: fakeDefinition({
      id: 'supplier-reviews',
      title: 'Suppliers reviewed in the last year',
      controls: ['A.5.22'],
    }),
    windows: [],
    missingDatasets: ['suppliers'],
  },
  {
    definition: fakeDefinition({
      id: 'kev-exposure',
      title: 'Hosts with a known exploited vulnerability',
      unit: 'hosts',
    }),
    windows: [],
    missingDatasets: ['kev', 'assets'],
  },
  {
    definition: fakeDefinition({
      id: 'new-kpi',
      title: 'Just loaded, nothing measured yet',
      targets: [fakeTarget({ op: '>=', limit: 1 }, null)],
    }),
    windows: [],
  },
];
