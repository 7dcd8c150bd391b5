/** The part of the store contract that is about what retention merges and drops. */
import { describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../src/core/time/interval.ts';
import type { NewSlice, RollUp, Store } from '../../src/ports/store.ts';
import { at, between, countOf, readAt, save, slice, twoSeries } from './store-data.ts';

const hours = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

const toDay = (
  seriesIds: readonly number[],
  controls: readonly number[],
  more: Partial<RollUp> = {},
): RollUp => ({
  seriesIds,
  controls,
  grain: HOUR,
  from: HOUR,
  to: DAY,
  cell: at(0),
  limit: 99,
  ...more,
});

export function retentionContract(current: () => Store): void {
  describe('merged slices', () => {
    it('of a day that is all there, in the place of its slices, their revisions and its block', async () => {
      const store = current();
      const [id, control] = await twoSeries(store);
      await save(
        store,
        at(30),
        hours(0, 26).flatMap((hour) => [slice(id, hour, 1), slice(control, hour, hour)]),
      );
      await save(store, at(31), [slice(id, 3, 5, { quality: 'partial', notes: ['a peer is down'] })]);
      const block = { ...between(0, 24), tallies: countOf(28), partial: 1, events: null };
      await store.saveBlocks(new Map([[id, [block]]]));
      expect(await store.rollUp(toDay([id, control], [control]))).toBe(2);
      expect(await store.rolled(id, between(5, 6))).toEqual([
        {
          ...between(0, 24),
          asOf: at(31),
          tallies: countOf(28),
          partial: 1,
          events: null,
          notes: ['a peer is down'],
        },
      ]);
      expect(await store.rolled(control, between(0, 24))).toMatchObject([{ events: hours(0, 24) }]);
      expect((await store.slices(id, between(0, 26))).map(({ start }) => start)).toEqual([at(24), at(25)]);
      expect(await store.slices(id, between(0, 24), at(30))).toEqual([]);
      expect(await store.blocks([id], between(0, 24), DAY)).toEqual(new Map());
      expect(await store.rolled(id, between(24, 48))).toEqual([]);
      expect((await store.coverage([id])).get(id)).toEqual([between(0, 26)]);
      expect(await store.rollUp(toDay([id, control], [control]))).toBe(0);
    });

    it('of no day that lacks one, and of control series last', async () => {
      const store = current();
      const [id, control] = await twoSeries(store);
      await save(
        store,
        at(30),
        hours(0, 23).map((hour) => slice(id, hour, 1)),
      );
      expect(await store.rollUp(toDay([id, control], [id]))).toBe(0);
      await save(store, at(30), [slice(id, 23, 1), ...hours(0, 24).map((hour) => slice(control, hour, 1))]);
      expect(await store.rollUp(toDay([id, control], [id], { limit: 1 }))).toBe(1);
      expect(await store.rolled(id, between(0, 24))).toEqual([]);
      expect(await store.rolled(control, between(0, 24))).toHaveLength(1);
      expect(await store.rollUp(toDay([id, control], [id], { limit: 1 }))).toBe(1);
      expect(await store.rolled(id, between(0, 24))).toHaveLength(1);
    });

    it('of a finer grain: to hours, and these to a day', async () => {
      const store = current();
      const grain = 15 * MINUTE;
      const [series] = await store.series([{ dataset: 'logons', grain, fingerprint: 'fine' }]);
      const id = series?.id ?? -1;
      const slices: NewSlice[] = hours(0, 24 * 4).map((n) => ({ ...slice(id, 0, n), start: at(n / 4) }));
      const covered = { seriesIds: [id], intervals: [between(0, 24)] };
      await store.saveSlices({ read: readAt(at(30)), grain, slices, covered });
      const parts = { seriesIds: [id], grain } as const;
      expect(await store.oldestPart({ ...parts, from: grain }, between(1, 9))).toBe(at(1));
      expect(await store.oldestPart({ ...parts, from: HOUR }, between(0, 24))).toBeNull();
      for (const hour of hours(0, 24)) {
        const cell = { ...toDay([id], [id]), grain, from: grain, to: HOUR, cell: at(hour) } as const;
        expect(await store.rollUp(cell)).toBe(1);
      }
      expect(await store.rolled(id, between(1, 2))).toMatchObject([
        { ...between(1, 2), tallies: countOf(4 + 5 + 6 + 7), events: [4, 5, 6, 7] },
      ]);
      expect(await store.oldestPart({ ...parts, from: HOUR }, between(0, 24))).toBe(at(0));
      expect(await store.rollUp({ ...toDay([id], [id]), grain })).toBe(1);
      expect(await store.rolled(id, between(0, 24))).toMatchObject([
        { ...between(0, 24), tallies: countOf((95 * 96) / 2), events: hours(0, 96) },
      ]);
    });

    it('that still tell that a series held an event', async () => {
      const store = current();
      const [id] = await twoSeries(store);
      await save(
        store,
        at(30),
        hours(0, 24).map((hour) => slice(id, hour, hour === 7 ? 1 : 0)),
      );
      await store.rollUp(toDay([id], []));
      expect(await store.seriesWithEvents([id])).toEqual(new Set([id]));
    });

    it('and finds those that measures of one formula did not read together', async () => {
      const store = current();
      const [a, b] = await twoSeries(store);
      await save(
        store,
        at(90),
        hours(0, 48).flatMap((hour) => [slice(a, hour, 1), slice(b, hour, 1)]),
      );
      await save(store, at(91), [slice(b, 30, 2)]);
      for (const day of [0, 24]) await store.rollUp(toDay([a, b], [], { cell: at(day) }));
      expect(await store.mixedReads([a, b], between(0, 48), HOUR)).toEqual([between(24, 48)]);
      expect(await store.mixedReads([a, b], between(0, 24), HOUR)).toEqual([]);
      expect(await store.mixedReads([a, 99], between(0, 48), HOUR)).toEqual([between(0, 48)]);
    });
  });

  describe('reads', () => {
    it('with the query as it was sent, whatever varies in it', async () => {
      const store = current();
      const [id] = await twoSeries(store);
      const evidence = {
        query:
          '{"gte":"2026-03-02T00:00:00.000Z","lt":1772413200000}\n{"pit":{"id":"46ToAwMDaWR5BXV1aWQyKwZub2RlXzMAAAAAAAAAACoBYwADaWR4"}}',
        parameters: [1772409600.5, 'a "quoted"  \\u0001 text', { nested: [null, true] }],
        warnings: ['2026-03-02T00:00:00Z: slow'],
        tookMs: 3,
        job: '1772409600.77',
      };
      await store.saveSlices({
        read: { ...readAt(at(5)), evidence },
        grain: HOUR,
        slices: [slice(id, 0, 1)],
        covered: { seriesIds: [id], intervals: [between(0, 1)] },
      });
      expect((await store.reads('logons', at(9), 9)).map((read) => read.evidence)).toEqual([evidence]);
    });

    it('of an interval only, where one is given', async () => {
      const store = current();
      const [id] = await twoSeries(store);
      for (const hour of [0, 1, 2]) {
        await store.saveSlices({
          read: { ...readAt(at(hour + 1)), range: between(hour, hour + 1) },
          grain: HOUR,
          slices: [slice(id, hour, 1)],
          covered: { seriesIds: [id], intervals: [between(hour, hour + 1)] },
        });
      }
      const found = await store.reads('logons', at(9), 9, between(1, 2));
      expect(found.map(({ range }) => range)).toEqual([between(1, 2)]);
    });

    it('as long as anything that is stored came from them', async () => {
      const store = current();
      const [id] = await twoSeries(store);
      const readOf = async (from: number, to: number, asOf: number, n: number) =>
        store.saveSlices({
          read: { ...readAt(at(asOf), `read ${asOf}`), range: between(from, to) },
          grain: HOUR,
          slices: hours(from, to).map((hour) => slice(id, hour, n)),
          covered: { seriesIds: [id], intervals: [between(from, to)] },
        });
      await readOf(0, 24, 25, 1);
      await readOf(24, 26, 27, 1);
      // The same again: then the slices came from the newer read.
      await readOf(24, 26, 28, 1);
      const query = await store.query('logons', 'a query');
      const answered = {
        queryId: query,
        window: between(0, 1),
        values: { n: 1 },
        quality: 'complete',
        notes: [],
      } as const;
      await store.saveAnswer({ ...answered, read: { ...readAt(at(29), 'answered'), range: between(0, 1) } });
      const kept = async () =>
        (await store.reads('logons', at(99), 9)).map(({ evidence }) => evidence.query).sort();
      const drop = async (before: number) => store.dropReads({ before: at(before), after: 0, limit: 9 });
      expect(await drop(26)).toBeNull();
      expect(await kept()).toEqual(['answered', 'read 25', 'read 27', 'read 28']);
      expect(await drop(99)).toBeNull();
      expect(await kept()).toEqual(['answered', 'read 25', 'read 28']);
      await store.rollUp(toDay([id], []));
      expect(await store.dropReads({ before: at(99), after: 0, limit: 1 })).toBe(1);
      expect(await kept()).toEqual(['answered', 'read 28']);
    });
  });
}
