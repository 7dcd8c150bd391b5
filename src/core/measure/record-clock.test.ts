import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordAggregate, RecordsMeasure } from '../definition/model.ts';
import { EVERYTHING, type Filter } from '../filter/model.ts';
import { parseFilter } from '../filter/parse.ts';
import { HOUR, type Instant } from '../time/interval.ts';
import type { RecordVersion } from './record.ts';
import { type ClockSettings, clockText, compileClock, stopwatchOf } from './record-clock.ts';
import { evaluateRecords, latestVersions } from './records.ts';
import { NO_GROUP } from './tally.ts';

/** Monday, 2 March 2026, 00:00 UTC. */
const MONDAY = Date.UTC(2026, 2, 2);
const at = (hours: number): Instant => MONDAY + hours * HOUR;
const WEEK = { start: MONDAY, end: at(168) };

const detect = (written: object): Filter => {
  const parsed = parseFilter(written);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.filter;
};
const OFFICE = {
  timeZone: 'UTC',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'] as const,
  from: '08:00',
  to: '16:00',
  holidays: [],
};
const settings = (more: Partial<ClockSettings> = {}): ClockSettings => ({
  key: 'id',
  opened: 'opened',
  closed: ['closed'],
  due: null,
  values: {},
  ...more,
});
const office = settings({ clock: { businessHours: OFFICE, pausedWhile: null } });
const pausing = settings({
  clock: { businessHours: null, pausedWhile: detect({ state: 'Awaiting User Info' }) },
});
const byPriority = { by: 'priority', limits: { High: 4 * HOUR, Low: 8 * HOUR } };

/** A version known from the hour `known` on. */
const version = (known: number, state: string, more: Partial<RecordVersion> = {}): RecordVersion => ({
  key: 'a',
  version: [],
  ingested: at(known),
  order: 0,
  opened: at(9),
  closed: [null],
  due: null,
  ...more,
  fields: { state, priority: 'High', ...more.fields },
});
const closedAt = (hour: number) => ({ closed: [at(hour)] });

const measure = (aggregate: RecordAggregate, more: Partial<RecordsMeasure> = {}): RecordsMeasure => ({
  kind: 'records',
  dataset: 'cases',
  where: EVERYTHING,
  cohort: 'opened',
  aggregate,
  decidedWhen: null,
  followUpMs: 0,
  ...more,
});
const DURATION = measure({ type: 'duration', percentile: 50, unit: 'hours' });

function total(of: RecordsMeasure, on: ClockSettings, history: readonly RecordVersion[], asOf = 1_000) {
  const watch = stopwatchOf(on);
  const timed = compileClock(on, watch);
  const records = [...latestVersions(history).values()].map((one) =>
    timed(
      one,
      history.filter(({ key }) => key === one.key),
    ),
  );
  return evaluateRecords(of, records, on, WEEK, at(asOf), [], { watch }).get(NO_GROUP);
}
const hours = (on: ClockSettings, ...history: readonly RecordVersion[]) =>
  total(DURATION, on, history)?.value;

describe('A clock of business hours', () => {
  it('counts them alone from opening to closing', () => {
    expect(hours(office, version(9, 'New', { opened: at(15), ...closedAt(34) }))).toBe(3);
    expect(hours(settings(), version(9, 'New', { opened: at(15), ...closedAt(34) }))).toBe(19);
  });

  it('runs for open records too: censoring and age', () => {
    const open = version(9, 'New', { opened: at(15) });
    expect(total(DURATION, office, [open], 34)).toMatchObject({ value: null, lower: 3 });
    const age = measure({ type: 'age', percentile: 50, unit: 'hours' }, { cohort: 'open-at-end' });
    expect(total(age, office, [open])?.value).toBe(33);
  });

  it('keeps a limit while it stands still at it, and misses it once it runs on', () => {
    const within = measure({ type: 'within', limitMs: 4 * HOUR }, { followUpMs: 4 * HOUR });
    const kept = (closed: number | null, asOf = 1_000) =>
      total(
        within,
        office,
        [version(9, 'New', { opened: at(12), closed: [closed === null ? null : at(closed)] })],
        asOf,
      );
    expect(kept(16)).toMatchObject({ value: 1, upper: 1 });
    expect(kept(31.9)).toMatchObject({ value: 1 });
    expect(kept(32.1)).toMatchObject({ value: 0 });
    expect(kept(null, 20)).toMatchObject({ lower: 0, upper: 1, undecided: 1 });
    expect(kept(null, 32)).toMatchObject({ value: 0, upper: 0 });
  });
});

describe('A clock that pauses', () => {
  it('stands still from a version that matches to one that does not', () => {
    const history = [
      version(10, 'New'),
      version(12, 'awaiting user info'),
      version(20, 'Awaiting User Info'),
      version(22, 'Active'),
      version(30, 'Closed', closedAt(30)),
    ];
    expect(hours(pausing, ...history)).toBe(21 - 10);
    expect(hours(pausing, ...history.toReversed())).toBe(11);
  });

  it('goes by the latest version known then, not by the last that came in', () => {
    const history = [
      version(10, 'New', { version: [1] }),
      version(12, 'Active', { version: [3] }),
      version(13, 'Awaiting User Info', { version: [2] }),
      version(30, 'Closed', { version: [4], ...closedAt(30) }),
    ];
    expect(hours(pausing, ...history)).toBe(21);
  });

  it('stands still for an open record that still waits', () => {
    const waiting = [version(10, 'New'), version(12, 'Awaiting User Info')];
    expect(total(DURATION, pausing, waiting, 100)).toMatchObject({ lower: 3 });
    const within = measure({ type: 'within', limitMs: 4 * HOUR }, { followUpMs: 4 * HOUR });
    expect(total(within, pausing, waiting)).toMatchObject({ lower: 0, upper: 1, censored: 1 });
  });

  it('knows the source’s own values', () => {
    const own = { ...pausing, values: { state: { 'Awaiting User Info': ['-5', 'waiting'] } } };
    expect(hours(own, version(10, 'New'), version(12, '-5'), version(14, 'Done', closedAt(14)))).toBe(3);
  });
});

describe('A due time from a table', () => {
  const tabled = settings({ dueBy: byPriority });
  const due = (on: ClockSettings, ...history: readonly RecordVersion[]) => {
    const [record] = latestVersions(history).values();
    return record === undefined ? null : compileClock(on, stopwatchOf(on))(record, history).due;
  };

  it('is opening plus limit on the clock', () => {
    const late = version(9, 'New', { opened: at(15) });
    expect(due(tabled, late)).toBe(at(19));
    expect(due({ ...tabled, ...office, dueBy: byPriority }, late)).toBe(at(35));
    expect(
      due({ ...pausing, dueBy: byPriority }, version(10, 'Awaiting User Info'), version(20, 'New')),
    ).toBe(at(22 + 1));
    expect(due({ ...pausing, dueBy: byPriority }, version(10, 'Awaiting User Info'))).toBeNull();
  });

  it('follows the latest value of the field, in the source’s own words', () => {
    const own = { ...tabled, values: { priority: { High: ['1'] } } };
    expect(due(own, version(9, 'New', { fields: { priority: 1 } }))).toBe(at(13));
    expect(due(own, version(9, 'New', { fields: { priority: 'low' } }))).toBe(at(17));
  });

  it('leaves out, and counts, what the table has no line for', () => {
    const history = [
      version(9, 'New', closedAt(12)),
      version(9, 'New', { key: 'b', ...closedAt(12), fields: { priority: 'Planning' } }),
      version(9, 'New', { key: 'c', ...closedAt(12), fields: { priority: ['High', 'Low'] } }),
    ];
    expect(total(measure({ type: 'within-due' }), tabled, history)).toMatchObject({
      value: 1,
      n: 1,
      leftOut: 2,
    });
  });

  it('puts records into the windows in which they are due', () => {
    const counting = measure({ type: 'count' }, { cohort: 'due' });
    const friday = (hour: number) => version(9, 'New', { opened: at(4 * 24 + hour) });
    const on = { ...tabled, ...office, dueBy: byPriority };
    expect(total(counting, on, [friday(12)])?.value).toBe(1);
    expect(total(counting, on, [friday(12.1)])?.value).toBe(0);
  });

  it('says the same as the limit itself', () => {
    const hour = fc.integer({ min: 0, max: 150 });
    const state = fc.constantFrom('New', 'Awaiting User Info', 'Active');
    const steps = fc.array(fc.tuple(hour, state), { minLength: 1, maxLength: 6 });
    const clocks = fc.constantFrom(settings(), office, pausing, {
      ...office,
      clock: { businessHours: OFFICE, pausedWhile: pausing.clock?.pausedWhile ?? null },
    });
    fc.assert(
      fc.property(clocks, steps, fc.option(hour), hour, (on, all, closed, asOf) => {
        const history = all.map(([known, name], order) =>
          version(known, name, { order, closed: [closed === null ? null : at(closed)] }),
        );
        const table = { ...on, dueBy: byPriority };
        const kept = ({ lower, upper, n, undecided, censored }: ReturnType<typeof total> & object) => ({
          lower,
          upper,
          n,
          undecided,
          censored,
        });
        const limit = total(measure({ type: 'within', limitMs: 4 * HOUR }), on, history, asOf);
        const byTable = total(measure({ type: 'within-due' }), table, history, asOf);
        if (limit === undefined || byTable === undefined) throw new Error('there is always a total');
        expect(kept(byTable)).toEqual(kept(limit));
      }),
    );
  });
});

it('A clock is told in words', () => {
  const all = {
    clock: { businessHours: { ...OFFICE, holidays: ['2026-05-17'] }, pausedWhile: detect({ state: 'New' }) },
    dueBy: byPriority,
  };
  expect(clockText(all)).toBe(
    '08:00 to 16:00 on mon, tue, wed, thu, fri in UTC without 1 holiday; paused while state = New; due by priority: High 4h, Low 8h',
  );
  expect(clockText({})).toBeNull();
});
