/** A store that planning may write to without a trace: what it would write is kept in memory, over what is stored. */
import { type Instant, type Interval, subtract, union } from '../../core/time/interval.ts';
import type { Store } from '../../ports/store.ts';
import type { DueRead } from '../collect/due.ts';

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
    // No stored one has this id.
    query: async (_, fingerprint) => (await store.knownQuery(fingerprint)) ?? -1,
    confirmAnswers: async () => {},
    saveResults: async () => 0,
  };
}

/** The store as these reads will have left it, as far as it is known before: slices that are read again have changed. */
export function afterReads(store: Store, reads: readonly DueRead[], asOf: Instant): Store {
  const rangesOf = (id: number) =>
    reads.flatMap(({ group, range }) => (group.control.id === id ? [range] : []));
  return {
    ...store,
    async coverage(seriesIds) {
      const covered = await store.coverage(seriesIds);
      return new Map(seriesIds.map((id) => [id, union([...(covered.get(id) ?? []), ...rangesOf(id)], [])]));
    },
    async known(seriesId, range) {
      const known = new Map(await store.known(seriesId, range));
      // Of what is not read yet it is taken that there are events.
      for (const read of reads.filter(({ group }) => group.control.id === seriesId)) {
        for (let at = read.range.start; at < read.range.end; at += read.group.grain) {
          if (at >= range.start && at < range.end && !known.has(at))
            known.set(at, { events: 1, maxIngested: null, digest: null });
        }
      }
      return known;
    },
    async slices(seriesId, range) {
      const covered = (await store.coverage([seriesId])).get(seriesId) ?? [];
      const again = subtract(rangesOf(seriesId), covered);
      const isReadAgain = (time: Instant) => again.some(({ start, end }) => time >= start && time < end);
      const slices = await store.slices(seriesId, range);
      return slices.map((slice) => (isReadAgain(slice.start) ? { ...slice, asOf } : slice));
    },
  };
}
