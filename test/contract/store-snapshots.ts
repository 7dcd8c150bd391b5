/** The part of the store contract that is about lists. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/ports/store.ts';
import { at, readAt } from './store-data.ts';

export function snapshotContract(current: () => Store): void {
  const save = (
    store: Store,
    asOf: number,
    hash: string,
    quality: 'complete' | 'partial' = 'complete',
    key = 'assets',
  ) =>
    store.saveSnapshot({
      key,
      hash,
      rows: [{ name: hash, n: 1, ok: null }],
      quality,
      read: readAt(at(asOf)),
    });

  describe('lists', () => {
    it('by content: one that is unchanged is only seen again', async () => {
      const store = current();
      await save(store, 1, 'first');
      await save(store, 2, 'first');
      await save(store, 3, 'second');
      await save(store, 4, 'first');
      expect(await store.snapshot('assets', at(0.5))).toBeNull();
      expect(await store.snapshot('other', at(9))).toBeNull();
      expect(await store.snapshot('assets', at(2.5))).toMatchObject({
        hash: 'first',
        rows: [{ name: 'first', n: 1, ok: null }],
        asOf: at(1),
        checkedAt: at(2),
        quality: 'complete',
      });
      expect(await store.snapshot('assets', at(3))).toMatchObject({ hash: 'second', checkedAt: at(3) });
      const newest = await store.snapshot('assets', at(9));
      expect(newest).toMatchObject({ hash: 'first', asOf: at(4) });
      expect(await store.read(newest?.readId ?? -1)).toMatchObject({ asOf: at(4) });
    });

    it('of which a part was missing, apart from the same list complete', async () => {
      const store = current();
      await save(store, 1, 'list', 'partial');
      await save(store, 2, 'list', 'complete');
      expect(await store.snapshot('assets', at(1))).toMatchObject({ quality: 'partial' });
      expect(await store.snapshot('assets', at(2))).toMatchObject({ quality: 'complete', asOf: at(2) });
    });
  });
}
