import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alignOut,
  coveredLength,
  DAY,
  formatDuration,
  formatInstant,
  HOUR,
  type Interval,
  intersect,
  MINUTE,
  parseDuration,
  parseInstant,
  SECOND,
  subtract,
  union,
} from './interval.ts';

describe('a duration is read as people write it', () => {
  it.each([
    ['5m', 5 * MINUTE],
    ['72h', 72 * HOUR],
    ['14d', 14 * DAY],
    ['2w', 14 * DAY],
    ['1h30m', 90 * MINUTE],
    ['30s', 30 * SECOND],
    ['250ms', 250],
    ['1m5ms', MINUTE + 5],
    ['0s', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '5', 'm', '5 m', '-5m', '1.5h', '5M', '5m1h', 'PT5M', '5m5m', '99999999999999999d', ' 5m'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );

  it('is written so that it reads back as the same', () => {
    fc.assert(
      fc.property(fc.nat(Number.MAX_SAFE_INTEGER), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  it.each([
    [3 * DAY, '3d'],
    [90 * MINUTE, '1h30m'],
    [0, '0s'],
    [-HOUR, '-1h'],
  ])('%i ms is written %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('an instant is ISO 8601 with a zone', () => {
  it.each([
    ['2016-04-01', '2016-04-01T00:00:00.000Z'],
    ['2016-04-01T00:00Z', '2016-04-01T00:00:00.000Z'],
    ['2016-04-01T12:34:56Z', '2016-04-01T12:34:56.000Z'],
    ['2016-04-01T12:34:56.7Z', '2016-04-01T12:34:56.700Z'],
    ['2016-04-01T12:34:56,789Z', '2016-04-01T12:34:56.789Z'],
    ['2016-04-01T12:34:56.7899999Z', '2016-04-01T12:34:56.789Z'],
    ['2016-04-01T00:30:00+05:45', '2016-03-31T18:45:00.000Z'],
    ['2016-04-01T23:30:00-02:30', '2016-04-02T02:00:00.000Z'],
    ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'],
  ])('reads %s', (text, iso) => {
    expect(parseInstant(text)).toBe(Date.parse(iso));
  });

  it.each([
    '',
    'now',
    '2016-04-01T00:00:00',
    '2016-04-01 00:00:00Z',
    '2016-02-30',
    '2016-04-31T00:00:00Z',
    '2016-04-01T24:00:00Z',
    '2016-04-01T23:60:00Z',
    '2016-04-01T23:59:60Z',
    '2016-04-01T23:59:59.Z',
    '2016-04-01T00:00:00+0100',
    '2016-04-01T00:00:00+24:00',
    '2016-04-01T00Z',
    '2016-04-01Z',
    '1459468800000',
    '2016-4-1',
  ])('refuses %j', (text) => {
    expect(parseInstant(text)).toBeNull();
  });

  it('is written as the platform does, less zero milliseconds, and reads back as the same', () => {
    const year0 = Date.parse('0000-01-01T00:00:00Z');
    const year9999 = Date.parse('9999-12-31T23:59:59.999Z');
    fc.assert(
      fc.property(fc.integer({ min: year0, max: year9999 }), fc.boolean(), (exact, whole) => {
        const instant = whole ? Math.floor(exact / SECOND) * SECOND : exact;
        expect(formatInstant(instant)).toBe(new Date(instant).toISOString().replace('.000Z', 'Z'));
        expect(parseInstant(formatInstant(instant))).toBe(instant);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Which of the first 60 milliseconds a list covers. */
const bits = (list: readonly Interval[]): boolean[] =>
  Array.from({ length: 60 }, (_, at) => list.some(({ start, end }) => start <= at && at < end));

const lists = fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }).map((covered) =>
  union(
    [],
    covered.flatMap((is, at) => (is ? [{ start: at, end: at + 1 }] : [])),
  ),
);

/** As `lists`, but touching neighbours may stand apart. */
const pieces = fc
  .uniqueArray(fc.nat(59), { maxLength: 20 })
  .map((edges) => edges.sort((a, b) => a - b))
  .chain((edges) =>
    fc
      .array(fc.boolean(), { minLength: edges.length, maxLength: edges.length })
      .map((keep) => edges.slice(1).flatMap((end, at) => (keep[at] ? [{ start: edges[at] ?? 0, end }] : []))),
  );

const wellFormed = (list: readonly Interval[]): void => {
  for (const [at, { start, end }] of list.entries()) {
    expect(start).toBeLessThan(end);
    if (at > 0) expect(list[at - 1]?.end).toBeLessThan(start);
  }
};

describe('lists of intervals behave as sets of instants', () => {
  const models = [
    ['union', union, (x: boolean, y: boolean) => x || y],
    ['subtract', subtract, (x: boolean, y: boolean) => x && !y],
    ['intersect', intersect, (x: boolean, y: boolean) => x && y],
  ] as const;

  it.each(models)(
    '%s agrees with sets of milliseconds, and its result is sorted, disjoint and joined',
    (_, operation, model) => {
      fc.assert(
        fc.property(fc.oneof(lists, pieces), fc.oneof(lists, pieces), (a, b) => {
          const result = operation(a, b);
          const [inA, inB] = [bits(a), bits(b)];
          expect(bits(result)).toEqual(inA.map((is, at) => model(is, inB[at] ?? false)));
          wellFormed(result);
        }),
        { numRuns: 500 },
      );
    },
  );

  it('counts the milliseconds that a list covers', () => {
    fc.assert(
      fc.property(pieces, (list) => {
        expect(coveredLength(list)).toBe(bits(list).filter(Boolean).length);
      }),
    );
  });

  it('aligns outward to the nearest edges, also before 1970', () => {
    expect(alignOut({ start: 61_000, end: 119_000 }, MINUTE)).toEqual({ start: 60_000, end: 120_000 });
    expect(alignOut({ start: 60_000, end: 120_000 }, MINUTE)).toEqual({ start: 60_000, end: 120_000 });
    expect(alignOut({ start: -1, end: 1 }, MINUTE)).toEqual({ start: -60_000, end: 60_000 });
  });
});
