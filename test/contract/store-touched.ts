/** The part of the store contract that is about what versions of records touch: the windows to look at again. */
import { describe, expect, it } from 'vitest';
import { HOUR, type Instant } from '../../src/core/time/interval.ts';
import { HISTORY, type Store, type Touched } from '../../src/ports/store.ts';
import { at, COHORTS, newSet, readAt, saveVersions, settle, T0, version } from './store-data.ts';

export function touchContract(current: () => Store): void {
  /** What is touched of a set, as `kind fields from-to` in hours since T0; `…` is for ever. */
  const touchedOf = async (store: Store, setId: number) =>
    (await store.touched()).rows
      .filter((row) => row.input === `records:${setId}`)
      .map(words)
      .sort();
  const words = ({ kind, fields, start, end }: Touched) =>
    `${kind} ${fields === null ? 'all' : fields.join('+')} ${hours(start)}-${hours(end)}`;
  const hours = (instant: Instant) =>
    instant > at(100_000) ? '…' : instant === 0 ? '0' : String((instant - T0) / HOUR);

  describe('what records touch:', () => {
    const closed = { opened: at(2), closed: [at(5)], due: at(7) };

    it('a new one, the windows of its times and those in which it is open', async () => {
      const store = current();
      const id = await newSet(store, [version('other', 1)]);
      await saveVersions(store, id, T0, [version('a', 1, closed)]);
      expect(await touchedOf(store, id)).toEqual([
        'closed all 5-6',
        'due all 7-8',
        'open-at-end all 2-8',
        'opened all 2-3',
      ]);
    });

    it('one that is not the latest, the windows of what goes by all versions', async () => {
      const store = current();
      const id = await newSet(store, [version('a', 3, closed)]);
      await saveVersions(store, id, at(9), [version('a', 2, { fields: { state: 'Waiting' } })], false);
      expect(await touchedOf(store, id)).toEqual([
        `closed ${HISTORY} 5-6`,
        `due ${HISTORY} 7-8`,
        `open-at-end ${HISTORY} 2-8`,
        `opened ${HISTORY} 2-3`,
      ]);
    });

    it('one that is still open, every window from then on', async () => {
      const store = current();
      const id = await newSet(store, [version('other', 1)]);
      await saveVersions(store, id, T0, [version('a', 1, { opened: at(2) })]);
      expect(await touchedOf(store, id)).toEqual(['open-at-end all 2-…', 'opened all 2-3']);
    });

    it('a change of fields, only what uses those fields', async () => {
      const store = current();
      const a = version('a', 1, { ...closed, fields: { state: 'New', team: 'blue', note: null } });
      const id = await newSet(store, [a]);
      const changed = { state: 'Done', team: 'blue', note: undefined };
      await saveVersions(store, id, T0, [{ ...a, version: [2], fields: changed }]);
      expect(await touchedOf(store, id)).toEqual([
        'closed state 5-6',
        'due state 7-8',
        'open-at-end state 2-8',
        'opened state 2-3',
      ]);
    });

    it('a change of times, the windows of the old and of the new ones', async () => {
      const store = current();
      const id = await newSet(store, [version('a', 1, { opened: at(2), closed: [at(5)] })]);
      await saveVersions(store, id, T0, [version('a', 2, { opened: at(2), closed: [at(20)] })]);
      expect(await touchedOf(store, id)).toEqual([
        'closed all 20-21',
        'closed all 5-6',
        'open-at-end all 2-21',
        'opened all 2-3',
      ]);
    });

    it('an older version that comes later, nothing', async () => {
      const store = current();
      const id = await newSet(store, [version('a', 2, closed)]);
      await saveVersions(store, id, T0, [version('a', 1, { opened: at(3), ingested: T0 })]);
      expect(await touchedOf(store, id)).toEqual([]);
    });

    it.each([
      ['a day', 24, 9, { closed: [at(10)] }],
      ['an hour, though it is due later', 11, 9, { closed: [at(10)], due: at(90) }],
      ['an hour, though it was closed in another way before', 11, 3, { closed: [at(10), at(3)] }],
      ['an hour, of a source that does not tell arrivals', 11, 9, { closed: [at(10)], ingested: at(5) }],
    ])('a time that was yet to come and has passed by %s', async (_, asOf, openUntil, more) => {
      const store = current();
      const id = await newSet(store, [version('a', 1, more)], at(5));
      await saveVersions(store, id, at(9), []);
      await settle(store);
      await saveVersions(store, id, at(asOf), []);
      const touched = await touchedOf(store, id);
      expect(touched).toContain('closed all 10-11');
      expect(touched).toContain('opened all 0-1');
      // Before that it was open, whether one knew of its end or not.
      expect(touched.filter((one) => one.startsWith(`open-at-end all ${openUntil}-`))).not.toEqual([]);
      expect(touched.filter((one) => one.startsWith('open-at-end all 0-'))).toEqual([]);
      await settle(store);
      await saveVersions(store, id, at(asOf + 1), []);
      expect(await touchedOf(store, id)).not.toContain('opened all 0-1');
    });

    it('the very first one, every window: until then the set was silent', async () => {
      const store = current();
      const id = await newSet(store, [], at(9));
      await saveVersions(store, id, at(9), [version('a', 1, { ingested: at(9) })]);
      const all = ['closed all 0-9', 'due all 0-9', 'open-at-end all 0-…', 'opened all 0-9'];
      expect(await touchedOf(store, id)).toEqual(all);
      await settle(store);
      await saveVersions(store, id, at(9), [version('b', 1, { ingested: at(9) })]);
      expect(await touchedOf(store, id)).not.toContain('due all 0-9');
    });

    it('having been read further, every window that ended since', async () => {
      const store = current();
      const id = await newSet(store, [], at(5));
      await saveVersions(store, id, at(7), []);
      expect(await touchedOf(store, id)).toEqual(COHORTS.map((kind) => `${kind} all 5-7`).sort());
    });

    it('having been read for the first time, every window until then', async () => {
      const store = current();
      const { id } = await store.recordSet('incidents', 'never read');
      await saveVersions(store, id, at(7), []);
      expect(await touchedOf(store, id)).toEqual(COHORTS.map((kind) => `${kind} all 0-7`).sort());
    });

    it('having become whole again, every window', async () => {
      const store = current();
      const id = await newSet(store, [], at(5));
      const reread = async (asOf: number, quality: 'complete' | 'partial') => {
        const done = { cursor: null, asOf: at(asOf) };
        await store.saveRecords({ setId: id, read: readAt(at(asOf)), records: [], quality, done });
        const touched = await touchedOf(store, id);
        await settle(store);
        return touched;
      };
      const everything = (to: number) => COHORTS.map((kind) => `${kind} all 0-${to}`).sort();
      expect(await reread(6, 'partial')).toEqual(everything(6));
      expect(await reread(6, 'partial')).toEqual([]);
      expect(await reread(7, 'complete')).toEqual(everything(7));
    });

    it('an arrival with an old stamp, the windows in which it should have been seen', async () => {
      const store = current();
      const id = await newSet(store, [version('a', 1, { ingested: at(1), opened: at(0) })], at(9));
      await saveVersions(store, id, at(9), [version('a', 2, { ingested: at(4), opened: at(0) })]);
      expect(await touchedOf(store, id)).toEqual(COHORTS.map((kind) => `${kind} all 4-5`).sort());
    });
  });
}
