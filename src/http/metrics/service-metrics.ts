/** clause9's own health as metrics: cycles, searches, reloads. */
import { Counter, type Registry } from 'prom-client';
import type { Health } from '../../app/read-model.ts';
import { SampleList } from './sample-list.ts';

const seconds = (ms: number | null | undefined): number | null =>
  ms === null || ms === undefined ? null : ms / 1000;

/** Registers the metrics and fills them. What has not happened yet has no series. */
export function serviceMetrics(registry: Registry, health: Health): void {
  const gauge = (name: string, help: string, value: number | null, labels = {}): void =>
    new SampleList(registry, `clause9_${name}`, help).add(labels, value);
  const { lastCycle, lastReload } = health;

  gauge('build_info', 'Always one: the running version.', 1, { version: health.version });
  gauge('ready', 'One where the service is ready.', health.ready ? 1 : 0);
  gauge('definitions', 'KPI definitions in force.', health.definitions);
  gauge('missing_slices', 'Slices that are wanted and have not been read.', health.missingSlices);
  gauge('cycle_duration_seconds', 'How long the last cycle took.', seconds(lastCycle?.durationMs));
  gauge('cycle_last_run_timestamp_seconds', 'Start of the last cycle.', seconds(lastCycle?.start));
  gauge(
    'cycle_last_success_timestamp_seconds',
    'End of the last cycle without an error.',
    seconds(health.lastSuccess),
  );
  gauge(
    'last_reload_success',
    'One where the last reload was taken over.',
    lastReload && (lastReload.ok ? 1 : 0),
  );
  gauge('last_reload_timestamp_seconds', 'When definitions were last reloaded.', seconds(lastReload?.at));
  sourceMetrics(registry, health);
}

function sourceMetrics(registry: Registry, { sources }: Health): void {
  const counter = (name: string, help: string) =>
    new Counter({
      name: `clause9_source_${name}_total`,
      help,
      labelNames: ['source'],
      registers: [registry],
    });
  const searches = counter('searches', 'Searches sent to the source.');
  const failures = counter('search_failures', 'Searches that failed.');
  const duration = counter('search_seconds', 'Seconds spent waiting for searches.');
  for (const source of sources) {
    const labels = { source: source.name };
    searches.inc(labels, source.searches);
    failures.inc(labels, source.failures);
    duration.inc(labels, source.searchSeconds);
  }
}
