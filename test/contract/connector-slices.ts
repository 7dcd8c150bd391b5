/** Slices are what the reference evaluator in core counts and computes, each exactly once. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/core/errors.ts';
import { EVERYTHING, type Filter } from '../../src/core/filter/model.ts';
import { HOUR, type Instant } from '../../src/core/time/interval.ts';
import type { MeasureRequest } from '../../src/ports/connector.ts';
import { NEVER, sliceRequest } from '../fakes/asking.ts';
import { AGGREGATES, FILTERS, GROUPINGS, ROWS, START } from './connector-data.ts';
import type { ConnectorHarness, ContractSource } from './connector-harness.ts';
import { anyFilter, anyRows } from './connector-random.ts';
import { COUNT, LATE, readerOf, STARTS } from './connector-reading.ts';

export function sliceContract(name: string, harness: ConnectorHarness, source: () => ContractSource): void {
  const { read, expectSame, expectedTallies } = readerOf(harness, source);
  const arrives = harness.arrives ?? ((time: Instant) => time);
  const answerable = (measures: readonly MeasureRequest[]) =>
    measures.filter(
      ({ where, aggregate }) => !harness.refuses(where) && harness.refusesAggregate?.(aggregate) !== true,
    );

  describe(`${name}: slices`, () => {
    beforeAll(() => source().replace(source().events, ROWS));

    it('are what the reference counts, for every kind of filter', async () => {
      const measures = answerable(
        FILTERS.map((where, i) => ({ id: String(i), where, aggregate: { type: 'count' }, groupBy: [] })),
      );
      const readings = await read(measures);
      expectSame(readings, ROWS, measures);
    });

    it('are what the reference computes, for every aggregate in every grouping', async () => {
      const where: Filter = {
        op: 'not',
        of: {
          op: 'test',
          field: 'event.action',
          predicate: { kind: 'text', pattern: [{ literal: 'LOGOFF' }], cased: false },
        },
      };
      const measures = answerable(
        GROUPINGS.flatMap((groupBy, g) =>
          AGGREGATES.flatMap((aggregate, a) => [
            { id: `${g} ${a} all`, where: EVERYTHING, aggregate, groupBy },
            { id: `${g} ${a} some`, where, aggregate, groupBy },
          ]),
        ),
      );
      const readings = await read(measures);
      expectSame(readings, ROWS, measures);
    });

    it('come each exactly once and in a bounded batch, also those without events', async () => {
      const range = { start: START - 3_000 * HOUR, end: START + 3_000 * HOUR };
      const seen: Instant[] = [];
      const { connector, events: dataset } = source();
      const request = await sliceRequest(connector, { dataset, range, measures: [COUNT] });
      for await (const batch of connector.readSlices(request, NEVER)) {
        expect(batch.readings.length).toBeLessThanOrEqual(2_000);
        expect(batch.evidence.query).not.toBe('');
        seen.push(...batch.readings.map(({ start }) => start));
      }
      expect(seen).toEqual(Array.from({ length: 6_000 }, (_, i) => range.start + i * HOUR));
    });

    it('hold for random rows and random filters', async () => {
      await fc.assert(
        fc.asyncProperty(
          anyRows,
          fc.array(anyFilter, { minLength: 12, maxLength: 24 }),
          fc.constantFrom(LATE, START + 2 * HOUR, START + 3 * HOUR + 1),
          async (rows, filters, asOf) => {
            await source().replace(source().events, rows);
            const measures = answerable(
              filters.map((where, i) => ({
                id: String(i),
                where,
                aggregate: AGGREGATES[i % AGGREGATES.length] ?? { type: 'count' },
                groupBy: GROUPINGS[i % GROUPINGS.length] ?? [],
              })),
            );
            const readings = await read(measures, { asOf });
            const known = rows.filter(({ times }) => arrives(times['event.ingested'] ?? 0) < asOf);
            expectSame(readings, known, measures);
          },
        ),
        { numRuns: 8 },
      );
      await source().replace(source().events, ROWS);
    });

    it('refuse, by a sentence, a filter or an aggregate that the source cannot answer exactly', async () => {
      const refused = [
        ...FILTERS.filter((where) => harness.refuses(where)).map((where) => ({ ...COUNT, where })),
        ...AGGREGATES.filter((aggregate) => harness.refusesAggregate?.(aggregate) === true).map(
          (aggregate) => ({ ...COUNT, aggregate }),
        ),
      ];
      for (const measure of refused) {
        const reading = read([measure]);
        await expect(reading).rejects.toBeInstanceOf(ConnectorError);
        await expect(reading).rejects.toMatchObject({ retryable: false });
      }
    });

    it('say which measures have too many groups, and keep no part of them', async () => {
      const grouped: MeasureRequest = { ...COUNT, id: 'wide', groupBy: ['user.name'] };
      const groups = STARTS.map((start) => Object.keys(expectedTallies(ROWS, start, grouped)).length);
      const maxGroups = Math.max(...groups) - 1;
      const readings = await read([grouped, { ...COUNT, id: 'total' }], { maxGroups });
      for (const [i, reading] of readings.entries()) {
        const wide = (groups[i] ?? 0) > maxGroups;
        expect(reading.overflow).toEqual(wide ? ['wide'] : []);
        expect(Object.keys(reading.tallies.wide ?? {})).toHaveLength(wide ? 0 : (groups[i] ?? 0));
      }
    });

    it('estimate a distinct set beyond the limit', async () => {
      const measure: MeasureRequest = { ...COUNT, aggregate: { type: 'distinct', field: 'user.name' } };
      const readings = await read([measure], { maxDistinct: 2 });
      for (const reading of readings) {
        expect(reading.tallies.count).toEqual(
          expectedTallies(ROWS, reading.start, measure, { maxDistinct: 2 }),
        );
      }
    });
  });
}
