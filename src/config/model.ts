/** clause9.yaml after parsing: where things are. Paths are absolute; secrets are still references. */
import type { LogSource } from '../core/filter/parse.ts';
import type { DueTable, RecordClock } from '../core/measure/record-clock.ts';
import type { BusinessHours } from '../core/time/business-hours.ts';
import type { Instant } from '../core/time/interval.ts';
import type { SecretRef } from './secrets.ts';

export interface ExpectEvents {
  readonly atLeast: number;
  readonly everyMs: number;
  /** Only these hours count; null: always. */
  readonly during: BusinessHours | null;
}

interface DatasetCommon {
  readonly name: string;
  readonly source: string;
  /** Standard field name → the source's own. A field that is not here has the same name. */
  readonly fields: Readonly<Record<string, string>>;
  /** Standard field → standard value → the source's own values. */
  readonly values: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Log sources of Sigma rules (`where: {sigma: …}`) that it holds: a rule counts here if one of them covers its own. */
  readonly logSources?: readonly LogSource[];
  /** A filter in the source's own language, narrowing the dataset. */
  readonly filter: string | null;
  /** Don't read before now ≥ end + settle. */
  readonly settleMs: number;
  /** Look for late data this far back. */
  readonly reviseForMs: number;
  /** Standard names of fields whose values are stored as pseudonyms. */
  readonly pseudonymise?: readonly string[];
  /** Which key made the pseudonyms; known to a running loop only. */
  readonly pseudonymKeyId?: string;
  /** What only the source's type understands (path, format, index …), parsed by the connector's own schema. */
  readonly options: unknown;
}

export interface EventsDataset extends DatasetCommon {
  readonly kind: 'events';
  readonly time: string;
  /** Standard name of the field with the event's own id; absent: events have none. */
  readonly id?: string;
  readonly ingested: string | null;
  readonly expectEvents: ExpectEvents | null;
}

export interface RecordsDataset extends DatasetCommon {
  readonly kind: 'records';
  readonly key: string;
  readonly version: readonly string[];
  readonly opened: string;
  readonly closed: readonly string[];
  readonly due: string | null;
  /** Where no field tells the due time: so long after opening, on the clock. */
  readonly dueBy?: DueTable;
  /** Which time counts between opening and closing; absent: all of it. */
  readonly clock?: RecordClock;
  readonly ingested: string | null;
  /** The newest version may be this old before the dataset is stale; null: never. */
  readonly expectEvents: ExpectEvents | null;
}

export interface SnapshotDataset extends DatasetCommon {
  readonly kind: 'snapshot';
  /** Read it again this often. */
  readonly everyMs: number;
}

export type Dataset = EventsDataset | RecordsDataset | SnapshotDataset;

export interface SourceConfig {
  readonly name: string;
  readonly type: string;
  readonly maxConcurrentSearches: number;
  /** The longest silence within a call. Default: 2 minutes. */
  readonly deadlineMs?: number;
  /** Searches in one cycle; null or absent: no limit. */
  readonly maxSearchesPerCycle?: number | null;
  /** The longest range of one read of slices; null: no limit; absent: derived from the grain. */
  readonly maxRangeMs?: number | null;
  /** Parsed by the connector's own schema. */
  readonly options: unknown;
}

export interface Retention {
  readonly slicesMs: number;
  /** Counted from the same end as `slicesMs`, and no shorter. */
  readonly hoursMs: number;
  readonly evidenceMs: number;
}

export interface Config {
  /** The folder of the configuration file; relative paths start here. */
  readonly folder: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly metricsListen: { readonly host: string; readonly port: number };
  /** SQLite file. */
  readonly store: { readonly path: string };
  /** Files and folders of KPI definitions. */
  readonly definitions: readonly string[];
  /** Cron expression, UTC: when the loop wakes up. */
  readonly schedule: string;
  readonly sources: Readonly<Record<string, SourceConfig>>;
  readonly datasets: Readonly<Record<string, Dataset>>;
  readonly people: Readonly<Record<string, { readonly name: string; readonly email: string | null }>>;
  readonly logLevel: string;
  /** Largest number of slices × measures in one request. */
  readonly maxBuckets: number;
  readonly startFrom: Instant | null;
  /** How long slices are kept one by one, then merged to hours; absent: for ever. */
  readonly retention?: Retention;
  /** Where the key of pseudonyms comes from. */
  readonly pseudonymKey?: SecretRef;
}
