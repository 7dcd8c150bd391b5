/** The part of the store contract that is about slices, their revisions, coverage and blocks. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY, HOUR, type Interval, subtract, union } from '../../src/core/time/interval.ts';
import type { Block, Store } from '../../src/ports/store.ts';
import { at, between, countOf, readAt, save, slice, twoSeries } from './store-data.ts';

export function sliceContract(current: () => Store): void {
  describe('slices', () => {
    it('by series that have one id, however often they are registered', async () => {
      const store = current();
      const ids = await twoSeries(store);
      expect(await twoSeries(store)).toEqual(ids);
      expect(new Set(ids).size).toBe(2);
      const [finer] = await store.series([{ dataset: 'logons', grain: 60_000, fingerprint: 'counted' }]);
      expect(ids).not.toContain(finer?.id);
      expect(await store.series([])).toEqual([]);
    });

    it('by series that can be looked up without registering any', async () => {
      const store = current();
      const [id] = await twoSeries(store);
      const known = await store.knownSeries(['counted', 'never heard of']);
      expect(known).toMatchObject([{ id, dataset: 'logons', grain: HOUR, fingerprint: 'counted' }]);
      expect(await store.knownSeries(['never heard of'])).toEqual([]);
    });

    it('by series of which some hold events', async () => {
      const store = current();
      const [id, control] = await twoSeries(store);
      await save(store, at(5), [
        slice(id, 0, 0),
        slice(id, 1, 0),
        slice(control, 0, 0),
        slice(control, 1, 3),
      ]);
      expect(await store.seriesWithEvents([id, control, 99])).toEqual(new Set([control]));
    });

    it('that can be marked to be looked at again', async () => {
      const store = current();
      const [id] = await twoSeries(store);
      await store.touch(id, between(2, 5));
      expect((await store.touched()).rows).toEqual([
        { input: `series:${id}`, kind: 'slice', fields: null, ...between(2, 5) },
      ]);
    });

    it('with their content, quality, notes and read', async () => {
      const store = current();
      const [id] = await twoSeries(store);
      const tallies = { '["a"]': { n: 2, sum: [0.1] }, '["b \\" é"]': { n: 1, min: -1.5 } };
      await save(store, at(5), [slice(id, 0, 0, { tallies, quality: 'partial', notes: ['a peer is down'] })]);
      const [stored] = await store.slices(id, between(0, 1));
      expect(stored).toMatchObject({ start: at(0), revision: 1, asOf: at(5), quality: 'partial', tallies });
      expect(stored?.notes).toEqual(['a peer is down']);
      const read = await store.read(stored?.readId ?? -1);
      expect(read).toMatchObject({ dataset: 'logons', asOf: at(5), evidence: readAt(at(5)).evidence });
      expect(await store.read(99)).toBeNull();
    });

    it('once: the same content read again is no revision and touches nothing', async () => {
      const store = current();
      const [id, control] = await twoSeries(store);
      const both = [slice(id, 0, 3), slice(control, 0, 7, { maxIngested: at(0) })];
      await save(store, at(5), both);
      const { upTo } = await store.touched();
      await store.clearTouched(upTo);
      await save(store, at(6), both);
      expect(await store.slices(id, between(0, 1))).toMatchObject([{ revision: 1, asOf: at(5) }]);
      expect((await store.touched()).rows).toEqual([]);
    });

    it('whose groups come in another order as the same content', async () => {
      const store = current();
      const [id] = await twoSeries(store);
      await save(store, at(5), [slice(id, 0, 0, { tallies: { '["a"]': { n: 1 }, '["b"]': { n: 2 } } })]);
      await save(store, at(6), [slice(id, 0, 0, { tallies: { '["b"]': { n: 2 }, '["a"]': { n: 1 } } })]);
      expect(await store.slices(id, between(0, 1))).toMatchObject([{ revision: 1 }]);
    });

    it.each([
      ['content', { tallies: countOf(4) }],
      ['quality', { quality: 'partial' as const }],
      ['notes', { notes: ['something was left out'] }],
      ['newest arrival', { maxIngested: at(4) }],
    ])('with a new revision where the %s is another, and the old one beside it', async (_, change) => {
      const store = current();
      const [id] = await twoSeries(store);
      await save(store, at(5), [slice(id, 0, 3, { maxIngested: at(0) })]);
      await save(store, at(6), [slice(id, 0, 3, { maxIngested: at(0), ...change })]);
      expect(await store.slices(id, between(0, 1))).toMatchObject([{ revision: 2, asOf: at(6) }]);
      expect(await store.slices(id, between(0, 1), at(5))).toMatchObject([
        { revision: 1, tallies: countOf(3), quality: 'complete', notes: [] },
      ]);
    });

    it('as they were known at any instant', async () => {
      const store = current();
      const [id] = await twoSeries(store);
      for (const [asOf, hour, n] of [
        [5, 0, 1],
        [5, 1, 10],
        [6, 0, 2],
        [8, 0, 3],
        [8, 2, 100],
      ] as const) {
        await save(store, at(asOf), [slice(id, hour, n)]);
      }
      const counts = async (asOf?: number) =>
        (await store.slices(id, between(0, 3), asOf)).map(({ tallies }) => tallies['[]']?.n);
      expect(await counts()).toEqual([3, 10, 100]);
      expect(await counts(at(8))).toEqual([3, 10, 100]);
      expect(await counts(at(7))).toEqual([2, 10]);
      expect(await counts(at(5))).toEqual([1, 10]);
      expect(await counts(at(4))).toEqual([]);
    });

    it('with what to compare the source with', async () => {
      const store = current();
      const [, control] = await twoSeries(store);
      await save(store, at(5), [slice(control, 0, 7, { maxIngested: at(4) }), slice(control, 1, 0)]);
      expect(await store.known(control, between(0, 2))).toEqual(
        new Map([
          [at(0), { events: 7, maxIngested: at(4), digest: null }],
          [at(1), { events: 0, maxIngested: null, digest: null }],
        ]),
      );
    });

    it('of several series at once', async () => {
      const store = current();
      const [id, control] = await twoSeries(store);
      const partial = slice(control, 1, 4, { quality: 'partial', notes: ['a peer is down'] });
      await save(store, at(5), [slice(id, 1, 2), slice(id, 0, 1), slice(control, 0, 3), partial]);
      expect(await store.contents([id, control, -1], between(1, 3))).toEqual(
        new Map([
          [id, [{ start: at(1), quality: 'complete', tallies: countOf(2) }]],
          [control, [{ start: at(1), quality: 'partial', tallies: countOf(4) }]],
        ]),
      );
    });

    it('and says which of them were touched, as few intervals', async () => {
      const store = current();
      const [id, control] = await twoSeries(store);
      await save(store, at(5), [slice(id, 1, 1), slice(id, 0, 1), slice(id, 3, 1), slice(control, 0, 1)]);
      const { rows, upTo } = await store.touched();
      const of = (series: number) =>
        rows.filter((row) => row.input === `series:${series}`).map(({ start, end }) => ({ start, end }));
      expect(of(id)).toEqual([between(0, 2), between(3, 4)]);
      expect(of(control)).toEqual([between(0, 1)]);
      expect(rows.every((row) => row.kind === 'slice' && row.fields === null)).toBe(true);
      await save(store, at(6), [slice(id, 7, 1)]);
      await store.clearTouched(upTo);
      expect((await store.touched()).rows).toMatchObject([between(7, 8)]);
    });

    it('and finds those that measures of one formula did not read together', async () => {
      const store = current();
      const [a, b] = await twoSeries(store);
      await save(store, at(5), [slice(a, 0, 1), slice(a, 1, 1), slice(a, 2, 1), slice(b, 0, 1)]);
      await save(store, at(6), [slice(b, 1, 1), slice(b, 2, 1)]);
      expect(await store.mixedReads([a, b], between(0, 3), HOUR)).toEqual([between(1, 3)]);
      await save(store, at(7), [slice(a, 1, 1), slice(b, 1, 1)]);
      expect(await store.mixedReads([a, b], between(0, 3), HOUR)).toEqual([between(2, 3)]);
      expect(await store.mixedReads([a, b], between(0, 2), HOUR)).toEqual([]);
    });

    it('and the newest reads of a dataset, as known then', async () => {
      const store = current();
      const [id] = await twoSeries(store);
      for (const hour of [5, 6, 7]) await save(store, at(hour), [slice(id, hour, 1)], `query ${hour}`);
      const queries = async (asOf: number, limit: number) =>
        (await store.reads('logons', asOf, limit)).map(({ evidence }) => evidence.query);
      expect(await queries(at(9), 2)).toEqual(['query 7', 'query 6']);
      expect(await queries(at(6), 9)).toEqual(['query 6', 'query 5']);
      expect(await store.reads('others', at(9), 9)).toEqual([]);
    });
  });

  describe('blocks', () => {
    const block = (day: number, more: Partial<Block> = {}): Block => ({
      ...between(day * 24, (day + 1) * 24),
      tallies: countOf(day),
      partial: 0,
      events: null,
      ...more,
    });

    it('until a slice in them is revised', async () => {
      const store = current();
      const blocksOf = async (seriesId: number, hours: Interval, length = DAY) =>
        (await store.blocks([seriesId], hours, length)).get(seriesId) ?? [];
      const [id, control] = await twoSeries(store);
      await save(store, at(1), [slice(id, 25, 1)]);
      const days = [block(0), block(1, { partial: 2, events: [1, 2] }), block(2)];
      await store.saveBlocks(new Map([[id, days]]));
      await store.saveBlocks(new Map([[id, days]]));
      const hour = { ...block(1), ...between(25, 26) };
      await store.saveBlocks(
        new Map([
          [id, [hour, { ...hour, ...between(26, 27) }]],
          [control, [block(1)]],
        ]),
      );
      expect(await blocksOf(id, between(0, 72))).toEqual(days);
      expect(await blocksOf(id, between(24, 48))).toEqual([days[1]]);
      await save(store, at(2), [slice(id, 25, 1)]);
      expect(await blocksOf(id, between(0, 72))).toEqual(days);
      await save(store, at(3), [slice(id, 25, 2)]);
      expect(await blocksOf(id, between(0, 72))).toEqual([days[0], days[2]]);
      expect(await blocksOf(id, between(0, 72), HOUR)).toEqual([{ ...hour, ...between(26, 27) }]);
      expect(await blocksOf(control, between(0, 72))).toHaveLength(1);
      expect(DAY).toBe(24 * HOUR);
    });
  });
}

export function coverageContract(current: () => Store): void {
  describe('coverage', () => {
    it('of nothing at first, and drops it where slices have to be read again', async () => {
      const store = current();
      const [a, b] = await twoSeries(store);
      expect(await store.coverage([a, b])).toEqual(
        new Map([
          [a, []],
          [b, []],
        ]),
      );
      await save(
        store,
        at(9),
        [0, 1, 2, 5].flatMap((hour) => [slice(a, hour, 1), slice(b, hour, 1)]),
      );
      await store.uncover([a], [between(1, 2)], { key: 'cursor of a', value: 'x' });
      const coverage = await store.coverage([a, b]);
      expect(coverage.get(a)).toEqual([between(0, 1), between(2, 3), between(5, 6)]);
      expect(coverage.get(b)).toEqual([between(0, 3), between(5, 6)]);
      expect(await store.slices(a, between(1, 2))).toHaveLength(1);
      expect(await store.cursor('cursor of a')).toBe('x');
      await store.uncover([], [], { key: 'cursor of a', value: 'y' });
      expect(await store.cursor('cursor of a')).toBe('y');
      await store.uncover([], [], { key: 'cursor of a', value: null });
      expect(await store.cursor('cursor of a')).toBeNull();
    });

    it('of every series that a dataset has at a grain, wanted or not', async () => {
      const store = current();
      const ids = await twoSeries(store);
      const [, other] = await store.series([
        { dataset: 'logons', grain: 60_000, fingerprint: 'counted' },
        { dataset: 'others', grain: HOUR, fingerprint: 'else' },
      ]);
      expect([...(await store.allSeries('logons', HOUR))].sort()).toEqual([...ids].sort());
      expect(await store.allSeries('others', HOUR)).toEqual([other?.id]);
    });

    it('that is the sum of what was covered less what was uncovered, in any order', async () => {
      const store = current();
      const step = fc.record({
        cover: fc.boolean(),
        from: fc.integer({ min: 0, max: 30 }),
        length: fc.integer({ min: 1, max: 9 }),
      });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const [one] = await store.series([{ dataset: 'd', grain: HOUR, fingerprint: `run ${run++}` }]);
          const id = one?.id ?? -1;
          let expected: Interval[] = [];
          for (const { cover, from, length } of steps) {
            const interval = between(from, from + length);
            expected = cover ? union(expected, [interval]) : subtract(expected, [interval]);
            const covered = { seriesIds: [id], intervals: [interval] };
            if (cover) await store.saveSlices({ read: readAt(at(0)), grain: HOUR, slices: [], covered });
            else await store.uncover([id], [interval]);
          }
          expect((await store.coverage([id])).get(id)).toEqual(expected);
        }),
        { numRuns: 30 },
      );
    });
  });
}
