/**
 * The production loop on a source in memory, a clock that is set by hand and a SQLite store: what tests of the loop
 * (and of the process that runs it) stand on. Definitions are given as people write them.
 */
import type { LoopContext, Pace, SourceMeter } from '../../src/app/context.ts';
import { type SteppedClock, steppedClock } from '../../src/app/demo.ts';
import { createLoop, type Loop, type PassOptions, type PassReport } from '../../src/app/loop/loop.ts';
import type {
  Config,
  Dataset,
  EventsDataset,
  RecordsDataset,
  SnapshotDataset,
  SourceConfig,
} from '../../src/config/model.ts';
import type { KpiDefinition } from '../../src/core/definition/model.ts';
import { parseDefinition } from '../../src/core/definition/parse.ts';
import { DAY, type Instant } from '../../src/core/time/interval.ts';
import type { Connector } from '../../src/ports/connector.ts';
import type { Store } from '../../src/ports/store.ts';
import { eventsDataset, recordsDataset, snapshotDataset } from './datasets.ts';

type Options<T extends Dataset> = Partial<Omit<T, 'kind' | 'name'>>;

const common = { source: 'memory', reviseForMs: 7 * DAY };

/** Time `at`, came in at `in`; never silent unless told, so that a count may be 0. */
export const events = (name: string, more: Options<EventsDataset> = {}): EventsDataset =>
  eventsDataset({ ...common, name, time: 'at', ingested: 'in', ...more });

export const records = (name: string, more: Options<RecordsDataset> = {}): RecordsDataset =>
  recordsDataset({ ...common, name, version: ['v'], due: 'due', ingested: 'in', ...more });

export const snapshot = (name: string, more: Options<SnapshotDataset> = {}): SnapshotDataset =>
  snapshotDataset({ ...common, name, everyMs: DAY, ...more });

/** A source in memory; `memory` is the one that datasets have unless told. */
export const sourceOf = (name: string, more: Partial<SourceConfig> = {}): SourceConfig => ({
  name,
  type: 'memory',
  maxConcurrentSearches: 2,
  maxRangeMs: null,
  options: {},
  ...more,
});

export function configOf(datasets: readonly Dataset[], more: Partial<Config> = {}): Config {
  return {
    folder: '/nowhere',
    listen: { host: '127.0.0.1', port: 0 },
    metricsListen: { host: '127.0.0.1', port: 0 },
    store: { path: ':memory:' },
    definitions: [],
    schedule: '* * * * *',
    sources: { memory: sourceOf('memory') },
    datasets: Object.fromEntries(datasets.map((dataset) => [dataset.name, dataset])),
    people: {},
    logLevel: 'silent',
    maxBuckets: 10_000,
    startFrom: null,
    ...more,
  };
}

/** A definition as written; throws what is wrong with it. */
export function kpi(written: Readonly<Record<string, unknown>> & { readonly id: string }): KpiDefinition {
  const { definition, problems } = parseDefinition({ title: written.id, ...written });
  if (definition !== null) return definition;
  throw new Error(problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
}

export interface RunningLoop {
  readonly loop: Loop;
  readonly meter: ReadonlyMap<string, SourceMeter>;
  readonly clock: SteppedClock;
  /** What it logged as a warning or an error. */
  readonly warnings: readonly string[];
  /** Sets the clock and runs a pass. */
  pass(at: Instant, options?: Partial<PassOptions>): Promise<PassReport>;
}

export function runLoop(parts: {
  readonly config: Config;
  readonly definitions: readonly KpiDefinition[];
  readonly store: Store;
  /** Or one for each source, by its name. */
  readonly connector: Connector | ((source: string) => Connector);
  /** By default a source is asked again at once, and never left alone for long. */
  readonly pace?: Partial<Pace>;
}): RunningLoop {
  const { config, definitions, store, connector, pace } = parts;
  const clock = steppedClock(0);
  const warnings: string[] = [];
  const warn = (_: object, message: string) => void warnings.push(message);
  const log: LoopContext['log'] = { debug() {}, info() {}, warn, error: warn };
  const meter = new Map<string, SourceMeter>();
  const loop = createLoop({
    config,
    definitions,
    store,
    connector: async (source) => (typeof connector === 'function' ? connector(source) : connector),
    clock,
    log,
    meter,
    pace: { retryAfterMs: 1, reopenAfterMs: 0, ...pace },
  });
  return {
    loop,
    meter,
    clock,
    warnings,
    pass(at, options) {
      clock.set(at);
      return loop.pass({ signal: new AbortController().signal, ...options });
    },
  };
}
