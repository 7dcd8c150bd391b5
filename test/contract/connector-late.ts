/** What comes in late is not known before it has come, and is found afterwards. */
import { describe, expect, it } from 'vitest';
import { HOUR, type Instant, MINUTE } from '../../src/core/time/interval.ts';
import type { KnownSlice, SliceReading } from '../../src/ports/connector.ts';
import { NEVER } from '../fakes/asking.ts';
import { ROWS, START } from './connector-data.ts';
import type { ConnectorHarness, ContractSource, StoredRow } from './connector-harness.ts';
import { COUNT, LATE, RANGE, readerOf, STARTS, sliceOf } from './connector-reading.ts';

export function lateContract(name: string, harness: ConnectorHarness, source: () => ContractSource): void {
  const { read, typesOf, expectSame } = readerOf(harness, source);
  const arrives = harness.arrives ?? ((time: Instant) => time);

  describe(`${name}: late data`, () => {
    // The very instant at which some rows came in: they are not known before it has passed.
    const early = START + HOUR + 1_000;
    const visible = ROWS.filter(({ times }) => (times['event.ingested'] ?? 0) < early);

    it('shows only what had come in before asOf', async () => {
      await source().replace(source().events, ROWS);
      const readings = await read([COUNT], { asOf: early });
      expectSame(readings, visible, [COUNT]);
      const arrivals = ROWS.map(({ times }) => times['event.ingested'] ?? 0);
      expect(visible.length).toBeLessThan(ROWS.length);
      expect(Math.max(...readings.map(({ maxIngested }) => maxIngested ?? 0))).toBe(
        Math.max(...arrivals.map(arrives).filter((at) => at < early)),
      );
    });

    it('is found: exactly the slices that changed since they were read', async () => {
      await source().replace(source().events, ROWS);
      const known = knownOf(await read([], { asOf: early }));
      const request = {
        dataset: source().events,
        types: await typesOf(),
        grain: HOUR,
        range: RANGE,
        known,
      } as const;
      const first = await source().connector.findRevised({ ...request, asOf: early, cursor: null }, NEVER);
      expect(first.starts).toEqual([]);
      const second = await source().connector.findRevised(
        { ...request, asOf: LATE, cursor: first.cursor },
        NEVER,
      );
      const changed = ROWS.filter((row) => !visible.includes(row)).map(({ times }) =>
        sliceOf(times['@timestamp']),
      );
      expect(second.starts).toEqual(STARTS.filter((start) => changed.includes(start)));
      const now = knownOf(await read([]));
      const third = await source().connector.findRevised(
        { ...request, known: now, asOf: LATE, cursor: second.cursor },
        NEVER,
      );
      expect(third.starts).toEqual([]);
    });

    it('is found where rows are added, also where no arrival is told', async () => {
      for (const dataset of [source().events, { ...source().events, ingested: null }]) {
        await source().replace(dataset, ROWS);
        const request = {
          dataset,
          types: await typesOf(),
          grain: HOUR,
          range: RANGE,
          asOf: LATE,
        } as const;
        const known = knownOf(await read([], { dataset }));
        const first = await source().connector.findRevised({ ...request, known, cursor: null }, NEVER);
        expect(first.starts).toEqual([]);
        await source().append(dataset, [
          {
            times: { '@timestamp': START + 4 * HOUR, 'event.ingested': LATE - 1 },
            fields: { 'event.action': 'late' },
          },
        ]);
        const second = await source().connector.findRevised(
          { ...request, known, cursor: first.cursor },
          NEVER,
        );
        expect(second.starts).toEqual([START + 4 * HOUR]);
      }
    });

    it('is found among the newest slices too, into which events come as a matter of course', async () => {
      const row = (minutes: number, arrived: number): StoredRow => ({
        times: { '@timestamp': START + minutes * MINUTE, 'event.ingested': START + arrived * MINUTE },
        fields: { 'event.action': 'late' },
      });
      await source().replace(source().events, [row(250, 251), row(310, 311)]);
      const [early, later] = [START + 365 * MINUTE, START + 370 * MINUTE];
      const range = { start: START, end: START + 6 * HOUR };
      const readings = await read([], { asOf: early });
      const known = knownOf(readings.filter(({ start }) => start < range.end));
      const request = { dataset: source().events, types: await typesOf(), grain: HOUR, range, known };
      const first = await source().connector.findRevised({ ...request, asOf: early, cursor: null }, NEVER);
      expect(first.starts).toEqual([]);
      const same = await source().connector.findRevised(
        { ...request, asOf: later, cursor: first.cursor },
        NEVER,
      );
      expect(same.starts).toEqual([]);
      await source().append(source().events, [row(330, 366)]);
      const second = await source().connector.findRevised(
        { ...request, asOf: later, cursor: first.cursor },
        NEVER,
      );
      expect(second.starts).toEqual([START + 5 * HOUR]);
    });
  });
}

function knownOf(readings: readonly SliceReading[]): Map<Instant, KnownSlice> {
  return new Map(
    readings.map(({ start, events, maxIngested, digest }) => [start, { events, maxIngested, digest }]),
  );
}
