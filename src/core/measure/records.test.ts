import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cohort, RecordAggregate, RecordsMeasure } from '../definition/model.ts';
import { EVERYTHING, type Filter, type Scalar } from '../filter/model.ts';
import type { RecordVersion } from './record.ts';
import { asKnown, closedAt, compareVersions, evaluateRecords, inCohort, latestVersions } from './records.ts';
import { NO_GROUP } from './tally.ts';

const HOUR = 3_600_000;
const shape = { key: 'number', opened: 'opened_at', closed: ['resolved_at', 'closed_at'], due: 'due_at' };
const window = { start: 0, end: 100 * HOUR };

type Draft = Partial<Omit<RecordVersion, 'closed'>> & { closed?: (number | null)[] };

/** A record whose times are hours. */
function record(key: string, { opened = 0, closed = [], due = null, ...more }: Draft = {}): RecordVersion {
  return {
    key,
    version: [1],
    ingested: 0,
    order: 0,
    fields: {},
    ...more,
    opened: hours(opened),
    closed: closed.map(hours),
    due: hours(due),
  };
}

function hours(time: number | null): number | null {
  return time === null ? null : time * HOUR;
}

function is(field: string, value: Scalar): Filter {
  const predicate =
    typeof value === 'boolean'
      ? ({ kind: 'boolean', value } as const)
      : ({ kind: 'text', pattern: [{ literal: String(value) }], cased: false } as const);
  return { op: 'test', field, predicate };
}

function measure(aggregate: RecordAggregate, more: Partial<RecordsMeasure> = {}): RecordsMeasure {
  return {
    kind: 'records',
    dataset: 'incidents',
    where: EVERYTHING,
    cohort: 'opened',
    aggregate,
    decidedWhen: null,
    followUpMs: 0,
    ...more,
  };
}

function total(of: RecordsMeasure, records: RecordVersion[], asOf = 1000, groupBy: string[] = []) {
  return evaluateRecords(of, records, shape, window, asOf * HOUR, groupBy).get(NO_GROUP);
}

const version = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  version: fc.tuple(
    fc.oneof(
      fc.constant(null),
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom('2', '10', '\u{1f600}', '\uffff'),
    ),
  ),
  ingested: fc.integer({ min: 0, max: 2 }),
});

describe('The latest version of a record', () => {
  it.each<[string, Draft, Draft]>([
    ['has the greater number', { version: [9] }, { version: [10] }],
    ['has the later text, by code point', { version: ['\uffff'] }, { version: ['\u{1f600}'] }],
    ['has the longer text where one begins the other', { version: ['1'] }, { version: ['10'] }],
    ['has any version rather than none', { version: [null] }, { version: [0] }],
    ['is decided by the first field that differs', { version: [1, 9] }, { version: [2, 0] }],
    ['came in later where versions tie', { ingested: 1, order: 9 }, { ingested: 2, order: 0 }],
    ['stands later in the source where that ties too', { order: 1 }, { order: 2 }],
  ])('%s', (_, earlier, later) => {
    expect(compareVersions(record('a', earlier), record('a', later))).toBeLessThan(0);
    expect(compareVersions(record('a', later), record('a', earlier))).toBeGreaterThan(0);
  });

  it('is the same in whatever order versions arrive', () => {
    const stream = fc
      .array(version, { maxLength: 12 })
      .map((drafts) => drafts.map(({ key, ...more }, order) => record(key, { ...more, order })))
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
    fc.assert(
      fc.property(stream, ([inOrder, shuffled]) => {
        expect(new Map([...latestVersions(shuffled)].sort())).toEqual(
          new Map([...latestVersions(inOrder)].sort()),
        );
      }),
    );
  });
});

describe('What is not known yet at asOf', () => {
  const resolvedLater = record('a', { opened: 1, closed: [20, 50], due: 30, fields: { state: 'Resolved' } });

  it('is no close time: the first known one counts', () => {
    expect([19, 20, 60].map((asOf) => closedAt(resolvedLater, asOf * HOUR))).toEqual([
      null,
      20 * HOUR,
      20 * HOUR,
    ]);
    expect(closedAt(record('a', { closed: [null, 50] }), 50 * HOUR)).toBe(50 * HOUR);
    expect(closedAt(record('a', { closed: [60, 50] }), 55 * HOUR)).toBe(50 * HOUR);
  });

  it('is absent to filters, while known times are milliseconds', () => {
    expect(asKnown(resolvedLater, 30 * HOUR, shape)).toEqual({
      state: 'Resolved',
      number: 'a',
      opened_at: HOUR,
      resolved_at: 20 * HOUR,
      closed_at: null,
      due_at: 30 * HOUR,
    });
  });

  it('keeps a record out of a population that asks for it', () => {
    const where: Filter = { op: 'test', field: 'resolved_at', predicate: { kind: 'exists' } };
    const counting = measure({ type: 'count' }, { where });
    expect([19, 20].map((asOf) => total(counting, [resolvedLater], asOf)?.value)).toEqual([0, 1]);
  });
});

describe('A cohort', () => {
  it.each<[Cohort, string, Draft, boolean]>([
    ['opened', 'at the window’s start', { opened: 0 }, true],
    ['opened', 'not at its end', { opened: 100 }, false],
    ['closed', 'in the window', { opened: -5, closed: [99] }, true],
    ['closed', 'not after it', { closed: [100] }, false],
    ['closed', 'not while open', {}, false],
    ['due', 'in the window', { due: 50 }, true],
    ['due', 'not without a due time', {}, false],
    ['open-at-end', 'opened long ago', { opened: -500 }, true],
    ['open-at-end', 'closed at the very end', { closed: [100] }, true],
    ['open-at-end', 'not when closed before', { closed: [99] }, false],
    ['open-at-end', 'not when opened later', { opened: 100 }, false],
  ])('%s: %s', (cohort, _, draft, expected) => {
    expect(inCohort(record('a', draft), cohort, window, 1000 * HOUR)).toBe(expected);
  });
});

describe('An undecided record counts either way', () => {
  const decidedWhen = is('state', 'closed');
  const records = [
    record('1', { fields: { state: 'Closed', kept: true } }),
    record('2', { fields: { state: 'Closed', kept: false } }),
    record('3', { fields: { state: 'Resolved', kept: true } }),
    record('4', { fields: { state: 'Resolved', kept: false } }),
  ];

  it('in a share', () => {
    const of = is('kept', true);
    expect(total(measure({ type: 'share', of }, { decidedWhen }), records)).toEqual({
      value: 0.5,
      lower: 0.25,
      upper: 0.75,
      n: 4,
      undecided: 2,
    });
    expect(total(measure({ type: 'share', of }), records)).toMatchObject({
      lower: 0.5,
      upper: 0.5,
      undecided: 0,
    });
  });

  it('in a count', () => {
    const counting = measure({ type: 'count', of: is('kept', true) }, { decidedWhen });
    expect(total(counting, records)).toEqual({ value: 2, lower: 1, upper: 3, n: 4, undecided: 2 });
  });

  it('whatever becomes of it, the bounds hold', () => {
    const drafts = fc.array(fc.record({ kept: fc.boolean(), decided: fc.boolean(), later: fc.boolean() }), {
      minLength: 1,
      maxLength: 10,
    });
    fc.assert(
      fc.property(drafts, fc.constantFrom('share', 'count'), (all, type) => {
        const of = measure({ type, of: is('kept', true) }, { decidedWhen });
        const now = all.map(({ kept, decided }, i) =>
          record(`${i}`, { fields: { kept, state: decided ? 'Closed' : 'Open' } }),
        );
        const later = all.map(({ kept, decided, later }, i) =>
          record(`${i}`, { fields: { kept: decided ? kept : later, state: 'Closed' } }),
        );
        const [before, after] = [total(of, now), total(of, later)];
        for (const value of [before?.value, after?.value]) {
          expect(value).toBeGreaterThanOrEqual(before?.lower ?? Number.NaN);
          expect(value).toBeLessThanOrEqual(before?.upper ?? Number.NaN);
        }
        expect(after?.lower).toBe(after?.upper);
      }),
    );
  });
});

describe('The share within a limit', () => {
  const within = measure({ type: 'within', limitMs: 24 * HOUR });
  const records = [
    record('kept', { opened: 0, closed: [24] }),
    record('late', { opened: 0, closed: [25] }),
    record('open past the limit', { opened: 76 }),
    record('may still be kept', { opened: 77 }),
  ];

  it('misses what is open past the limit, and leaves open what is not', () => {
    // Three were seen for 24 hours, one of them was closed in time; the fourth was lost before it could tell.
    expect(total(within, records)).toEqual({
      value: expect.closeTo(1 / 3, 12),
      lower: 0.25,
      upper: 0.5,
      n: 4,
      undecided: 0,
      censored: 1,
    });
  });

  it('is Kaplan–Meier’s estimate where some are lost before others close', () => {
    const lost = [
      record('a', { opened: 90 }),
      record('b', { opened: 80, closed: [99] }),
      record('c', { opened: 0 }),
    ];
    expect(total(within, lost)).toMatchObject({ value: 0.5, lower: 1 / 3, upper: 2 / 3 });
  });

  it('waits for those that may still be kept while they are followed up', () => {
    const followed = { ...within, followUpMs: 24 * HOUR };
    const closing = [...records.slice(0, 3), record('kept after the window', { opened: 77, closed: [101] })];
    expect(total(followed, closing, 100)).toMatchObject({ lower: 0.25, upper: 0.5, undecided: 1 });
    expect(total(followed, closing, 124)).toEqual({ value: 0.5, lower: 0.5, upper: 0.5, n: 4, undecided: 0 });
  });

  it('counts what is closed after the follow-up as still open', () => {
    expect(total(within, [record('a', { opened: 90, closed: [105] })], 1000)).toMatchObject({
      censored: 1,
      upper: 1,
    });
  });

  it('has bounds that hold, however the open ones end', () => {
    const drafts = fc.array(
      fc.record({
        opened: fc.integer({ min: 0, max: 99 }),
        took: fc.integer({ min: 0, max: 60 }),
        decided: fc.boolean(),
      }),
      { minLength: 1, maxLength: 10 },
    );
    fc.assert(
      fc.property(drafts, fc.integer({ min: 0, max: 100 }), (all, asOf) => {
        const records = all.map(({ opened, took, decided }, i) =>
          record(`${i}`, { opened, closed: [opened + took], fields: { state: decided ? 'Closed' : 'Open' } }),
        );
        const followed = { ...within, followUpMs: 24 * HOUR };
        const now = total({ ...followed, decidedWhen: is('state', 'closed') }, records, asOf);
        const plain = all.filter(({ took }) => took <= 24).length / all.length;
        for (const value of [now?.value, total(followed, records)?.value, plain]) {
          expect(value).toBeGreaterThanOrEqual(now?.lower ?? Number.NaN);
          expect(value).toBeLessThanOrEqual(now?.upper ?? Number.NaN);
        }
        expect(total(followed, records)?.value).toBe(plain);
      }),
    );
  });
});

describe('The share by the due date', () => {
  const due = measure({ type: 'within-due' });
  const records = [
    record('kept', { due: 50, closed: [50] }),
    record('late', { due: 50, closed: [51] }),
    record('open and past due', { due: 100 }),
    record('not yet due', { due: 101 }),
    record('without a due date'),
  ];

  it('misses what is open and past due, and leaves out what has no due date', () => {
    expect(total(due, records)).toEqual({
      value: 1 / 3,
      lower: 1 / 4,
      upper: 2 / 4,
      n: 4,
      undecided: 0,
      censored: 1,
      leftOut: 1,
    });
  });

  it('has bounds, but no value, while none is due', () => {
    expect(total(due, [record('a', { due: 50 })], 40)).toEqual({
      value: null,
      lower: 0,
      upper: 1,
      n: 1,
      undecided: 1,
    });
  });
});

describe('A percentile of durations', () => {
  const median = measure({ type: 'duration', percentile: 50, unit: 'hours' });
  const closed = [5, 10, 20].map((took) => record(`${took}`, { closed: [took] }));

  it('is the nearest rank where all are closed', () => {
    expect(total(median, closed)).toEqual({ value: 10, lower: 10, upper: 10, n: 3, undecided: 0 });
  });

  it('counts open ones as lasting at least as long as they were seen', () => {
    const records = [...closed, record('open since 93', { opened: 93 })];
    // S: 3/4 at 5, then one is lost at 7, 3/8 at 10. Closed at 7: 7 is the second of four.
    expect(total(median, records)).toEqual({
      value: 10,
      lower: 7,
      upper: 10,
      n: 4,
      undecided: 0,
      censored: 1,
    });
  });

  it('has no value, and no upper bound, where too many are open', () => {
    const records = [record('a', { closed: [5] }), record('b'), record('c')];
    expect(total(median, records, 50)).toEqual({
      value: null,
      lower: 50,
      upper: null,
      n: 3,
      undecided: 2,
    });
  });

  it('lets one that may be reopened last for ever in the upper bound', () => {
    const records = closed.map((one, i) => ({ ...one, fields: { state: i === 1 ? 'Resolved' : 'Closed' } }));
    expect(total({ ...median, decidedWhen: is('state', 'closed') }, records)).toMatchObject({
      value: 10,
      lower: 10,
      upper: 20,
      undecided: 1,
    });
  });
});

describe('The age of a backlog', () => {
  it('is taken at the window’s end, over what is open then', () => {
    const p = (percentile: number) =>
      measure({ type: 'age', percentile, unit: 'days' }, { cohort: 'open-at-end' });
    const records = [
      record('a', { opened: 4 }),
      record('b', { opened: 52, closed: [130] }),
      record('c', { closed: [99] }),
    ];
    expect(total(p(50), records)).toEqual({ value: 2, lower: 2, upper: 2, n: 2, undecided: 0 });
    expect(total(p(90), records)?.value).toBe(4);
    expect(total(p(50), [])).toMatchObject({ value: null, n: 0 });
  });
});

describe('Groups', () => {
  const records = [
    record('1', { fields: { team: 'a', site: 'x' } }),
    record('2', { fields: { team: ['a', 'b', 'a'], site: null } }),
    record('3', { fields: { site: 5 } }),
  ];

  it('hold each record once a value, `(none)` where there is none, and the total once', () => {
    const values = evaluateRecords(measure({ type: 'count' }), records, shape, window, 0, ['team']);
    expect([...values].map(([key, { value }]) => [key, value])).toEqual([
      [NO_GROUP, 3],
      ['["a"]', 2],
      ['["b"]', 1],
      ['["(none)"]', 1],
    ]);
  });

  it('may be of several fields', () => {
    const values = evaluateRecords(measure({ type: 'count' }), records, shape, window, 0, ['team', 'site']);
    expect([...values.keys()]).toEqual([
      NO_GROUP,
      '["a","x"]',
      '["a","(none)"]',
      '["b","(none)"]',
      '["(none)","5"]',
    ]);
  });

  it('of an empty window leave the total: no case, no share', () => {
    const values = evaluateRecords(measure({ type: 'share', of: EVERYTHING }), [], shape, window, 0, [
      'team',
    ]);
    expect([...values]).toEqual([[NO_GROUP, { value: null, lower: null, upper: null, n: 0, undecided: 0 }]]);
  });
});
