/** The KPIs' own metrics: what each says now, for itself and for each group. A value that can't be trusted has no series. */
import type { Registry } from 'prom-client';
import type { KpiView, Status } from '../../app/read-model.ts';
import type { Condition, Target } from '../../core/definition/model.ts';
import { QUALITIES, type Result, VERDICTS } from '../../core/result/model.ts';
import { standing } from '../standing.ts';
import { labelled, labelNames } from './labels.ts';
import { type Labels, SampleList } from './sample-list.ts';

const declare = (registry: Registry) => {
  const gauge = (name: string, help: string) => new SampleList(registry, `clause9_kpi_${name}`, help);
  return {
    value: gauge('value', 'The value, in the unit of clause9_kpi_info; none where it is unknown.'),
    lower: gauge('lower_bound', 'The least that the value may still become.'),
    upper: gauge('upper_bound', 'The most that the value may still become.'),
    target: gauge(
      'target',
      'The limit of being on target: the lowest (bound="low") or highest (bound="high") value.',
    ),
    verdict: gauge('verdict', 'One for the verdict that holds, zero for the others.'),
    quality: gauge('quality', 'One for the quality of the newest result, zero for the others.'),
    unknown: gauge('unknown', 'One where the verdict is unknown, by reason.'),
    windowEnd: gauge('window_end_timestamp_seconds', 'End of the newest window.'),
    final: gauge('final', 'One where nothing can change the newest result any more.'),
    sample: gauge('sample_size', 'Events or records that the newest result rests on.'),
    info: gauge('info', 'Always one: what the KPI is, and its own labels.'),
  };
};
type Metrics = ReturnType<typeof declare>;

/** Registers the metrics and fills them from the views. */
export function kpiMetrics(registry: Registry, views: readonly KpiView[]): void {
  const metrics = declare(registry);
  for (const view of views) {
    addInfo(metrics, view);
    // Not configured is a choice, not a fault: such a KPI says nothing but what it is.
    if (view.missingDatasets.length === 0) addKpi(metrics, view);
  }
}

function addInfo(metrics: Metrics, { definition }: KpiView): void {
  const { id: kpi, title, unit, direction, status, roles, labels } = definition;
  const own = labelled(labels, labelNames(Object.keys(labels)));
  metrics.info.add({ kpi, title, owner: roles.owner ?? '', unit, direction, status, ...own }, 1);
}

function addKpi(metrics: Metrics, { definition, newest, status, target, groups }: KpiView): void {
  const kpi = definition.id;
  addSeries(metrics, { kpi }, newest, status, target);
  const names = labelNames(definition.groupBy);
  for (const group of groups)
    addSeries(
      metrics,
      { kpi, ...labelled(group.result.group ?? {}, names) },
      group.result,
      group.status,
      group.target,
    );
}

function addSeries(
  metrics: Metrics,
  labels: Labels,
  result: Result | null,
  status: Status,
  target: Target | null,
): void {
  for (const verdict of VERDICTS)
    metrics.verdict.add({ ...labels, verdict }, status.verdict === verdict ? 1 : 0);
  if (status.verdict === 'unknown')
    metrics.unknown.add({ ...labels, reason: status.reason ?? 'no-result' }, 1);
  if (target !== null)
    for (const [bound, limit] of limits(target.onTarget)) metrics.target.add({ ...labels, bound }, limit);
  if (result === null) return;
  const shown = standing(result, status);
  metrics.value.add(labels, shown?.value ?? null);
  metrics.lower.add(labels, shown?.lower ?? null);
  metrics.upper.add(labels, shown?.upper ?? null);
  for (const quality of QUALITIES)
    metrics.quality.add({ ...labels, quality }, result.quality === quality ? 1 : 0);
  metrics.windowEnd.add(labels, result.end / 1000);
  metrics.final.add(labels, result.final ? 1 : 0);
  metrics.sample.add(labels, result.sample);
}

function limits(condition: Condition): readonly (readonly ['low' | 'high', number])[] {
  switch (condition.op) {
    case 'between':
      return [
        ['low', condition.low],
        ['high', condition.high],
      ];
    case '>':
    case '>=':
      return [['low', condition.limit]];
    default:
      return [['high', condition.limit]];
  }
}
