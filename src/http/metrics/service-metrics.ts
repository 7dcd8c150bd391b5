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
  datasetMetrics(registry, health);
}

/** How far catching up has come. A dataset that is read at several grains is as far as the one that lags most. */
function datasetMetrics(registry: Registry, { datasets }: Health): void {
  const gauge = (name: string, help: string) => new SampleList(registry, `clause9_dataset_${name}`, help);
  const until = gauge('collected_until_timestamp_seconds', 'End of the newest slice that was read.');
  const since = gauge(
    'complete_since_timestamp_seconds',
    'From here to the newest slice that was read, none is missing.',
  );
  const missing = gauge('missing_slices', 'Slices of the dataset that are wanted and have not been read.');
  for (const [dataset, all] of Map.groupBy(datasets, (one) => one.dataset)) {
    const times = (of: (one: Health['datasets'][number]) => number | null) =>
      all.flatMap((one) => of(one) ?? []);
    const [ends, starts] = [times((one) => one.until), times((one) => one.completeSince)];
    until.add({ dataset }, ends.length < all.length ? null : Math.min(...ends) / 1000);
    since.add({ dataset }, starts.length < all.length ? null : Math.max(...starts) / 1000);
    missing.add(
      { dataset },
      all.reduce((sum, one) => sum + one.missing, 0),
    );
  }
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
  const gauge = (name: string, help: string) => new SampleList(registry, `clause9_source_${name}`, help);
  const alone = gauge('left_alone', 'One where the source is left alone for a while, after failures.');
  const putOff = gauge('reads_put_off', 'Reads of the last cycle that its budget left to the next.');
  const refused = gauge('reads_refused', 'Reads of the last cycle that were too large to be sent.');
  for (const source of sources) {
    const labels = { source: source.name };
    searches.inc(labels, source.searches);
    failures.inc(labels, source.failures);
    duration.inc(labels, source.searchSeconds);
    alone.add(labels, source.breaker === 'open' ? 1 : 0);
    putOff.add(labels, source.putOff);
    refused.add(labels, source.refused);
  }
}
