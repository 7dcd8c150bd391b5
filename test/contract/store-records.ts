/** The part of the store contract that is about versions of records. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordVersion } from '../../src/core/measure/record.ts';
import { latestVersions } from '../../src/core/measure/records.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import type { Store } from '../../src/ports/store.ts';
import { at, between, COHORTS, newSet, saveVersions, T0, version } from './store-data.ts';

const EVER = { start: 0, end: at(10_000) };

export function recordContract(current: () => Store): void {
  const latest = async (store: Store, setId: number) =>
    (await store.records(setId, EVER)).map(({ key, version: [v] }) => `${key}${v}`).sort();

  describe('records', () => {
    it('by sets that have one id, and say how far they were read', async () => {
      const store = current();
      const set = await store.recordSet('incidents', 'these fields');
      expect(set).toMatchObject({ dataset: 'incidents', cursor: null, asOf: null, quality: 'complete' });
      await saveVersions(store, set.id, at(1), [version('a', 1)], false);
      expect(await store.recordSet('incidents', 'these fields')).toEqual(set);
      await saveVersions(store, set.id, at(2), []);
      const read = await store.recordSet('incidents', 'these fields');
      expect(read).toMatchObject({ id: set.id, cursor: String(at(2)), asOf: at(2) });
      expect((await store.recordSet('incidents', 'other fields')).id).not.toBe(set.id);
    });

    it('of which all windows can be looked at again', async () => {
      const store = current();
      const id = await newSet(store);
      await store.touchRecords(id, between(2, 5));
      expect((await store.touched()).rows).toEqual(
        COHORTS.map((kind) => ({ input: `records:${id}`, kind, fields: null, ...between(2, 5) })),
      );
    });

    it('in the latest version known of each', async () => {
      const store = current();
      const id = await newSet(store);
      await saveVersions(store, id, at(3), [version('a', 1), version('b', 2), version('a', 2)]);
      expect(await latest(store, id)).toEqual(['a2', 'b2']);
      await saveVersions(store, id, at(4), [version('b', 1), version('a', 10)]);
      expect(await latest(store, id)).toEqual(['a10', 'b2']);
    });

    it('as the reference finds the latest ones, in any order and any batches', async () => {
      const store = current();
      const versions = fc.record({
        key: fc.constantFrom('a', 'b', 'ä "quoted"'),
        version: fc.tuple(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('x', 'é', null))),
        ingested: fc.integer({ min: 0, max: 2 }),
        order: fc.integer({ min: 0, max: 9 }),
        opened: fc.constantFrom(null, at(1)),
        closed: fc.constant([null]),
        due: fc.constant(null),
        fields: fc.record({ state: fc.constantFrom('New', null) }),
      });
      const unique = (all: readonly RecordVersion[]) => [
        ...new Map(all.map((one) => [JSON.stringify({ ...one, order: 0 }), one])).values(),
      ];
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(versions, { maxLength: 4 }), { maxLength: 5 }),
          async (batches) => {
            const id = await newSet(store);
            // What differs in its place alone is one version, and the first place counts.
            const all = unique(batches.flat().reverse());
            const known = batches.map((batch) => batch.filter((one) => all.includes(one)));
            for (const batch of known) await saveVersions(store, id, at(5), batch);
            const stored = await store.records(id, EVER);
            const expected = [...latestVersions(known.flat()).values()];
            const byKey = (list: readonly RecordVersion[]) =>
              [...list].sort((a, b) => (a.key < b.key ? -1 : 1));
            expect(byKey(stored)).toEqual(byKey(expected));
          },
        ),
        { numRuns: 50 },
      );
    });

    it('in all versions known, of those that have a time in the interval', async () => {
      const store = current();
      const versions = [
        version('a', 1),
        version('a', 3, { closed: [at(4)] }),
        version('b', 1, { opened: at(9) }),
      ];
      const id = await newSet(store, versions);
      await saveVersions(store, id, at(5), [version('a', 2)]);
      const histories = await store.histories(id, between(4, 6));
      expect([...histories].map(([key, all]) => [key, all.map((one) => one.version[0]).sort()])).toEqual([
        ['a', [1, 2, 3]],
      ]);
    });

    it('in the state read last, where a source gives another one without a sign of its being newer', async () => {
      const store = current();
      const id = await newSet(store, [version('a', 1)]);
      await saveVersions(store, id, at(1), [version('a', 1, { fields: { state: 'Closed' } })]);
      expect(await store.records(id, EVER)).toMatchObject([{ fields: { state: 'Closed' } }]);
      expect((await store.histories(id, EVER)).get('a')).toHaveLength(2);
    });

    it('once: a version that is known already touches nothing', async () => {
      const store = current();
      const a = version('a', 1, { due: at(9) });
      const id = await newSet(store, [a]);
      await saveVersions(store, id, T0, [{ ...a, order: 7 }, { ...a }]);
      expect((await store.touched()).rows).toEqual([]);
      expect(await latest(store, id)).toEqual(['a1']);
    });

    it('once, where a source does not tell arrivals and gives all of them again and again', async () => {
      const store = current();
      const id = await newSet(store);
      const readWhole = (hour: number, ...states: readonly string[]) =>
        saveVersions(
          store,
          id,
          at(hour),
          states.map((now, n) => version(`case ${n}`, 1, { ingested: at(hour), fields: { state: now } })),
        );
      const versions = async () => (await store.ingestedCounts(id, between(0, 99), 99 * HOUR))[0];
      await readWhole(1, 'New', 'New');
      await readWhole(2, 'New', 'New');
      expect(await versions()).toBe(2);
      await saveVersions(store, id, at(2), [version('case 0', 0, { ingested: at(2) })]);
      expect(await versions()).toBe(2);
      await readWhole(3, 'Done', 'New');
      await readWhole(4, 'New', 'New');
      expect(await versions()).toBe(4);
      expect((await store.records(id, EVER)).map(({ fields }) => fields.state)).toEqual(['New', 'New']);
    });

    it('of which the last row counts, where such a source holds two of one version', async () => {
      const store = current();
      const id = await newSet(store);
      const rows = (hour: number) =>
        ['New', 'Done'].map((now, order) =>
          version('case', 1, { ingested: at(hour), order, fields: { state: now } }),
        );
      for (const hour of [1, 2, 3]) {
        await saveVersions(store, id, at(hour), rows(hour));
        expect((await store.records(id, EVER)).map(({ fields }) => fields.state)).toEqual(['Done']);
      }
      expect(await store.ingestedCounts(id, between(0, 99), 99 * HOUR)).toEqual([2]);
    });

    it('that were open or had a time in an interval', async () => {
      const store = current();
      const id = await newSet(store, [
        version('open', 1, { opened: at(5) }),
        version('short', 1, { opened: at(1), closed: [at(3)] }),
        version('late due', 1, { opened: at(1), closed: [at(3)], due: at(8) }),
        version('resolved', 1, { opened: at(1), closed: [null, at(6)] }),
        version('timeless', 1, { opened: null }),
      ]);
      const keys = async (from: number, to: number) =>
        (await store.records(id, between(from, to))).map(({ key }) => key).sort();
      expect(await keys(0, 1)).toEqual(['timeless']);
      expect(await keys(3, 4)).toEqual(['late due', 'resolved', 'short', 'timeless']);
      expect(await keys(4, 5)).toEqual(['late due', 'resolved', 'timeless']);
      expect(await keys(9, 12)).toEqual(['open', 'timeless']);
      expect((await store.records(id, EVER))[0]?.fields).toEqual({ state: 'New' });
    });

    it('counted by when they came in', async () => {
      const store = current();
      const id = await newSet(
        store,
        [1, 1.5, 3, 7].map((hour, v) => version('a', v, { ingested: at(hour) })),
      );
      expect(await store.ingestedCounts(id, between(1, 5), 2 * HOUR)).toEqual([2, 1]);
      expect(await store.ingestedCounts(id, between(0, 10), 10 * HOUR)).toEqual([4]);
      expect(await store.ingestedCounts(id, between(20, 22), HOUR)).toEqual([0, 0]);
    });
  });
}
