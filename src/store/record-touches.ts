/** Which windows may change when a version of a record takes another's place, by what its times and fields are. */
import type { FieldValue } from '../core/filter/model.ts';
import type { RecordVersion } from '../core/measure/record.ts';
import { alignOut, HOUR, type Instant, type Interval, union } from '../core/time/interval.ts';
import { HISTORY, type Touched } from '../ports/store.ts';
import { type Db, insertRows } from './rows.ts';

/** Later than any instant: the end of a record that is still open. */
export const OPEN_END = 9e15;

type Touch = Omit<Touched, 'input'>;

const COHORTS = ['opened', 'closed', 'due', 'open-at-end'] as const;

/** Something about the set itself changed: the windows of every measure of it. */
export const everyCohort = (interval: Interval): Touch[] =>
  COHORTS.map((kind) => ({ kind, fields: null, ...interval }));

/** Instants are widened to hours, so that they join: a touch too many only costs a comparison. */
export const hourOf = (time: Instant): Interval => alignOut({ start: time, end: time + 1 }, HOUR);

export async function insertTouched(db: Db, setId: number, touches: readonly Touch[]): Promise<void> {
  const byName = new Map<string, { touch: Touch; parts: Interval[] }>();
  for (const touch of touches) {
    const name = `${touch.kind} ${touch.fields?.join(' ')}`;
    const entry = byName.get(name) ?? { touch, parts: [] };
    entry.parts.push(touch);
    byName.set(name, entry);
  }
  const rows = [...byName.values()].flatMap(({ touch, parts }) =>
    union(parts, []).map((part) => [
      `records:${setId}`,
      touch.kind,
      touch.fields === null ? null : JSON.stringify(touch.fields),
      part.start,
      part.end,
    ]),
  );
  await insertRows(db, 'touched', ['input', 'kind', 'fields', 'start', 'end'], rows);
}

/** From the first to the last instant that the record can matter to. */
export function span(record: RecordVersion): { lo: number; hi: number } {
  const closed = record.closed.filter((time) => time !== null);
  const times = [...closed, record.opened, record.due].filter((time) => time !== null);
  return {
    lo: times.length === 0 ? 0 : Math.min(...times),
    hi: closed.length === 0 ? OPEN_END : Math.max(...times),
  };
}

/** Which windows may change when `after` takes the place of `before`? */
export function touches(before: RecordVersion | undefined, after: RecordVersion | undefined): Touch[] {
  const both = [before, after].filter((record) => record !== undefined);
  const fields = before === undefined || after === undefined ? null : changedFields(before, after);
  if (fields?.length === 0) return [];
  return both.flatMap((record) => touchesOf(record, fields));
}

/** Versions that the latest one has overtaken: they matter to a clock that goes by all of them. */
export function passedBy(
  fresh: readonly { readonly record: RecordVersion }[],
  before: ReadonlyMap<string, RecordVersion>,
  latest: ReadonlyMap<string, RecordVersion>,
): Touch[] {
  // A record that is new touches all its windows anyway.
  const newest = fresh.flatMap(({ record: { key }, record }) =>
    before.has(key) && latest.get(key) !== record ? (latest.get(key) ?? []) : [],
  );
  return [...new Set(newest)].flatMap((record) => touchesOf(record, [HISTORY]));
}

/** The windows of a record's times, and those in which it was open. */
export function touchesOf(record: RecordVersion, fields: Touch['fields']): Touch[] {
  const at = (kind: Touch['kind'], time: Instant | null): Touch[] =>
    time === null ? [] : [{ kind, fields, ...hourOf(time) }];
  const { lo, hi } = span(record);
  return [
    ...at('opened', record.opened),
    ...record.closed.flatMap((time) => at('closed', time)),
    ...at('due', record.due),
    { kind: 'open-at-end', fields, ...alignOut({ start: lo, end: hi + 1 }, HOUR) },
  ];
}

/** The names of fields with other values; null where the record's times differ too. */
function changedFields(before: RecordVersion, after: RecordVersion): readonly string[] | null {
  const times = (record: RecordVersion) => JSON.stringify([record.opened, record.closed, record.due]);
  if (times(before) !== times(after)) return null;
  const names = [...new Set([...Object.keys(before.fields), ...Object.keys(after.fields)])].sort();
  const text = (value: FieldValue) => JSON.stringify(value ?? null);
  return names.filter((name) => text(before.fields[name]) !== text(after.fields[name]));
}
