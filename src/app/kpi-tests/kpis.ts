/**
 * `clause9 test`: runs tests of KPIs through the production loop. Rows are put into a source, passes are made when
 * windows end and at the step's `now`, and what the store then holds is compared with what was expected.
 */
import type { Expectation, KpiTest, TestCase, TestStep } from '../../config/kpi-tests.ts';
import { TEST_SOURCE } from '../../config/kpi-tests.ts';
import type { Location } from '../../config/located.ts';
import type { Config, Dataset } from '../../config/model.ts';
import type { TestRow } from '../../config/test-rows.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import type { Result } from '../../core/result/model.ts';
import { formatInstant, type Instant, type Interval } from '../../core/time/interval.ts';
import { latestWindow } from '../../core/time/window.ts';
import type { Connector } from '../../ports/connector.ts';
import type { Store } from '../../ports/store.ts';
import type { Logger } from '../context.ts';
import { steppedClock } from '../demo.ts';
import { createLoop } from '../loop/loop.ts';
import { type Difference, differences } from './compare.ts';

/** Somewhere to put rows: in memory for `clause9 test`, a real server where its connector is proved. */
export interface TestSource {
  readonly connector: Connector;
  /** The dataset as this source has it: its own index, files, options. */
  bind(dataset: Dataset): Dataset;
  /** Puts these rows in place of those of the dataset. */
  replace(dataset: Dataset, rows: readonly TestRow[]): Promise<void>;
  close(): Promise<void>;
}

export interface TestParts {
  /** An empty source. */
  openSource(): Promise<TestSource>;
  /** An empty store. */
  openStore(): Promise<Store>;
}

/** What an expectation was compared with, where it failed. */
export interface Failure {
  readonly at: Location;
  readonly window: Interval;
  readonly group: Readonly<Record<string, string>> | null;
  readonly differences: readonly Difference[];
  /** null: there was no such result at all. */
  readonly result: Result | null;
}

export interface CaseOutcome {
  readonly kpi: string;
  readonly name: string;
  readonly at: Location;
  readonly failures: readonly Failure[];
  /** What the loop warned of: shown where the case failed. */
  readonly warnings: readonly string[];
}

/** Runs a case in a source and a store of its own. */
export async function runCase(
  test: KpiTest,
  definition: KpiDefinition,
  one: TestCase,
  parts: TestParts,
): Promise<CaseOutcome> {
  const source = await parts.openSource();
  const store = await parts.openStore();
  const warnings: string[] = [];
  try {
    const datasets = Object.values(test.datasets).map((dataset) => source.bind(dataset));
    const clock = steppedClock(0);
    const loop = createLoop({
      config: testConfig(datasets),
      definitions: [definition],
      store,
      connector: async () => source.connector,
      clock,
      log: collecting(warnings),
      meter: new Map(),
      // A test holds few events: that a literal is in none of them says nothing.
      trustsData: true,
    });
    const signal = new AbortController().signal;
    const held = new Map<string, readonly TestRow[]>();
    const failures: Failure[] = [];
    const first = one.steps[0]?.data ?? {};
    for (const dataset of datasets) if (first[dataset.name] === undefined) await source.replace(dataset, []);
    for (const step of one.steps) {
      await putRows(source, datasets, step, held);
      const windows = windowsOf(definition, datasets, step);
      for (const at of passTimes(windows, clock.now(), step.now)) {
        clock.set(at);
        await loop.pass({ signal, from: Math.min(...windows.map(({ start }) => start)) });
      }
      for (const [index, expected] of step.expect.entries()) {
        const window = windows[index];
        if (window !== undefined) failures.push(...(await compare(store, definition, expected, window)));
      }
    }
    return { kpi: definition.id, name: one.name, at: one.at, failures, warnings: [...new Set(warnings)] };
  } finally {
    await store.close();
    await source.close();
  }
}

/** A list is replaced; events and versions are added to those before. */
async function putRows(
  source: TestSource,
  datasets: readonly Dataset[],
  { data }: TestStep,
  held: Map<string, readonly TestRow[]>,
): Promise<void> {
  for (const dataset of datasets) {
    const rows = data[dataset.name];
    if (rows === undefined) continue;
    const before = dataset.kind === 'snapshot' ? [] : (held.get(dataset.name) ?? []);
    held.set(dataset.name, [...before, ...rows]);
    await source.replace(dataset, held.get(dataset.name) ?? []);
  }
}

/** The window of each expectation. */
function windowsOf(
  definition: KpiDefinition,
  datasets: readonly Dataset[],
  { now, expect }: TestStep,
): Interval[] {
  const settleMs = Math.max(0, ...datasets.map((dataset) => dataset.settleMs));
  return expect.map(({ end }) => latestWindow(definition.window, end ?? now - settleMs));
}

/** A service would have looked when each window ended, which is when lists are taken; and once more at `now`. */
function passTimes(windows: readonly Interval[], after: Instant, now: Instant): Instant[] {
  const times = [...windows.map(({ end }) => end), now].filter((time) => time > after && time <= now);
  return [...new Set(times)].sort((a, b) => a - b);
}

async function compare(
  store: Store,
  { id, measurementHash, window: spec }: KpiDefinition,
  expected: Expectation,
  window: Interval,
): Promise<Failure[]> {
  const stored = await store.results({ kpi: id, measurementHash, from: window.end - 1, to: window.end });
  const group = expected.group ?? null;
  const key = groupKey(group);
  const result = stored.find((one) => groupKey(one.group) === key) ?? null;
  const groups = stored.filter((one) => one.group !== null && one.reason !== 'no-value').length;
  const misplaced =
    expected.end !== null && expected.end !== window.end ? latestWindow(spec, expected.end) : null;
  const found =
    misplaced === null
      ? differences(expected, result, groups)
      : [
          {
            what: 'end',
            expected: formatInstant(expected.end ?? 0),
            got: `a window that ends at ${formatInstant(misplaced.end)}`,
          },
        ];
  return found.length === 0 ? [] : [{ at: expected.at, window, group, differences: found, result }];
}

const groupKey = (group: Readonly<Record<string, string>> | null): string =>
  group === null ? '' : JSON.stringify(Object.entries(group).sort());

/** The loop's own messages, kept for who reads a failure. */
function collecting(warnings: string[]): Logger {
  const keep = (_: object, message: string) => void warnings.push(message);
  return { debug() {}, info() {}, warn: keep, error: keep };
}

/** The configuration that a test's loop runs with. */
export function testConfig(datasets: readonly Dataset[]): Config {
  return {
    folder: '.',
    listen: { host: '127.0.0.1', port: 0 },
    metricsListen: { host: '127.0.0.1', port: 0 },
    store: { path: ':memory:' },
    definitions: [],
    schedule: '* * * * *',
    sources: {
      [TEST_SOURCE]: { name: TEST_SOURCE, type: 'inline', maxConcurrentSearches: 1, options: {} },
    },
    datasets: Object.fromEntries(datasets.map((dataset) => [dataset.name, dataset])),
    people: {},
    logLevel: 'silent',
    maxBuckets: 50_000,
    startFrom: null,
  };
}
