/**
 * Records measures: from versions of cases (incidents, tickets, findings) to a measure's value in a window, as it
 * was known at an instant. First the latest version of each key, then `where`, then the cohort.
 */
import type { Cohort, RecordsMeasure } from '../definition/model.ts';
import type { ValueNames } from '../filter/bind.ts';
import { compileFilter, type Lookups } from '../filter/evaluate.ts';
import type { FieldValue, Filter, Row } from '../filter/model.ts';
import type { MeasureValue } from '../result/model.ts';
import { type Stopwatch, WALL_TIME } from '../time/business-hours.ts';
import type { Instant, Interval } from '../time/interval.ts';
import { groupKey } from './fold.ts';
import type { RecordVersion, TimedRecord } from './record.ts';
import { aggregateCases, type Case } from './record-aggregate.ts';
import { standardRow } from './standard.ts';
import { NO_GROUP } from './tally.ts';

/** The standard names of the fields that a records dataset gives a meaning to. */
export interface RecordShape {
  readonly key: string;
  readonly opened: string;
  readonly closed: readonly string[];
  readonly due: string | null;
  /** Standard field → standard value → the source's own values: groups are told in standard ones. */
  readonly values?: ValueNames;
}

export interface RecordOptions {
  readonly lookups?: Lookups;
  /** Which time counts; all of it unless told. */
  readonly watch?: Stopwatch;
  /** Records opened in one of these don't count. */
  readonly exclusions?: readonly Interval[];
}

/**
 * Which of two versions of a record is the later one: by the `version` fields in order (nothing before numbers before
 * texts; numbers by size, texts by code point), then by when it came in, then by its order in the source.
 */
export function compareVersions(a: RecordVersion, b: RecordVersion): number {
  const fields = Math.max(a.version.length, b.version.length);
  for (let index = 0; index < fields; index++) {
    const order = compareFields(a.version[index] ?? null, b.version[index] ?? null);
    if (order !== 0) return order;
  }
  return a.ingested - b.ingested || a.order - b.order;
}

function compareFields(a: number | string | null, b: number | string | null): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a === b ? 0 : compareCodePoints(a, b);
  return rank(a) - rank(b);
}

function rank(value: number | string | null): number {
  return value === null ? 0 : typeof value === 'number' ? 1 : 2;
}

/** JavaScript compares UTF-16 units, in which the highest code points (surrogates) stand before U+E000. */
function compareCodePoints(a: string, b: string): number {
  let index = 0;
  while (index < a.length && a.charCodeAt(index) === b.charCodeAt(index)) index++;
  if (index >= a.length || index >= b.length) return a.length - b.length;
  const [unitA, unitB] = [a.charCodeAt(index), b.charCodeAt(index)];
  const bothHigh = unitA >= 0xd800 && unitB >= 0xd800;
  return bothHigh && unitA >= 0xe000 !== unitB >= 0xe000 ? unitB - unitA : unitA - unitB;
}

/** The latest version of each key. The order in which versions come matters only where nothing else tells them apart. */
export function latestVersions(versions: Iterable<RecordVersion>): Map<string, RecordVersion> {
  const latest = new Map<string, RecordVersion>();
  for (const version of versions) {
    const known = latest.get(version.key);
    if (known === undefined || compareVersions(version, known) >= 0) latest.set(version.key, version);
  }
  return latest;
}

/** When a record was closed, as known at `asOf`: the first of its close times that is not later; null: still open. */
export function closedAt(record: RecordVersion, asOf: Instant): Instant | null {
  const { closed } = record;
  // By index: this is asked of every record by every measure.
  for (let index = 0; index < closed.length; index++) {
    const time = closed[index];
    if (time !== null && time !== undefined && time <= asOf) return time;
  }
  return null;
}

/**
 * A record's fields as known at `asOf`, by standard name: what filters and groups read. Opened, closed and due are
 * there as UTC milliseconds, whatever the source calls a time; a close time later than `asOf` is absent.
 */
export function asKnown(record: RecordVersion, asOf: Instant, shape: RecordShape): Row {
  const { key, opened, closed, due } = shape;
  const names = new Set([
    ...Object.keys(record.fields),
    key,
    opened,
    ...closed,
    ...(due === null ? [] : [due]),
  ]);
  return viewer([...names], shape)(record, asOf);
}

type View = (record: RecordVersion, asOf: Instant) => Row;

/** Shows only some fields, and always in the same object: each row is read before the next one is shown. */
function viewer(names: readonly string[], shape: RecordShape): View {
  const readers = names.map((name) => [name, fieldReader(name, shape)] as const);
  const row: Record<string, FieldValue> = {};
  return (record, asOf) => {
    for (const [name, read] of readers) row[name] = read(record, asOf);
    return row;
  };
}

function fieldReader(name: string, shape: RecordShape): (record: RecordVersion, asOf: Instant) => FieldValue {
  const index = shape.closed.indexOf(name);
  if (index >= 0) {
    return ({ closed }, asOf) => {
      const time = closed[index] ?? null;
      return time !== null && time <= asOf ? time : null;
    };
  }
  if (name === shape.opened) return (record) => record.opened;
  if (name === shape.due) return (record) => record.due;
  if (name === shape.key) return (record) => record.key;
  return ({ fields }) => (Object.hasOwn(fields, name) ? fields[name] : null);
}

/** The time that puts a record into a cohort's window, as known at `asOf`; null: it has none. */
export function cohortTime(
  record: RecordVersion,
  cohort: Exclude<Cohort, 'open-at-end'>,
  asOf: Instant,
): Instant | null {
  return cohort === 'closed' ? closedAt(record, asOf) : record[cohort];
}

/** Whether a window is about a record, as known at `asOf`. Open at the end: opened before it, not closed before it. */
export function inCohort(record: RecordVersion, cohort: Cohort, window: Interval, asOf: Instant): boolean {
  if (cohort === 'open-at-end') {
    if (record.opened === null || record.opened >= window.end) return false;
    const closed = closedAt(record, asOf);
    return closed === null || closed >= window.end;
  }
  const time = cohortTime(record, cohort, asOf);
  return time !== null && time >= window.start && time < window.end;
}

/** Group key → value; `NO_GROUP` is the total, which is always there. */
export type GroupedValues = ReadonlyMap<string, MeasureValue>;

/**
 * Evaluates a records measure over the latest versions of all records (those outside its cohort are passed over).
 * For many windows, compile the measure once.
 */
export function evaluateRecords(
  measure: RecordsMeasure,
  records: Iterable<TimedRecord>,
  shape: RecordShape,
  window: Interval,
  asOf: Instant,
  groupBy: readonly string[],
  options?: RecordOptions,
): GroupedValues {
  return compileRecordsMeasure(measure, shape, groupBy, options)(records, window, asOf);
}

/** A records measure as a function of the latest versions, the window and the instant of knowing. */
export function compileRecordsMeasure(
  measure: RecordsMeasure,
  shape: RecordShape,
  groupBy: readonly string[],
  { lookups, watch = WALL_TIME, exclusions = [] }: RecordOptions = {},
): (records: Iterable<TimedRecord>, window: Interval, asOf: Instant) => GroupedValues {
  const { where, cohort, aggregate, decidedWhen, followUpMs } = measure;
  const of = aggregate.type === 'count' || aggregate.type === 'share' ? (aggregate.of ?? null) : null;
  const isMember = compileFilter(where, lookups);
  const isMatch = of === null ? () => true : compileFilter(of, lookups);
  const isDecided = decidedWhen === null ? () => true : compileFilter(decidedWhen, lookups);
  const keysOf = groupKeysOf(groupBy, shape.values ?? {});
  const view = viewer([...fieldsOf([where, of, decidedWhen], groupBy)], shape);

  const isExcluded = ({ opened }: TimedRecord) =>
    opened !== null && exclusions.some(({ start, end }) => opened >= start && opened < end);

  return (records, window, asOf) => {
    const groups = new Map<string, Case[]>([[NO_GROUP, []]]);
    const excluded = new Map<string, Case[]>();
    for (const record of records) {
      if (!inCohort(record, cohort, window, asOf)) continue;
      const row = view(record, asOf);
      if (!isMember(row)) continue;
      const { opened, due, pauses = NO_PAUSE, limitMs } = record;
      const one: Case = {
        opened,
        due,
        pauses,
        ...(limitMs !== undefined && { limitMs }),
        closed: closedAt(record, asOf),
        matched: isMatch(row),
        decided: isDecided(row),
      };
      const into = exclusions.length > 0 && isExcluded(record) ? excluded : groups;
      push(into, NO_GROUP, one);
      for (const key of keysOf(row)) push(into, key, one);
    }
    const observed = { watch, asOf, windowEnd: window.end, until: window.end + followUpMs };
    const aggregated = (cases: readonly Case[]) => aggregateCases(aggregate, cases, observed);
    const value = ([key, cases]: [string, Case[]]): [string, MeasureValue] => {
      const left = excluded.get(key) ?? [];
      if (left.length === 0) return [key, aggregated(cases)];
      const withExcluded = aggregated([...cases, ...left]).value;
      return [key, { ...aggregated(cases), excluded: left.length, withExcluded }];
    };
    return new Map([...groups].map(value));
  };
}

const NO_PAUSE: readonly Interval[] = [];

function push(groups: Map<string, Case[]>, key: string, one: Case): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [one]);
  else group.push(one);
}

/** Standard group keys, remembered for one field with one value: making a key costs more than all the rest. */
function groupKeysOf(groupBy: readonly string[], values: ValueNames): (row: Row) => readonly string[] {
  const [field, ...others] = groupBy;
  if (field === undefined) return () => [];
  const keysOf = (row: Row) => groupKey(standardRow(row, groupBy, values), groupBy);
  if (others.length > 0) return keysOf;
  const known = new Map<FieldValue, readonly string[]>();
  return (row) => {
    const value = row[field];
    const found = known.get(value) ?? keysOf(row);
    if (typeof value !== 'object') known.set(value, found);
    return found;
  };
}

function fieldsOf(filters: readonly (Filter | null)[], groupBy: readonly string[]): Set<string> {
  const names = new Set(groupBy);
  const collect = (filter: Filter): void => {
    if (filter.op === 'test') names.add(filter.field);
    else if (filter.op === 'not') collect(filter.of);
    else if (filter.op !== 'everything') filter.of.forEach(collect);
  };
  for (const filter of filters) if (filter !== null) collect(filter);
  return names;
}
