/**
 * What is known of the fields that measures need: on which days events had them, and since when none has. Kept by
 * dataset; another binding of a field (another name, another index) begins anew.
 */
import type { EventsDataset } from '../../config/model.ts';
import type { Measure } from '../../core/definition/model.ts';
import { fieldsAskedAway } from '../../core/filter/absence.ts';
import { filterLookups } from '../../core/filter/bind.ts';
import {
  coveredLength,
  formatInstant,
  type Instant,
  type Interval,
  intersect,
  subtract,
  union,
} from '../../core/time/interval.ts';
import type { Store } from '../../ports/store.ts';
import { type BoundKpi, filtersOf, type SeriesBinding } from '../bind/bind.ts';
import { measureFields } from '../bind/usage.ts';

/** A field that a KPI can't do without. */
export interface Need {
  readonly dataset: EventsDataset;
  readonly control: SeriesBinding;
  /** Standard name. */
  readonly field: string;
  /** What is computed from it. */
  readonly series: SeriesBinding;
}

/** The fields of a measure's filter and aggregate, but for those whose absence it asks for. */
export function fieldsNeeded(measure: Measure): readonly string[] {
  if (mayBeAbsent(measure)) return [];
  const away = new Set(filtersOf(measure).flatMap(fieldsAskedAway));
  return [...new Set(measureFields(measure))].filter((field) => !away.has(field));
}

/** Fields of other datasets that a measure looks values up in. */
export const fieldsLookedUp = (measure: Measure): ReturnType<typeof filterLookups> =>
  mayBeAbsent(measure) ? [] : filtersOf(measure).flatMap(filterLookups);

const mayBeAbsent = (measure: Measure): boolean => measure.kind !== 'query' && measure.mayBeAbsent === true;

/** What a KPI's measures need of events: their own fields, and those that they look values up in. */
export function needsOf({ measures, occurrences }: BoundKpi): Need[] {
  const own = Object.values(measures).flatMap((bound) => {
    if (bound.kind !== 'series') return [];
    const { total, control, measure } = bound;
    const { dataset } = total;
    return fieldsNeeded(measure).map((field) => ({ dataset, control, field, series: total }));
  });
  const looked = Object.values(measures).flatMap(({ measure }) => fieldsLookedUp(measure));
  return [
    ...own,
    ...occurrences
      .filter(({ dataset, field }) =>
        looked.some((one) => one.dataset === dataset.name && one.field === field),
      )
      .map(({ dataset, field, control, keys }) => ({ dataset, control, field, series: keys })),
  ];
}

/** A time in which no event had a field. */
export interface Absence {
  /** The end of the last hour in which one had it. */
  readonly start: Instant;
  /** The start of the first hour in which one had it again; null: none yet. */
  readonly end: Instant | null;
  /** The share of the events that had it before. */
  readonly usual: number;
}

/** Of the events of a day (or some hours of one) with the field: how many, and the hours from the first to the last. */
export interface Seen extends Interval {
  readonly present: number;
}

export interface FieldKnown {
  /** The source's own name of it. */
  readonly native: string;
  /** By 00:00 of the day; null: the source can't tell. */
  readonly days: Readonly<Record<string, Seen | null>>;
  /** The days before it have been looked at; null: none has. */
  readonly lookedTo: Instant | null;
  readonly absences: readonly Absence[];
}

export interface PresenceKnown {
  /** The control series' fingerprint: which data it is. */
  readonly basis: string;
  /** Up to here hours of a running day have been looked at. */
  readonly hoursTo: Instant;
  /** Events of each day, by its 00:00. */
  readonly events: Readonly<Record<string, number>>;
  readonly fields: Readonly<Record<string, FieldKnown>>;
}

export const presenceKey = (dataset: string): string => `fields ${dataset}`;

async function stored(store: Pick<Store, 'cursor'>, dataset: string): Promise<PresenceKnown | null> {
  const text = await store.cursor(presenceKey(dataset));
  return text === null ? null : JSON.parse(text);
}

/** What is known of these fields as they are bound now. */
export async function presenceKnown(
  store: Pick<Store, 'cursor'>,
  dataset: EventsDataset,
  basis: string,
  fields: Iterable<string>,
): Promise<PresenceKnown> {
  const known = await stored(store, dataset.name);
  const before = known?.basis === basis ? known : { basis, hoursTo: 0, events: {}, fields: {} };
  const own = [...fields].map((field): [string, FieldKnown] => {
    const native = dataset.fields[field] ?? field;
    const one = before.fields[field];
    return [field, one?.native === native ? one : { native, days: {}, lookedTo: null, absences: [] }];
  });
  return { ...before, fields: { ...before.fields, ...Object.fromEntries(own) } };
}

const overlaps = ({ start, end }: Absence, window: Interval): boolean =>
  start < window.end && (end === null || end > window.start);

/**
 * Whether no event had one of these fields in a larger part of a window than the KPI tolerates to be partial, as far as is
 * known. What is excluded doesn't count.
 */
export function vanishedIn(store: Pick<Store, 'cursor'>) {
  const loaded = new Map<string, Promise<PresenceKnown>>();
  return async (
    { exclusions, definition }: BoundKpi,
    { dataset, fingerprint }: SeriesBinding,
    fields: readonly string[],
  ): Promise<(window: Interval) => boolean> => {
    const key = `${dataset.name} ${fingerprint} ${fields.join(' ')}`;
    const loading = loaded.get(key) ?? presenceKnown(store, dataset, fingerprint, fields);
    loaded.set(key, loading);
    const known = await loading;
    const absences = fields.flatMap((field) => known.fields[field]?.absences ?? []);
    if (absences.length === 0) return () => false;
    const absent = union(
      absences.map(({ start, end }) => ({ start, end: end ?? Number.POSITIVE_INFINITY })),
      [],
    );
    const { partial } = definition.tolerate;
    return (window) => {
      const counted = subtract([window], exclusions);
      return coveredLength(intersect(counted, absent)) > partial * coveredLength(counted);
    };
  };
}

/** A sentence for each field of a measure that is absent in a part of the window. */
export async function absenceSentences(
  store: Pick<Store, 'cursor'>,
  measure: Measure,
  window: Interval,
): Promise<readonly string[]> {
  const own = fieldsNeeded(measure).map((field) => ({ dataset: measure.dataset, field }));
  const sentences: string[] = [];
  for (const { dataset, field } of [...own, ...fieldsLookedUp(measure)]) {
    const known = (await stored(store, dataset))?.fields[field];
    for (const absence of known?.absences.filter((one) => overlaps(one, window)) ?? [])
      sentences.push(absenceSentence(dataset, field, known?.native ?? field, absence));
  }
  return sentences;
}

export function absenceSentence(dataset: string, field: string, native: string, absence: Absence): string {
  const { start, end, usual } = absence;
  const name = fieldName(field, native);
  const until = end === null ? 'since' : `from ${formatInstant(start)} to`;
  return `No event of “${dataset}” has ${name} ${until} ${formatInstant(end ?? start)}, where ${share(usual)} had it before.`;
}

/** With the source's own name, where that is another. */
export const fieldName = (field: string, native: string): string =>
  native === field ? field : `${field} (${native})`;

/** `4 of 100`, `7 of 1,000`. */
export function share(of: number): string {
  const base = of >= 0.01 ? 100 : of >= 0.001 ? 1_000 : 1_000_000;
  return `${Math.round(of * base).toLocaleString('en')} of ${base.toLocaleString('en')}`;
}
