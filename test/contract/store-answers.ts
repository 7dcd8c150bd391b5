/** The part of the store contract that is about answers to native queries. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/ports/store.ts';
import { at, between, readAt, T0 } from './store-data.ts';

export function answerContract(current: () => Store): void {
  describe('answers to queries', () => {
    const save = (queryId: number, asOf: number, p95: number | null, more: object = {}) =>
      current().saveAnswer({
        queryId,
        window: between(0, 1),
        values: { p95 },
        quality: 'complete',
        notes: [],
        read: readAt(asOf),
        ...more,
      });

    it('by query, which has one id', async () => {
      const store = current();
      const id = await store.query('web', 'these words');
      expect(await store.query('web', 'these words')).toBe(id);
      expect(await store.query('web', 'other words')).not.toBe(id);
      expect(await store.knownQuery('these words')).toBe(id);
      expect(await store.knownQuery('words that nobody asked')).toBeNull();
    });

    it('by window and revision: the newest one, or that of an earlier time', async () => {
      const store = current();
      const id = await store.query('web', 'these words');
      await save(id, at(1), 7);
      await save(id, at(2), 9, { quality: 'partial', notes: ['a shard is away'] });
      await save(id, at(2), null, { window: between(1, 2) });
      const values = async (asOf?: number) =>
        (await store.answers(id, { start: T0, end: at(2) }, asOf)).map((one) => [
          one.revision,
          one.values.p95,
        ]);
      expect(await values()).toEqual([
        [2, 9],
        [1, null],
      ]);
      expect(await values(at(1))).toEqual([[1, 7]]);
      const [newest] = await store.answers(id, { start: T0, end: at(1) });
      expect(newest).toMatchObject({
        window: between(0, 1),
        quality: 'partial',
        notes: ['a shard is away'],
        asOf: at(2),
      });
      expect((await store.read(newest?.readId ?? 0))?.asOf).toBe(at(2));
    });

    it('once: the same answer is only marked as checked, and touches nothing', async () => {
      const store = current();
      const id = await store.query('web', 'these words');
      await save(id, at(1), 7);
      const { rows, upTo } = await store.touched();
      expect(rows).toMatchObject([{ input: `query:${id}`, end: at(1) }]);
      await store.clearTouched(upTo);
      await save(id, at(3), 7);
      expect(await store.answers(id, { start: T0, end: at(1) })).toMatchObject([
        { revision: 1, asOf: at(1), checkedAt: at(3) },
      ]);
      await store.confirmAnswers(id, [at(1)], at(4));
      expect(await store.answers(id, { start: T0, end: at(1) })).toMatchObject([
        { revision: 1, checkedAt: at(4) },
      ]);
      expect((await store.touched()).rows).toEqual([]);
    });
  });
}
