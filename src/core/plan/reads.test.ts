import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR, type Interval, intersect, subtract, union } from '../time/interval.ts';
import { planReads } from './reads.ts';

const WIDE = { maxBuckets: 1e6, maxRangeMs: Number.POSITIVE_INFINITY };
const hours = (start: number, end: number): Interval => ({ start: start * HOUR, end: end * HOUR });

describe('planning reads', () => {
  it('asks once for all series that lack the same range', () => {
    const wants = [1, 2, 3].map((seriesId) => ({ seriesId, wanted: hours(0, 10), covered: [hours(0, 9)] }));
    expect(planReads(wants, [], HOUR, WIDE)).toEqual([{ seriesIds: [1, 2, 3], range: hours(9, 10) }]);
  });

  it('reads series that a formula combines together, also where one of them has the slice', () => {
    const wants = [
      { seriesId: 1, wanted: hours(0, 10), covered: [hours(0, 10)] },
      { seriesId: 2, wanted: hours(0, 10), covered: [hours(0, 4)] },
      { seriesId: 3, wanted: hours(0, 10), covered: [hours(0, 10)] },
    ];
    expect(planReads(wants, [[1, 2]], HOUR, WIDE)).toEqual([{ seriesIds: [1, 2], range: hours(4, 10) }]);
  });

  it('reads no slice twice where one series wants more than another', () => {
    const wants = [
      { seriesId: 1, wanted: hours(0, 90), covered: [] },
      { seriesId: 2, wanted: hours(60, 90), covered: [] },
    ];
    expect(planReads(wants, [], HOUR, WIDE)).toEqual([
      { seriesIds: [1, 2], range: hours(60, 90) },
      { seriesIds: [1], range: hours(0, 60) },
    ]);
  });

  it('keeps each request within the budget, newest first', () => {
    const wants = [1, 2].map((seriesId) => ({ seriesId, wanted: hours(0, 10), covered: [] }));
    expect(planReads(wants, [], HOUR, { ...WIDE, maxBuckets: 8 }).map((read) => read.range)).toEqual([
      hours(6, 10),
      hours(2, 6),
      hours(0, 2),
    ]);
  });

  it('keeps each request within the longest range, newest first, on the edges of slices', () => {
    const wants = [{ seriesId: 1, wanted: hours(0, 10), covered: [] }];
    const ranges = planReads(wants, [], HOUR, { ...WIDE, maxRangeMs: 4.5 * HOUR }).map((read) => read.range);
    expect(ranges).toEqual([hours(6, 10), hours(2, 6), hours(0, 2)]);
    expect(planReads(wants, [], HOUR, { ...WIDE, maxRangeMs: 1 })).toHaveLength(10);
  });

  it('covers exactly what is missing, whatever the wants', () => {
    const interval = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 20 })).map(([a, n]) => hours(a, a + n));
    const want = fc.record({ wanted: interval, covered: fc.array(interval, { maxLength: 4 }) });
    fc.assert(
      fc.property(
        fc.array(want, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 * HOUR }),
        (list, maxBuckets, maxRangeMs) => {
          const wants = list.map((one, seriesId) => ({ ...one, seriesId, covered: union(one.covered, []) }));
          const reads = planReads(wants, [], HOUR, { maxBuckets, maxRangeMs });
          for (const { seriesId, wanted, covered } of wants) {
            const mine = reads.filter((read) => read.seriesIds.includes(seriesId)).map((read) => read.range);
            expect(union(mine, [])).toEqual(subtract([wanted], covered));
            mine.forEach((one, index) => {
              for (const other of mine.slice(index + 1)) expect(intersect([one], [other])).toEqual([]);
            });
          }
        },
      ),
    );
  });
});
