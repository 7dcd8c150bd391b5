import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldValue, Row } from '../filter/model.ts';
import {
  addRow,
  emptyTally,
  groupKey,
  mergeAllTallies,
  mergeAllTally,
  mergeTallies,
  mergeTally,
  talliesOfRows,
  tallyOfRows,
  tallySample,
  tallyValue,
} from './fold.ts';
import type { Aggregate, Tallies, Tally } from './tally.ts';

const COUNT: Aggregate = { type: 'count' };
const SUM: Aggregate = { type: 'sum', field: 'x' };
const MIN: Aggregate = { type: 'min', field: 'x' };
const MAX: Aggregate = { type: 'max', field: 'x' };
const MEAN: Aggregate = { type: 'mean', field: 'x' };
const DISTINCT: Aggregate = { type: 'distinct', field: 'x' };
const PERCENTILE: Aggregate = { type: 'percentile', field: 'x', percentile: 90 };

const scalars = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -5, max: 5 }),
  fc.boolean(),
  fc.constantFrom('12', '-1.5e3', '0x1f', '', ' 7', 'abc', '1e999', '12.0'),
);
const fields: fc.Arbitrary<FieldValue> = fc.oneof(
  { weight: 4, arbitrary: scalars },
  fc.constantFrom(null, undefined),
  fc.array(fc.oneof(scalars, fc.constant(null)), { maxLength: 3 }),
);
const rows = fc.array(fc.record({ x: fields, g: fc.oneof(fc.constantFrom('a', 'b', null, 1), fields) }), {
  maxLength: 25,
});
const aggregates = fc.constantFrom(COUNT, SUM, MIN, MAX, MEAN, DISTINCT, PERCENTILE);
const limits = fc.constantFrom(3, 1_000);

/** A tally with its exact sum read, since the same sum can be written as different lists. */
const read = (aggregate: Aggregate, tally: Tally) => ({
  ...tally,
  sum: undefined,
  read: tallyValue(aggregate, tally),
});
const readAll = (aggregate: Aggregate, tallies: Tallies) =>
  Object.fromEntries(Object.entries(tallies).map(([key, tally]) => [key, read(aggregate, tally)]));
const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value));

describe('a tally says what its rows say', () => {
  const mixed: Row[] = [
    { x: 4 },
    { x: '10' },
    { x: -2.5 },
    { x: [7] },
    { x: [null, 8] },
    { x: null },
    {},
    { x: [] },
    { x: [null] },
    { x: 'ten' },
    { x: '' },
    { x: true },
    { x: [1, 2] },
    { x: [5, 5] },
    { x: '1e999' },
  ];

  it.each([
    [COUNT, 15, undefined],
    [SUM, 26.5, 6],
    [MIN, -2.5, 6],
    [MAX, 10, 6],
    [MEAN, 5.3, 6],
  ])(
    '%j: text that is a number counts, nothing is left out of n, what is no number is skipped',
    (aggregate, value, skipped) => {
      const tally = tallyOfRows(aggregate, mixed);
      expect(tally.n).toBe(15);
      expect(tally.skipped).toBe(skipped);
      expect(tallyValue(aggregate, tally)).toEqual({ value });
    },
  );

  it('a negative zero is zero, as it is once stored', () => {
    expect(Object.is(tallyOfRows(MIN, [{ x: '-0' }]).min, 0)).toBe(true);
  });

  it('a percentile is read with its error', () => {
    const { value, relativeError } = tallyValue(PERCENTILE, tallyOfRows(PERCENTILE, mixed));
    expect(Math.abs((value ?? 0) - 10)).toBeLessThanOrEqual(0.1);
    expect(relativeError).toBe(0.01);
    expect(tallyValue(PERCENTILE, tallyOfRows(PERCENTILE, mixed, { gamma: '5%' })).relativeError).toBe(0.05);
  });

  it('distinct takes each of several values by its text, and skips nothing', () => {
    const tally = tallyOfRows(DISTINCT, [
      { x: 1 },
      { x: '1' },
      { x: ['a', 'b', null] },
      { x: true },
      { x: '' },
      {},
      { x: 'A' },
    ]);
    expect(tally).toEqual({ n: 7, distinct: { exact: ['', '1', 'A', 'a', 'b', 'true'] } });
  });

  it.each([
    [COUNT, 0],
    [SUM, 0],
    [DISTINCT, 0],
    [MIN, null],
    [MAX, null],
    [MEAN, null],
    [PERCENTILE, null],
  ])('%j of nothing is %s, whether no row or no value', (aggregate, value) => {
    expect(tallyValue(aggregate, emptyTally(aggregate))).toEqual({ value });
    expect(emptyTally(aggregate).n).toBe(0);
    if (aggregate.type !== 'count') {
      expect(tallyValue(aggregate, tallyOfRows(aggregate, [{}, { y: 1 }]))).toEqual({ value });
      const restsOnNumbers = ['mean', 'percentile'].includes(aggregate.type);
      expect(tallySample(aggregate, tallyOfRows(aggregate, [{}, { x: 1 }]))).toBe(restsOnNumbers ? 1 : 2);
    }
  });

  it('agrees with plain arithmetic', () => {
    const numbers = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(numbers, (list) => {
        const value = (aggregate: Aggregate) =>
          tallyValue(
            aggregate,
            tallyOfRows(
              aggregate,
              list.map((x) => ({ x })),
            ),
          ).value;
        const sum = list.reduce((a, b) => a + b, 0);
        expect([COUNT, SUM, MIN, MAX, MEAN, DISTINCT].map(value)).toEqual([
          list.length,
          sum + 0,
          Math.min(...list) + 0,
          Math.max(...list) + 0,
          sum / list.length + 0,
          new Set(list).size,
        ]);
      }),
    );
  });
});

describe('any split of the rows, in any order, gives the same as all at once', () => {
  it('for every aggregate, merged one by one, all together, or added row by row, through the stored form', () => {
    const order = fc.infiniteStream(fc.nat(1_000));
    fc.assert(
      fc.property(aggregates, rows, limits, order, (aggregate, list, maxDistinct, random) => {
        const options = { maxDistinct };
        const whole = read(aggregate, tallyOfRows(aggregate, list, options));
        const slices: Row[][] = [[], [], [], []];
        for (const row of list) slices[(random.next().value ?? 0) % 4]?.push(row);
        const tallies = slices.map((slice) => stored(tallyOfRows(aggregate, slice, options)));
        const folded = tallies.reduce((a, b) => stored(mergeTally(b, a, maxDistinct)));
        expect(read(aggregate, folded)).toEqual(whole);
        expect(read(aggregate, mergeAllTally(tallies, maxDistinct))).toEqual(whole);
        const added = list
          .toReversed()
          .reduce<Tally>((tally, row) => addRow(aggregate, tally, row, options), emptyTally(aggregate));
        expect(read(aggregate, added)).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  it('and merging is associative and commutative, group by group', () => {
    fc.assert(
      fc.property(aggregates, rows, rows, rows, limits, (aggregate, a, b, c, maxDistinct) => {
        const of = (list: readonly Row[]) => talliesOfRows(aggregate, list, ['g'], { maxDistinct });
        const [x, y, z] = [of(a), of(b), of(c)];
        const whole = readAll(aggregate, of([...a, ...b, ...c]));
        const merge = (p: Tallies, q: Tallies) => mergeTallies(p, q, maxDistinct);
        expect(readAll(aggregate, merge(merge(x, y), z))).toEqual(whole);
        expect(readAll(aggregate, merge(x, merge(y, z)))).toEqual(whole);
        expect(readAll(aggregate, mergeAllTallies([z, x, y], maxDistinct))).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it('and merging nothing is nothing', () => {
    expect(mergeAllTally([])).toEqual({ n: 0 });
    expect(mergeAllTallies([])).toEqual({});
  });
});

describe('the groups of a row', () => {
  it.each([
    [{}, [], ['[]']],
    [{ a: 'x' }, ['a'], ['["x"]']],
    [{ a: 517 }, ['a'], ['["517"]']],
    [{ a: true, b: '"' }, ['a', 'b'], ['["true","\\""]']],
    [{ a: null }, ['a', 'b'], ['["(none)","(none)"]']],
    [{ a: [] }, ['a'], ['["(none)"]']],
    [{ a: [null, 'x'] }, ['a'], ['["x"]']],
    [{ a: ['x', 'y', 'x'] }, ['a'], ['["x"]', '["y"]']],
    [{ a: [1, '1'] }, ['a'], ['["1"]']],
    [{ a: ['x', 'y'], b: [1, 2] }, ['a', 'b'], ['["x","1"]', '["x","2"]', '["y","1"]', '["y","2"]']],
    [{ a: '' }, ['a'], ['[""]']],
  ])('of %j by %j are %j', (row, groupBy, keys) => {
    expect(groupKey(row, groupBy)).toEqual(keys);
  });

  it('counts a row of several values in each of its groups', () => {
    const list: Row[] = [{ g: ['a', 'b'] }, { g: 'a' }, {}];
    expect(talliesOfRows(COUNT, list, ['g'])).toEqual({
      '["a"]': { n: 2 },
      '["b"]': { n: 1 },
      '["(none)"]': { n: 1 },
    });
  });

  it('are none where there is no row, but the whole is 0', () => {
    expect(talliesOfRows(COUNT, [], ['g'])).toEqual({});
    expect(talliesOfRows(COUNT, [], [])).toEqual({ '[]': { n: 0 } });
  });
});
