/** What the parts of the connector contract share: six hours of slices, and what the reference makes of the rows in them. */
import { expect } from 'vitest';
import { compileFilter } from '../../src/core/filter/evaluate.ts';
import type { Row } from '../../src/core/filter/model.ts';
import { talliesOfRows } from '../../src/core/measure/fold.ts';
import { exactValue } from '../../src/core/measure/sum.ts';
import type { Tallies, Tally } from '../../src/core/measure/tally.ts';
import { HOUR, type Instant } from '../../src/core/time/interval.ts';
import type { FieldTypes, MeasureRequest, SliceReading, SliceRequest } from '../../src/ports/connector.ts';
import { measure, NEVER, readSlices } from '../fakes/asking.ts';
import { START } from './connector-data.ts';
import type { ConnectorHarness, ContractSource, StoredRow } from './connector-harness.ts';

/** Later than any row came in. */
export const LATE = START + 1_000 * HOUR;
export const RANGE = { start: START, end: START + 6 * HOUR };
export const STARTS: readonly Instant[] = Array.from({ length: 6 }, (_, i) => START + i * HOUR);
export const COUNT = measure({ id: 'count' });

export const sliceOf = (time: Instant | null | undefined): Instant => Math.floor((time ?? -1) / HOUR) * HOUR;

/** What the source makes of a row. */
export const heldBy =
  ({ hold }: ConnectorHarness) =>
  ({ fields }: StoredRow): Row =>
    Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, hold(field, value)]));

export function readerOf(harness: ConnectorHarness, source: () => ContractSource) {
  const held = heldBy(harness);
  const typesOf = async (): Promise<FieldTypes> =>
    (await source().connector.probe(source().events, NEVER)).types;

  const read = (
    measures: readonly MeasureRequest[],
    change: Partial<SliceRequest> = {},
    signal: AbortSignal = NEVER,
  ): Promise<SliceReading[]> => {
    const { connector, events: dataset } = source();
    return readSlices(connector, { dataset, range: RANGE, asOf: LATE, measures, ...change }, signal);
  };

  const expectedTallies = (
    rows: readonly StoredRow[],
    start: Instant,
    { where, aggregate, groupBy }: MeasureRequest,
    limits: { readonly maxDistinct?: number } = {},
  ): Tallies => {
    const inSlice = rows.filter(({ times }) => sliceOf(times['@timestamp']) === start).map(held);
    const matched = inSlice.filter(compileFilter(where));
    return talliesOfRows(aggregate, matched, groupBy, { gamma: harness.gamma ?? '1%', ...limits });
  };

  const expectSame = (
    readings: readonly SliceReading[],
    rows: readonly StoredRow[],
    measures: readonly MeasureRequest[],
  ): void => {
    expect(readings.map(({ start }) => start)).toEqual(STARTS);
    for (const reading of readings) {
      const events = rows.filter(({ times }) => sliceOf(times['@timestamp']) === reading.start).length;
      expect(reading.events, `events at ${reading.start}`).toBe(events);
      expect(reading.overflow).toEqual([]);
      for (const one of measures) {
        const label = `${JSON.stringify(one)} at ${reading.start}`;
        expectTallies(reading.tallies[one.id] ?? {}, expectedTallies(rows, reading.start, one), label);
      }
    }
  };

  return { held, typesOf, read, expectedTallies, expectSame };
}

/** Equal to the bit, but for sums: those within 1e-9 of the sum of all magnitudes. */
function expectTallies(actual: Tallies, expected: Tallies, label: string): void {
  expect(Object.keys(actual).sort(), label).toEqual(Object.keys(expected).sort());
  for (const [key, tally] of Object.entries(expected)) {
    const { sum, ...rest } = actual[key] ?? { n: -1 };
    const { sum: expectedSum, ...expectedRest }: Tally = tally;
    expect(rest, `${label} ${key}`).toEqual(expectedRest);
    expect(sum === undefined, label).toBe(expectedSum === undefined);
    const [a, b] = [exactValue(sum ?? []), exactValue(expectedSum ?? [])];
    // The rows' magnitudes are at most 1e6 each.
    expect(Math.abs(a - b), `${label} ${key}`).toBeLessThanOrEqual(1e-9 * 1e6 * (tally.n + 1));
  }
}
