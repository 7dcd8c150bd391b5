/** A store that planning may write to without a trace: what it would write is kept in memory, over what is stored. */
import { type Interval, subtract } from '../core/time/interval.ts';
import type { Store } from '../ports/store.ts';

/** Good for planning only: slices, records and results can't be saved. */
export function dryStore(store: Store): Store {
  const cursors = new Map<string, string | null>();
  const uncovered = new Map<number, Interval[]>();
  const ids = new Map<string, number>();
  return {
    ...store,
    async registerDefinition({ kpi, measurementHash, evaluationHash, firstLoaded }) {
      const known = await store.definition(kpi, measurementHash, evaluationHash);
      return known?.firstLoaded ?? firstLoaded;
    },
    async series(wanted) {
      const known = await store.knownSeries(wanted.map((one) => one.fingerprint));
      for (const { fingerprint, grain, id } of known) ids.set(`${fingerprint} ${grain}`, id);
      return wanted.map((one) => {
        const key = `${one.fingerprint} ${one.grain}`;
        // Those that are new get ids that no stored one has.
        const id = ids.get(key) ?? -2 - ids.size;
        ids.set(key, id);
        return { ...one, id };
      });
    },
    async coverage(seriesIds) {
      const covered = await store.coverage(seriesIds);
      return new Map(
        [...covered].map(([id, parts]) => [id, subtract(parts, uncovered.get(id) ?? [])] as const),
      );
    },
    async uncover(seriesIds, intervals, cursor) {
      for (const id of seriesIds) uncovered.set(id, [...(uncovered.get(id) ?? []), ...intervals]);
      if (cursor !== undefined) cursors.set(cursor.key, cursor.value);
    },
    cursor: async (key) => (cursors.has(key) ? (cursors.get(key) ?? null) : store.cursor(key)),
    saveResults: async () => 0,
  };
}
