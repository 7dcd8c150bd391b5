/** Synthetic KPIs, datasets and a source for the benchmarks: answers at once, so that only clause9 itself is measured. */
import type { Config, EventsDataset } from '../src/config/model.ts';
import type { KpiDefinition } from '../src/core/definition/model.ts';
import { parseDefinition } from '../src/core/definition/parse.ts';
import type { Instant } from '../src/core/time/interval.ts';
import type { Connector, SliceReading } from '../src/ports/connector.ts';

export interface SyntheticSource {
  readonly connector: Connector;
  /** Slices that `findRevised` will name, and that from then on hold one event more. */
  revise(starts: readonly Instant[]): void;
  readonly calls: { reads: number; revised: number };
}

export function syntheticSource(): SyntheticSource {
  const calls = { reads: 0, revised: 0 };
  const revised = new Set<Instant>();
  let pending: readonly Instant[] = [];
  const reading = (start: Instant, ids: readonly string[]): SliceReading => ({
    start,
    events: 1_000 + (revised.has(start) ? 1 : 0),
    maxIngested: start,
    digest: null,
    quality: 'complete',
    notes: [],
    tallies: Object.fromEntries(
      ids.map((id) => [
        id,
        { '[]': { n: ((start / 60_000 + Number(id)) % 97) + (revised.has(start) ? 1 : 0) } },
      ]),
    ),
    overflow: [],
  });
  const connector: Connector = {
    probe: async ({ name }) => ({ identity: name, types: {}, now: null, access: null }),
    async *readSlices({ range, grain, measures }) {
      calls.reads++;
      const ids = measures.map((measure) => measure.id);
      const evidence = { query: 'synthetic', parameters: [], warnings: [], tookMs: 0, job: null };
      for (let from = range.start; from < range.end; from += 200 * grain) {
        const readings: SliceReading[] = [];
        for (let start = from; start < Math.min(range.end, from + 200 * grain); start += grain) {
          readings.push(reading(start, ids));
        }
        yield { readings, evidence };
      }
    },
    findRevised: async () => {
      calls.revised++;
      return { starts: pending, cursor: null };
    },
    async *readRecords() {},
    readSnapshot: () => Promise.reject(new Error('the synthetic source has no snapshots')),
    runQuery: () => Promise.reject(new Error('the synthetic source has no queries')),
    readRows: () => Promise.reject(new Error('the synthetic source has no rows')),
    link: () => null,
    topValues: () => Promise.reject(new Error('the synthetic source has no rows')),
    inspect: () => Promise.reject(new Error('the synthetic source has no rows')),
    discover: async () => [],
    close: async () => {},
  };
  return {
    connector,
    calls,
    revise: (starts) => {
      pending = starts;
      for (const start of starts) revised.add(start);
    },
  };
}

export function syntheticConfig(datasets: number): Config {
  const dataset = (name: string): EventsDataset => ({
    kind: 'events',
    name,
    source: 'synthetic',
    fields: {},
    values: {},
    filter: null,
    settleMs: 0,
    reviseForMs: 40 * 86_400_000,
    options: {},
    time: '@timestamp',
    ingested: null,
    expectEvents: null,
    logSources: [],
  });
  const names = Array.from({ length: datasets }, (_, index) => `dataset-${index}`);
  return {
    folder: '.',
    listen: { host: '127.0.0.1', port: 0 },
    metricsListen: { host: '127.0.0.1', port: 0 },
    store: { path: ':memory:' },
    definitions: [],
    schedule: '* * * * *',
    sources: { synthetic: { name: 'synthetic', type: 'synthetic', maxConcurrentSearches: 4, options: {} } },
    datasets: Object.fromEntries(names.map((name) => [name, dataset(name)])),
    people: {},
    logLevel: 'silent',
    maxBuckets: 1_000_000,
    startFrom: null,
  };
}

/** Ratio KPIs: each has a numerator of its own; ten share a denominator. */
export function syntheticKpis(count: number, datasets: number, window: string): KpiDefinition[] {
  return Array.from({ length: count }, (_, index) => {
    const { definition, problems } = parseDefinition(syntheticKpi(index, datasets, window));
    if (definition === null) throw new Error(problems.map((problem) => problem.message).join('\n'));
    return definition;
  });
}

/** As a person would write it: a plain object for YAML. */
export const syntheticKpi = (index: number, datasets: number, window: string) => ({
  id: `kpi-${index}`,
  title: `Share of failures of kind ${index}`,
  unit: 'percent',
  direction: 'lower-is-better',
  measures: {
    failed: { dataset: `dataset-${index % datasets}`, where: { 'event.code': index }, aggregate: 'count' },
    all: {
      dataset: `dataset-${index % datasets}`,
      where: { 'event.kind': Math.floor(index / (10 * datasets)) },
      aggregate: 'count',
    },
  },
  formula: '100.0 * failed / all',
  window: { rolling: window, every: '1h' },
  targets: [{ from: '2020-01-01', onTarget: '<= 50', atRisk: '<= 80' }],
  nonconformity: { raise: { offTarget: 3, of: 4 }, clear: { onTarget: 3 }, grade: 'minor' },
});
