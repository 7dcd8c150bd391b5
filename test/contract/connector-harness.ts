/** What a connector's own test gives to the contract: a source that rows can be put into, and what it makes of them. */
import type { Dataset, EventsDataset, RecordsDataset, SnapshotDataset } from '../../src/config/model.ts';
import type { FieldValue, Filter, Row } from '../../src/core/filter/model.ts';
import type { Gamma } from '../../src/core/measure/sketch.ts';
import type { Aggregate } from '../../src/core/measure/tally.ts';
import type { Instant } from '../../src/core/time/interval.ts';
import type { Connector, FieldKind, QueryRequest } from '../../src/ports/connector.ts';
import { eventsDataset, recordsDataset, snapshotDataset } from '../fakes/datasets.ts';

/** A row before a source has it: its fields by name, and its times, which each source writes in its own way. */
export interface StoredRow {
  readonly times: Readonly<Record<string, Instant | null>>;
  readonly fields: Row;
}

export interface ContractSource {
  readonly connector: Connector;
  /** Its time is `@timestamp`, its ingested `event.ingested` unless the source has its own. */
  readonly events: EventsDataset;
  /** Key `id`, version `revision`, opened, closed, due and ingested as named. */
  readonly records: RecordsDataset;
  readonly snapshot: SnapshotDataset;
  /** Puts these rows in place of those of the dataset, and mends what `taint` did to it. */
  replace(dataset: Dataset, rows: readonly StoredRow[]): Promise<void>;
  append(dataset: Dataset, rows: readonly StoredRow[]): Promise<void>;
  /**
   * Makes the source unable to give all of the dataset, in a way that it tells: a line that can't be read, a shard
   * or a peer that is away. False: this dataset can't be tainted. Left out: none can.
   */
  taint?(dataset: Dataset): Promise<boolean>;
  close(): Promise<void>;
}

/** The datasets as every source configures them. */
export function contractDatasets(
  source: string,
  /** Where the dataset of this name lies. */
  optionsOf: (name: string) => unknown,
  /** Of a source that knows by itself when a row came in. */
  ingested: string | null = null,
): Pick<ContractSource, 'events' | 'records' | 'snapshot'> {
  return {
    events: eventsDataset({ source, ingested: ingested ?? 'event.ingested', options: optionsOf('events') }),
    records: recordsDataset({
      source,
      fields: { status: 'state' },
      due: 'due',
      ingested: ingested ?? 'updated',
      options: optionsOf('records'),
    }),
    snapshot: snapshotDataset({ source, options: optionsOf('list') }),
  };
}

/** Queries in the source's own language, each giving one number, called `n`. */
export interface NativeQueries {
  readonly language: QueryRequest['language'];
  /** All events of the range. */
  readonly count: string;
  /** The sum of `http.bytes`, which is a number in every event of the test, over the range. */
  readonly sum: string;
  /** Texts that must be refused: no single row of numbers, or more than reading the dataset. */
  readonly refused: readonly string[];
}

export interface ConnectorHarness {
  /** An empty source, and a connector to it. */
  create(): Promise<ContractSource>;
  /** What the source makes of a value: a source of texts alone has no numbers, one without lists no second value. */
  hold(field: string, value: FieldValue): FieldValue;
  /** Filters that the source can't answer exactly, and says so. */
  refuses(filter: Filter): boolean;
  /** What the source makes of a time of arrival: one that keeps whole seconds knows an event when its second is over. As it is unless told. */
  arrives?(time: Instant): Instant;
  /** Aggregates that the source can't compute, and says so. None unless told. */
  readonly refusesAggregate?: (aggregate: Aggregate) => boolean;
  /** One a language that the source speaks. Left out: it refuses all. */
  readonly native?: readonly NativeQueries[];
  /**
   * The statement of the connector's type, and for each kind of field the fields of the fixed rows that are of it
   * here; `[]`: none is.
   */
  readonly fieldKinds?: {
    readonly kinds: () => Promise<readonly FieldKind[]>;
    readonly fields: Readonly<Record<string, readonly string[]>>;
  };
  /** How finely it sketches percentiles: 1 % unless told. */
  readonly gamma?: Gamma;
  /** Whether `inspect` tells how late events arrive. True unless told. */
  readonly tellsLag?: boolean;
  /** The time field that `discover` finds, or null where it can't tell: that of `events` unless told. */
  readonly discoversTime?: string | null;
}
