/** The part of the store contract that is about results, their revisions, and what waits to be computed again. */
import { describe, expect, it } from 'vitest';
import type { Result } from '../../src/core/result/model.ts';
import type { NewResult, ResultQuery, Store } from '../../src/ports/store.ts';
import { at, between, result, saveResultsOf, state, T0 } from './store-data.ts';

export function resultContract(current: () => Store): void {
  describe('results', () => {
    it('with all that they say', async () => {
      const store = current();
      const whole = result('sla', 1, 93.125, {
        group: { team: 'bl"ue', host: 'é' },
        lower: 0.1 + 0.2,
        upper: null,
        undecided: 3,
        quality: 'partial',
        verdict: 'unknown',
        reason: 'partial',
        final: false,
        retroactive: true,
        dueAt: at(5),
      });
      expect(await saveResultsOf(store, 'sla', [whole])).toBe(1);
      const [stored] = await store.results({ kpi: 'sla' });
      const { dueAt: _, ...said } = whole;
      expect(stored).toEqual({ ...said, id: stored?.id, supersedes: null });
      expect(await store.result(stored?.id ?? -1)).toEqual(stored);
      expect(await store.result(99)).toBeNull();
    });

    it('once: the same again is no revision', async () => {
      const store = current();
      await saveResultsOf(store, 'sla', [result('sla', 1, 93)]);
      const again = result('sla', 1, 93, { asOf: at(9), measures: {}, evaluationHash: 'others' });
      expect(await saveResultsOf(store, 'sla', [again])).toBe(0);
      expect(await store.results({ kpi: 'sla' })).toMatchObject([{ asOf: at(1) }]);
    });

    const changes: readonly Partial<NewResult>[] = [
      { value: 94 },
      { value: null },
      { lower: 90 },
      { upper: null },
      { sample: 11 },
      { undecided: 1 },
      { quality: 'partial' },
      { verdict: 'off-target' },
      { reason: 'no-target' },
      { final: false },
    ];
    it.each(changes)('with a revision that supersedes the one before where %j', async (change) => {
      const store = current();
      await saveResultsOf(store, 'sla', [result('sla', 1, 93)]);
      expect(await saveResultsOf(store, 'sla', [result('sla', 1, 93, { asOf: at(9), ...change })])).toBe(1);
      const [newest, ...more] = await store.results({ kpi: 'sla' });
      expect(more).toEqual([]);
      expect(newest).toMatchObject({ ...change, asOf: at(9) });
      const [first] = await store.results({ kpi: 'sla', asOf: at(8) });
      expect(first).toMatchObject({ value: 93, asOf: at(1), supersedes: null });
      expect(newest?.supersedes).toBe(first?.id);
      expect(await store.revisions('sla', between(0, 1), null)).toEqual([first, newest]);
    });

    it('that change and change back, as three revisions', async () => {
      const store = current();
      for (const [asOf, value] of [
        [2, 1],
        [3, 2],
        [4, 1],
      ] as const) {
        await saveResultsOf(store, 'sla', [result('sla', 1, value, { asOf: at(asOf) })]);
      }
      const values = (await store.revisions('sla', between(0, 1), null)).map(({ value }) => value);
      expect(values).toEqual([1, 2, 1]);
      const known = async (asOf: number) => (await store.results({ kpi: 'sla', asOf: at(asOf) }))[0]?.value;
      expect([await known(1), await known(2), await known(3.5), await known(9)]).toEqual([
        undefined,
        1,
        2,
        1,
      ]);
    });

    it('apart by group, window and measurement hash', async () => {
      const store = current();
      const group = { team: 'a' };
      await saveResultsOf(store, 'sla', [
        result('sla', 1, 1),
        result('sla', 1, 2, { group }),
        result('sla', 2, 3),
        result('sla', 1, 4, { measurementHash: 'changed' }),
      ]);
      const values = async (query: Omit<ResultQuery, 'kpi'>) =>
        (await store.results({ kpi: 'sla', ...query })).map(({ value }) => value).sort();
      expect(await values({})).toEqual([1, 2, 3, 4]);
      expect(await values({ group: null })).toEqual([1, 3, 4]);
      expect(await values({ group })).toEqual([2]);
      expect(await values({ group: { team: 'b' } })).toEqual([]);
      expect(await values({ measurementHash: 'm-sla' })).toEqual([1, 2, 3]);
      expect(await values({ measurementHash: 'changed', asOf: at(5) })).toEqual([4]);
      expect(await store.results({ kpi: 'other' })).toEqual([]);
    });

    it('whose groups are the same in whichever order their fields come', async () => {
      const store = current();
      await saveResultsOf(store, 'sla', [result('sla', 1, 1, { group: { a: '1', b: '2' } })]);
      expect(await saveResultsOf(store, 'sla', [result('sla', 1, 1, { group: { b: '2', a: '1' } })])).toBe(0);
      expect(await store.results({ kpi: 'sla', group: { b: '2', a: '1' } })).toHaveLength(1);
    });

    it('by time and by page', async () => {
      const store = current();
      const all = [5, 3, 1, 4, 2].map((end) => result('sla', end, end));
      await saveResultsOf(store, 'sla', all);
      const ends = async (query: Omit<ResultQuery, 'kpi'>) =>
        (await store.results({ kpi: 'sla', ...query })).map(({ value }) => value);
      expect(await ends({})).toEqual([1, 2, 3, 4, 5]);
      expect(await ends({ order: 'descending' })).toEqual([5, 4, 3, 2, 1]);
      expect(await ends({ from: at(2), to: at(4) })).toEqual([3, 4]);
      expect(await ends({ limit: 2 })).toEqual([1, 2]);
      expect(await ends({ limit: 2, offset: 2 })).toEqual([3, 4]);
      expect(await ends({ offset: 4 })).toEqual([5]);
      expect(await ends({ limit: 1, order: 'descending', asOf: at(3) })).toEqual([3]);
    });

    it('and the newest window of each KPI, its own and its groups', async () => {
      const store = current();
      const results = [
        result('sla', 1, 1),
        result('sla', 2, 2),
        result('sla', 2, 3, { group: { team: 'a' } }),
        result('sla', 3, 9, { measurementHash: 'changed' }),
      ];
      await saveResultsOf(store, 'sla', results, { evaluated: between(1, 2) });
      await saveResultsOf(store, 'mttr', [result('mttr', 1, 7)], { evaluated: between(1, 1) });
      const newest = async (...kpis: string[]) => {
        const wanted = kpis.map((kpi) => ({ kpi, measurementHash: `m-${kpi}` }));
        return (await store.newest(wanted)).map(({ value }: Result) => value).sort();
      };
      expect(await newest('sla')).toEqual([2, 3]);
      expect(await newest('sla', 'mttr', 'none')).toEqual([2, 3, 7]);
      expect(await newest()).toEqual([]);
    });
  });

  describe('what waits:', () => {
    it('windows whose results time may change, until they say so no more', async () => {
      const store = current();
      const provisional = { final: false, dueAt: at(8) };
      await saveResultsOf(store, 'sla', [
        result('sla', 1, 1, provisional),
        result('sla', 1, 1, { ...provisional, group: { team: 'a' } }),
        result('sla', 2, 1, { ...provisional, dueAt: at(9) }),
        result('sla', 3, 1),
      ]);
      const due = async (now: number) => (await store.dueWindows(at(now))).map(({ end }) => end);
      expect(await due(7)).toEqual([]);
      expect(await store.dueWindows(at(8))).toEqual([
        { kpi: 'sla', measurementHash: 'm-sla', ...between(0, 1) },
      ]);
      expect(await due(9)).toEqual([at(1), at(2)]);
      // The same result, due at another time, is no revision.
      const later = { ...provisional, dueAt: at(20) };
      expect(await saveResultsOf(store, 'sla', [result('sla', 2, 1, later)])).toBe(0);
      expect(await due(9)).toEqual([at(1)]);
      expect(await due(20)).toEqual([at(1), at(2)]);
      await saveResultsOf(store, 'sla', [
        result('sla', 1, 1),
        result('sla', 1, 1, { group: { team: 'a' } }),
        result('sla', 2, 1),
      ]);
      expect(await due(99)).toEqual([]);
    });

    it('changes left to the daily batch, until they are replaced', async () => {
      const store = current();
      const leave = (kpi: string, deferred: readonly ReturnType<typeof between>[] | null) =>
        store.saveResults([{ results: [], state: state(kpi), deferred }]);
      await leave('sla', [between(5, 6), between(1, 2)]);
      await leave('mttr', [between(3, 4)]);
      await leave('sla', null);
      const waiting = async () => (await store.deferred()).map(({ kpi, start }) => `${kpi} ${start - T0}`);
      expect((await waiting()).length).toBe(3);
      expect(await store.deferred()).toContainEqual({
        kpi: 'sla',
        measurementHash: 'm-sla',
        ...between(1, 2),
      });
      await leave('sla', []);
      expect(await waiting()).toEqual([`mttr ${at(3) - T0}`]);
    });

    it('how far each KPI has come, by measurement hash', async () => {
      const store = current();
      const states = [
        state('sla', { evaluated: between(0, 4), wantedFrom: at(-9) }),
        state('sla', { measurementHash: 'changed', evaluationHash: '' }),
      ];
      await store.saveResults(states.map((one) => ({ results: [], state: one, deferred: null })));
      const stored = await store.kpiStates();
      expect(stored).toHaveLength(2);
      expect(stored).toEqual(expect.arrayContaining(states));
    });
  });
}

export function definitionContract(current: () => Store): void {
  describe('definitions', () => {
    it('as they were when first loaded with their hashes', async () => {
      const store = current();
      const definition = {
        kpi: 'sla',
        measurementHash: 'm',
        evaluationHash: 'e',
        body: '{"title":"SLA"}',
        firstLoaded: at(1),
      };
      expect(await store.registerDefinition(definition)).toBe(at(1));
      expect(await store.registerDefinition({ ...definition, firstLoaded: at(9) })).toBe(at(1));
      expect(await store.registerDefinition({ ...definition, evaluationHash: 'f', firstLoaded: at(9) })).toBe(
        at(9),
      );
      expect(await store.definition('sla', 'm', 'e')).toEqual(definition);
      expect(await store.definition('sla', 'm', 'x')).toBeNull();
    });
  });
}
