/**
 * The memory of clause9: append-only facts. Writes are idempotent: doing one twice changes nothing.
 * SQLite implements it today; the shapes are chosen so that PostgreSQL can.
 */
import type { Cohort } from '../core/definition/model.ts';
import type { Row } from '../core/filter/model.ts';
import type { RecordVersion } from '../core/measure/record.ts';
import type { Tallies } from '../core/measure/tally.ts';
import type { Result } from '../core/result/model.ts';
import type { Grain, Instant, Interval } from '../core/time/interval.ts';
import type { Evidence, KnownSlice, QueryReply } from './connector.ts';

/** A definition as it was when it was first loaded with these hashes. */
export interface StoredDefinition {
  readonly kpi: string;
  readonly measurementHash: string;
  readonly evaluationHash: string;
  /** The parsed definition as JSON. */
  readonly body: string;
  readonly firstLoaded: Instant;
}

/** How far a KPI (with one measurement hash) has come. */
export interface KpiState {
  readonly kpi: string;
  readonly measurementHash: string;
  /** The evaluation hash that the stored verdicts were given by; `''`: none yet. */
  readonly evaluationHash: string;
  /** When the definition was first loaded with this evaluation hash. */
  readonly firstLoaded: Instant;
  /** The end of the first window that is wanted. */
  readonly wantedFrom: Instant;
  /** All windows that end in `[start, end]` have been evaluated; null: none yet. */
  readonly evaluated: Interval | null;
}

/** A measure of a dataset at a grain: what slices belong to. */
export interface Series {
  readonly id: number;
  readonly dataset: string;
  readonly grain: Grain;
  readonly fingerprint: string;
}

export interface StoredSlice {
  readonly start: Instant;
  readonly revision: number;
  readonly readId: number;
  readonly asOf: Instant;
  readonly quality: 'complete' | 'partial';
  readonly notes: readonly string[];
  readonly tallies: Tallies;
}

export type SliceContent = Pick<StoredSlice, 'start' | 'quality' | 'tallies'>;

/** A slice as read now, on its way into the store. */
export interface NewSlice {
  readonly seriesId: number;
  readonly start: Instant;
  readonly quality: 'complete' | 'partial';
  readonly notes: readonly string[];
  readonly tallies: Tallies;
  /** Only on control series: what `findRevised` compares with. */
  readonly known: KnownSlice | null;
}

/** Slices of a series merged over a whole UTC hour or day: derived, thrown away when a slice in it is revised. */
export interface Block extends Interval {
  readonly tallies: Tallies;
  /** Number of partial slices in it. A block exists only where all its slices do. */
  readonly partial: number;
  /** Only on control series: events of each slice, in time order. */
  readonly events: readonly number[] | null;
}

/** Slices of a series that retention merged into one of a whole hour or day: they are not there any more one by one. */
export interface RolledSlice extends Block {
  /** The newest of its slices. */
  readonly asOf: Instant;
  /** What was said of any of its slices. */
  readonly notes: readonly string[];
}

/** Which slices to merge: those of series at one grain, or what was merged to hours (`from`) before. */
export interface RollUp {
  readonly seriesIds: readonly number[];
  /** Of these, control series: they keep the events of each slice. */
  readonly controls: readonly number[];
  readonly grain: Grain;
  readonly from: Grain;
  readonly to: Grain;
  /** Start of the hour or day. */
  readonly cell: Instant;
  /** Series at a time. */
  readonly limit: number;
}

export interface StoredRead {
  readonly id: number;
  readonly dataset: string;
  readonly asOf: Instant;
  readonly range: Interval | null;
  readonly evidence: Evidence;
}

/** Data of an input (series or record set) that changed since results were last computed from it. */
export interface Touched {
  readonly input: string;
  /** `slice`, or the cohort that the change touches. */
  readonly kind: 'slice' | Cohort;
  /** The fields whose values changed, or `HISTORY`; null: more than that (a new record, other times). */
  readonly fields: readonly string[] | null;
  readonly start: Instant;
  readonly end: Instant;
}

/** Stands for a field where a version came in that is not the latest one. */
export const HISTORY = '*history';

export interface RecordSet {
  readonly id: number;
  readonly dataset: string;
  readonly cursor: string | null;
  /** Read up to this instant; null: never. */
  readonly asOf: Instant | null;
  readonly quality: 'complete' | 'partial';
}

/** A list as it was taken. */
export interface StoredSnapshot {
  readonly rows: readonly Row[];
  readonly hash: string;
  readonly quality: 'complete' | 'partial';
  readonly asOf: Instant;
  /** When it was last seen unchanged. */
  readonly checkedAt: Instant;
  readonly readId: number;
}

/** What a source answered to a query for one window. */
export interface StoredAnswer {
  readonly window: Interval;
  readonly revision: number;
  readonly asOf: Instant;
  /** When it was last known to be the same still. */
  readonly checkedAt: Instant;
  readonly quality: 'complete' | 'partial';
  readonly notes: readonly string[];
  readonly values: QueryReply['values'];
  readonly readId: number;
}

/** An interval of one KPI. */
export interface KpiInterval extends Interval {
  readonly kpi: string;
  readonly measurementHash: string;
}

/** A result on its way into the store, which gives it its id and lineage. */
export interface NewResult extends Omit<Result, 'id' | 'supersedes'> {
  /** When the mere passing of time may next change a provisional result; null: never. */
  readonly dueAt: Instant | null;
}

export interface ResultQuery {
  readonly kpi: string;
  /** Windows that end after `from` … */
  readonly from?: Instant;
  /** … and at or before `to`. */
  readonly to?: Instant;
  /** null: only the KPI's own; absent: all groups. */
  readonly group?: Readonly<Record<string, string>> | null;
  /** The newest revision with asOf at or before this; absent: the newest. */
  readonly asOf?: Instant;
  readonly measurementHash?: string;
  readonly limit?: number;
  readonly offset?: number;
  /** By window end; default ascending. */
  readonly order?: 'ascending' | 'descending';
}

/** Reading only: what the API, pages and commands need. */
export interface ResultReader {
  /** Another number whenever another process or thread has written; says nothing of what was written here. */
  version(): Promise<number>;
  /** One result a window and group, the newest revision within `asOf`. */
  results(query: ResultQuery): Promise<readonly Result[]>;
  /** For each KPI with its current measurement hash: the results of its newest window (own and groups). */
  newest(
    kpis: readonly { readonly kpi: string; readonly measurementHash: string }[],
  ): Promise<readonly Result[]>;
  /** All revisions for a window and group, oldest first. */
  revisions(
    kpi: string,
    window: Interval,
    group: Readonly<Record<string, string>> | null,
  ): Promise<readonly Result[]>;
  result(id: number): Promise<Result | null>;
  definition(kpi: string, measurementHash: string, evaluationHash: string): Promise<StoredDefinition | null>;
  kpiStates(): Promise<readonly KpiState[]>;
}

export interface Store extends ResultReader {
  /** Keeps the definition if its hashes are new; returns when they were first loaded. */
  registerDefinition(definition: StoredDefinition): Promise<Instant>;

  /** The series' ids, registering those that are new; order kept. */
  series(wanted: readonly Omit<Series, 'id'>[]): Promise<readonly Series[]>;
  /** Those of these fingerprints that are registered, at any grain; registers none. */
  knownSeries(fingerprints: readonly string[]): Promise<readonly Series[]>;
  /** The ids of all series of a dataset at a grain, also of those that no KPI wants any more. */
  allSeries(dataset: string, grain: Grain): Promise<readonly number[]>;
  coverage(seriesIds: readonly number[]): Promise<ReadonlyMap<number, readonly Interval[]>>;
  /** These intervals of the series have to be read again. Slices stay as last known. With it goes the dataset's cursor. */
  uncover(
    seriesIds: readonly number[],
    intervals: readonly Interval[],
    cursor?: { readonly key: string; readonly value: string | null },
  ): Promise<void>;
  cursor(key: string): Promise<string | null>;
  /** Intervals in which the newest slices of these series come from different reads. */
  mixedReads(seriesIds: readonly number[], range: Interval, grain: Grain): Promise<readonly Interval[]>;
  /** One transaction: the read, its slices (a new revision only where content changed), coverage, what is touched. */
  saveSlices(input: {
    readonly read: Omit<StoredRead, 'id'>;
    readonly grain: Grain;
    readonly slices: readonly NewSlice[];
    readonly covered: { readonly seriesIds: readonly number[]; readonly intervals: readonly Interval[] };
  }): Promise<void>;
  /** Those of these (ungrouped) series that hold an event in any slice. */
  seriesWithEvents(seriesIds: readonly number[]): Promise<ReadonlySet<number>>;
  /** What results were computed from the series in this interval has to be looked at again. */
  touch(seriesId: number, interval: Interval): Promise<void>;
  slices(seriesId: number, range: Interval, asOf?: Instant): Promise<readonly StoredSlice[]>;
  /** What the slices of some series hold, in time order; a series without any is not named. */
  contents(
    seriesIds: readonly number[],
    range: Interval,
  ): Promise<ReadonlyMap<number, readonly SliceContent[]>>;
  known(seriesId: number, range: Interval): Promise<ReadonlyMap<Instant, KnownSlice>>;
  /** By series: those of one length that begin in the range, in time order. */
  blocks(
    seriesIds: readonly number[],
    range: Interval,
    length: number,
  ): Promise<ReadonlyMap<number, readonly Block[]>>;
  saveBlocks(blocks: ReadonlyMap<number, readonly Block[]>): Promise<void>;
  /** What was merged by retention and overlaps the range, in time order, hours before the day around them. */
  rolled(seriesId: number, range: Interval): Promise<readonly RolledSlice[]>;
  /** The start of the oldest slice (or merged hour) in the range; null: none. */
  oldestPart(parts: Pick<RollUp, 'seriesIds' | 'grain' | 'from'>, range: Interval): Promise<Instant | null>;
  /** One transaction: merges one cell of the series that have all of it. Returns of how many. */
  rollUp(input: RollUp): Promise<number>;
  read(id: number): Promise<StoredRead | null>;
  /** The newest reads as known then, newest first; with a range those that overlap it. */
  reads(dataset: string, asOf: Instant, limit: number, range?: Interval): Promise<readonly StoredRead[]>;
  /**
   * Looks at so many reads that are older and have a greater id, drops those that nothing stored came from, and
   * returns the id of the last one; null: there are no more.
   */
  dropReads(input: {
    readonly before: Instant;
    readonly after: number;
    readonly limit: number;
  }): Promise<number | null>;

  recordSet(dataset: string, fingerprint: string): Promise<RecordSet>;
  /** One transaction: versions not yet known, what they touch, the read, and with `done` the new cursor. */
  saveRecords(input: {
    readonly setId: number;
    readonly read: Omit<StoredRead, 'id'>;
    readonly records: readonly RecordVersion[];
    readonly quality: 'complete' | 'partial';
    readonly done: { readonly cursor: string | null; readonly asOf: Instant } | null;
  }): Promise<void>;
  /** What results were computed from the records in this interval has to be looked at again. */
  touchRecords(setId: number, interval: Interval): Promise<void>;
  /** The latest version of each record that was open or had a time (opened, closed, due) in the interval. */
  records(setId: number, interval: Interval): Promise<readonly RecordVersion[]>;
  /** By key, of the same records: all versions known. */
  histories(setId: number, interval: Interval): Promise<ReadonlyMap<string, readonly RecordVersion[]>>;
  /** Whether any version came in then. */
  hasIngested(setId: number, range: Interval): Promise<boolean>;
  /** Versions that came in, by equal periods from `start`. */
  ingestedCounts(setId: number, range: Interval, periodMs: number): Promise<readonly number[]>;

  saveSnapshot(input: {
    readonly key: string;
    readonly hash: string;
    readonly rows: readonly Row[];
    readonly quality: 'complete' | 'partial';
    readonly read: Omit<StoredRead, 'id'>;
  }): Promise<void>;
  /** The list in force at the instant: the newest taken at or before it, else null. */
  snapshot(key: string, at: Instant): Promise<StoredSnapshot | null>;

  /** The query's id, registering it when it is new. */
  query(dataset: string, fingerprint: string): Promise<number>;
  /** Its id, where it is registered. */
  knownQuery(fingerprint: string): Promise<number | null>;
  /** A new revision only where the answer is another; the same one is only marked as checked. */
  saveAnswer(input: {
    readonly queryId: number;
    readonly window: Interval;
    readonly values: QueryReply['values'];
    readonly quality: 'complete' | 'partial';
    readonly notes: readonly string[];
    readonly read: Omit<StoredRead, 'id'>;
  }): Promise<void>;
  /** The answers for the windows with these ends are the same still, without having been asked for again. */
  confirmAnswers(queryId: number, ends: readonly Instant[], asOf: Instant): Promise<void>;
  /** For windows that end in (start, end] of the range: the newest answer of each, within `asOf`. */
  answers(queryId: number, range: Interval, asOf?: Instant): Promise<readonly StoredAnswer[]>;

  touched(): Promise<{ readonly rows: readonly Touched[]; readonly upTo: number }>;
  clearTouched(upTo: number): Promise<void>;
  /** Changed data whose older windows wait for the daily batch, of all KPIs. */
  deferred(): Promise<readonly KpiInterval[]>;
  /** Windows of provisional results that the passing of time may have changed, of all KPIs. */
  dueWindows(now: Instant): Promise<readonly KpiInterval[]>;
  /** One transaction: results that differ from what is stored, each KPI's state, what is left for its daily batch. Returns how many were new. */
  saveResults(
    items: readonly {
      readonly results: readonly NewResult[];
      readonly state: KpiState;
      /** Replaces what is left; null: leave it. */
      readonly deferred: readonly Interval[] | null;
    }[],
  ): Promise<number>;

  close(): Promise<void>;
}
