/** A store, a source in memory and loops over both, for one test; all gone when it is over. */
import { onTestFinished } from 'vitest';
import type { Pace } from '../../src/app/context.ts';
import type { Config, Dataset } from '../../src/config/model.ts';
import type { KpiDefinition } from '../../src/core/definition/model.ts';
import type { Row } from '../../src/core/filter/model.ts';
import type { Result } from '../../src/core/result/model.ts';
import { formatInstant, HOUR, type Instant, type Interval } from '../../src/core/time/interval.ts';
import type { Connector } from '../../src/ports/connector.ts';
import type { ResultQuery, Store } from '../../src/ports/store.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { configOf, type RunningLoop, runLoop } from './loop.ts';
import { type MemoryCall, type MemorySource, memorySource } from './memory-connector.ts';

/** Monday, 2 March 2026, 00:00 UTC. */
export const MONDAY = Date.UTC(2026, 2, 2);
/** So many hours after Monday's 00:00. */
export const at = (hours: number): Instant => MONDAY + hours * HOUR;
export const between = (from: number, to: number): Interval => ({ start: at(from), end: at(to) });

/** Events at these hours, each come in a second later. */
export const eventsAt = (hours: readonly number[], fields: Row = {}): Row[] =>
  hours.map((hour) => ({ at: at(hour), in: at(hour) + 1_000, ...fields }));

/** One event in the middle of each hour. */
export const hourly = (from: number, to: number, fields: Row = {}): Row[] =>
  eventsAt(
    Array.from({ length: to - from }, (_, index) => from + index + 0.5),
    fields,
  );

export interface Bench {
  readonly store: Store;
  readonly source: MemorySource;
  /** A loop as a restart makes it; by default over the same definitions and configuration. */
  restart(change?: {
    definitions?: readonly KpiDefinition[];
    config?: Config;
    pace?: Partial<Pace>;
    connector?: (source: string) => Connector;
    store?: Store;
  }): RunningLoop;
  results(kpi: string, query?: Omit<ResultQuery, 'kpi'>): Promise<readonly Result[]>;
  /** The requests for slices to keep so far, each as `from-to` in hours and the number of its measures. */
  sliceReads(): string[];
  calls(kind: MemoryCall['kind']): readonly MemoryCall[];
}

export async function bench(parts: {
  readonly definitions: readonly KpiDefinition[];
  readonly datasets: readonly Dataset[];
  readonly rows?: Readonly<Record<string, readonly Row[]>>;
  readonly config?: Partial<Config>;
}): Promise<Bench> {
  const store = await openSqlite(':memory:');
  onTestFinished(() => store.close());
  const source = memorySource(parts.rows);
  const first = configOf(parts.datasets, parts.config);
  return {
    store,
    source,
    restart: ({
      definitions = parts.definitions,
      config = first,
      pace = {},
      connector = () => source.connector,
      store: used = store,
    } = {}) => runLoop({ config, definitions, store: used, connector, pace }),
    results: (kpi, query) => store.results({ kpi, ...query }),
    sliceReads: () =>
      source.calls.flatMap((call) =>
        call.kind === 'slices' && call.request.measures.every(isKept)
          ? [`${hoursOf(call.request.range)} ×${call.request.measures.length}`]
          : [],
      ),
    calls: (kind) => source.calls.filter((call) => call.kind === kind),
  };
}

/** What is read for a look at the data only is named by a field; a series has a number. */
const isKept = ({ id }: { readonly id: string }): boolean => Number.isInteger(Number(id));

const hoursOf = ({ start, end }: Interval): string => `${(start - MONDAY) / HOUR}-${(end - MONDAY) / HOUR}`;

/** A result as a line: window's end, group, value or reason, bounds where they differ, state. */
export function line(result: Result): string {
  const { group, value, lower, upper, verdict, reason, final } = result;
  const said = reason === null ? `${value} ${verdict}` : `${value} unknown: ${reason}`;
  const bounds = lower === value && upper === value ? '' : ` (${lower}..${upper})`;
  const name = group === null ? '' : `${Object.values(group).join('/')}: `;
  return `${formatInstant(result.end).slice(5, 16)} ${name}${said}${bounds}${final ? ' final' : ''}`;
}

export const lines = (results: readonly Result[]): string[] => results.map(line);
