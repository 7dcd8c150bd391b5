/** The part of the store contract that is about versions of records, what each one touches, and lists. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordVersion } from '../../src/core/measure/record.ts';
import { latestVersions } from '../../src/core/measure/records.ts';
import { HOUR, type Instant } from '../../src/core/time/interval.ts';
import { HISTORY, type Store, type Touched } from '../../src/ports/store.ts';
import { at, between, readAt, saveVersions, T0, version } from './store-data.ts';

const COHORTS = ['opened', 'closed', 'due', 'open-at-end'] as const;
const EVER = { start: 0, end: at(10_000) };

export function recordContract(current: () => Store): void {
  /** A set that was read once, at T0, with nothing touched. */
  const newSet = async (store: Store, records: readonly RecordVersion[] = [], asOf: Instant = T0) => {
    const { id } = await store.recordSet('incidents', `set ${Math.random()}`);
    await saveVersions(store, id, asOf, records);
    await settle(store);
    return id;
  };
  const settle = async (store: Store) => store.clearTouched((await store.touched()).upTo);
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
