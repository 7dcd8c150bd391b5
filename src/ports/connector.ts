/**
 * What a source must do for clause9. A reply either covers what it says or names what it doesn't: it is never
 * just short. Connectors classify errors (`ConnectorError.retryable`); retries live in `app`.
 * Filters and field names in a request are the source's own already (`bindFilter` in core/filter).
 */

import type { z } from 'zod';
import type {
  Dataset,
  EventsDataset,
  RecordsDataset,
  SnapshotDataset,
  SourceConfig,
} from '../config/model.ts';
import type { Filter, Predicate, Row } from '../core/filter/model.ts';
import type { RecordVersion } from '../core/measure/record.ts';
import type { Aggregate, Tallies } from '../core/measure/tally.ts';
import type { Grain, Instant, Interval } from '../core/time/interval.ts';

/** What a field really is in the source. `time` has a declared or native time format; `mixed` differs between files or indices. */
export type FieldType = 'text' | 'number' | 'boolean' | 'time' | 'address' | 'mixed' | 'unknown';
export type FieldTypes = Readonly<Record<string, FieldType>>;

export interface Probe {
  /** Names the server and the data behind the dataset: part of a slice's fingerprint. Must not change as data is added. */
  readonly identity: string;
  /** Every field known to the source, by its own name. */
  readonly types: FieldTypes;
  /** The source's clock, where it has one: tells skew. */
  readonly now: Instant | null;
  /** What the account may see (indexes, filters, time limits of its role), as text: a change of it is told. Null: no such thing. */
  readonly access: string | null;
}

/** What lets another person get the same numbers again. Never a secret. */
export interface Evidence {
  /** The query as sent, its parameters beside it. */
  readonly query: string;
  readonly parameters: readonly unknown[];
  /** The source's own warnings and what could not be read, in words: file and line, shard, peer. */
  readonly warnings: readonly string[];
  /** Milliseconds that the source took. */
  readonly tookMs: number;
  /** A job's id at the source, where it has one. */
  readonly job: string | null;
}

export interface MeasureRequest {
  /** The caller's name for it; comes back in the readings. */
  readonly id: string;
  readonly where: Filter;
  readonly aggregate: Aggregate;
  readonly groupBy: readonly string[];
}

export interface SliceRequest {
  readonly dataset: EventsDataset;
  readonly types: FieldTypes;
  readonly grain: Grain;
  /** Aligned to the grain. */
  readonly range: Interval;
  /** Where the dataset names `ingested`: only rows ingested before this instant. */
  readonly asOf: Instant;
  readonly measures: readonly MeasureRequest[];
  /** Groups a measure and slice may have; beyond it the reading says so in `overflow`. */
  readonly maxGroups: number;
  /** Distinct texts kept exactly a slice and group. */
  readonly maxDistinct: number;
}

/** One slice of the dataset, for all measures of the request, from one read. */
export interface SliceReading {
  readonly start: Instant;
  /** All events of the dataset in the slice, filters aside: tells zero from silent. */
  readonly events: number;
  /** The newest `ingested` in the slice, where the dataset names it. */
  readonly maxIngested: Instant | null;
  /** Changes when the slice's content changes, as far as the source can tell cheaply. */
  readonly digest: string | null;
  readonly quality: 'complete' | 'partial';
  /** Why it is partial. */
  readonly notes: readonly string[];
  /** By measure id. A measure without any event in the slice has `{}` when grouped, a tally of 0 when not. */
  readonly tallies: Readonly<Record<string, Tallies>>;
  /** Measure ids with more groups than `maxGroups`. */
  readonly overflow: readonly string[];
}

/** Some slices of the request, every one of them in exactly one batch (also those without events). */
export interface SliceBatch {
  readonly readings: readonly SliceReading[];
  readonly evidence: Evidence;
}

export interface KnownSlice {
  readonly events: number;
  readonly maxIngested: Instant | null;
  readonly digest: string | null;
}

export interface RevisedRequest {
  readonly dataset: EventsDataset;
  readonly types: FieldTypes;
  readonly grain: Grain;
  readonly range: Interval;
  readonly asOf: Instant;
  /** Slice start → what was last read. */
  readonly known: ReadonlyMap<Instant, KnownSlice>;
  /** What the source gave back last time (`RevisedReply.cursor`); null: never asked. */
  readonly cursor: string | null;
}

export interface RevisedReply {
  /** Starts of slices whose content is not what `known` says, in time order. */
  readonly starts: readonly Instant[];
  /** Lets the next call be cheap (a manifest of files, say). */
  readonly cursor: string | null;
}

export interface RecordRequest {
  readonly dataset: RecordsDataset;
  readonly types: FieldTypes;
  /** Standard names of the fields to keep. */
  readonly fields: readonly string[];
  readonly asOf: Instant;
  /** The `cursor` of the last reply; null: from the start. */
  readonly cursor: string | null;
}

export interface RecordBatch {
  readonly records: readonly RecordVersion[];
  readonly quality: 'complete' | 'partial';
  readonly evidence: Evidence;
  /** Where to go on next time: valid after the last batch, so every batch of a call carries the same or null. */
  readonly cursor: string | null;
}

export interface SnapshotRequest {
  readonly dataset: SnapshotDataset;
  readonly types: FieldTypes;
  /** Standard names of the fields to keep. */
  readonly fields: readonly string[];
}

export interface SnapshotReply {
  readonly rows: readonly Row[];
  readonly quality: 'complete' | 'partial';
  readonly evidence: Evidence;
}

/** For a person to look at: read live, stored nowhere. */
export interface RowsRequest {
  readonly dataset: EventsDataset | RecordsDataset;
  readonly types: FieldTypes;
  readonly where: Filter;
  /** By the dataset's time (of records: when they opened). */
  readonly range: Interval;
  readonly asOf: Instant;
  readonly limit: number;
}

export interface RowsReply {
  /** Newest first, by standard names, only fields that the row has; the dataset's times as `2026-01-31T09:30:00.000Z`. */
  readonly rows: readonly Row[];
  /** How many match in all; null where the source can't tell. */
  readonly total: number | null;
  readonly evidence: Evidence;
}

/** A query in the source's own language, over an events dataset. */
export interface QueryRequest {
  readonly dataset: EventsDataset;
  readonly types: FieldTypes;
  readonly language: 'sql' | 'spl' | 'esql' | 'dsl';
  readonly text: string;
  readonly range: Interval;
  readonly asOf: Instant;
}

export interface QueryReply {
  /** The one row of the answer: its numbers by name; null is no value. */
  readonly values: Readonly<Record<string, number | null>>;
  readonly quality: 'complete' | 'partial';
  readonly notes: readonly string[];
  readonly evidence: Evidence;
}

/** A field's most frequent values, most frequent first. */
export interface TopValues {
  readonly values: readonly { readonly text: string; readonly events: number }[];
  /** Events in which the field has a value. */
  readonly present: number;
  readonly events: number;
}

/** What `clause9 doctor` tells of a dataset beside its probe. */
export interface Inspection {
  /** e.g. `Elasticsearch 9.5.3`. */
  readonly server: string;
  readonly events: number;
  readonly oldest: Instant | null;
  readonly newest: Instant | null;
  /** From an event's time to its arrival, in milliseconds, over the newest day with events; null: no arrival is told. */
  readonly lag: { readonly median: number; readonly p99: number; readonly max: number } | null;
  /** Events whose time lies ahead of the source's clock. */
  readonly ahead: number;
  /** Rights that are lacking or not needed, and whatever else a person should know: a sentence each. */
  readonly findings: readonly { readonly level: 'error' | 'warning'; readonly text: string }[];
}

/** What `clause9 init` found: data that could become a dataset. */
export interface Candidate {
  readonly name: string;
  /** The source type's own dataset options: `{index: …}`. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly time: string | null;
  readonly ingested: string | null;
  readonly types: FieldTypes;
  readonly events: number;
  readonly newest: Instant | null;
}

export interface Connector {
  probe(dataset: Dataset, signal: AbortSignal): Promise<Probe>;
  /** Throws `ConnectorError` where a filter can't be expressed exactly on these types. */
  readSlices(request: SliceRequest, signal: AbortSignal): AsyncIterable<SliceBatch>;
  findRevised(request: RevisedRequest, signal: AbortSignal): Promise<RevisedReply>;
  readRecords(request: RecordRequest, signal: AbortSignal): AsyncIterable<RecordBatch>;
  readSnapshot(request: SnapshotRequest, signal: AbortSignal): Promise<SnapshotReply>;
  /** Throws `ConnectorError` for a language that the source doesn't speak, and for an answer that isn't one row of numbers. */
  runQuery(request: QueryRequest, signal: AbortSignal): Promise<QueryReply>;
  readRows(request: RowsRequest, signal: AbortSignal): Promise<RowsReply>;
  /** Where a person sees the same query and range in the source's own pages; null without such pages. No I/O. */
  link(request: Omit<RowsRequest, 'limit' | 'asOf'>): string | null;
  topValues(
    request: Omit<RowsRequest, 'limit' | 'asOf'> & { readonly field: string; readonly limit: number },
    signal: AbortSignal,
  ): Promise<TopValues>;
  inspect(dataset: Dataset, signal: AbortSignal): Promise<Inspection>;
  discover(signal: AbortSignal): Promise<readonly Candidate[]>;
  close(): Promise<void>;
}

/** A kind of field that a source has, and what filters may ask of it. */
export interface FieldKind {
  /** As the source calls it: `keyword`, `CSV`. */
  readonly name: string;
  /** The sentence by which a test of a field of this kind is refused; null: it is compiled, and exact. */
  refusal(predicate: Predicate): string | null;
}

/** What a connector's folder exports, and `connectors/index.ts` lists: one line a source type. */
export interface ConnectorType {
  readonly type: string;
  /** A read costs much the same however short its range: not cut into `maxRange` unless the configuration says so. */
  readonly readsWhole?: boolean;
  /** The source's own keys in `sources.NAME`, beside those that all share. */
  readonly sourceOptions: z.ZodType;
  /** The source's own keys in `datasets.NAME`, beside the common ones. */
  readonly datasetOptions: z.ZodType;
  /** The kinds of field there are: docs/reference/filters.md is made from it, and the contract suite tries it. */
  readonly fieldKinds: () => Promise<readonly FieldKind[]>;
  /** Relative paths in options start at `folder`. */
  open(source: SourceConfig, folder: string): Promise<Connector>;
}
