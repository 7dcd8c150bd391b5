/** Short ways to ask a connector: by the hour, for all that came in, in all that a test does not say. */
import { EVERYTHING } from '../../src/core/filter/model.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import type { Connector, MeasureRequest, SliceReading, SliceRequest } from '../../src/ports/connector.ts';

export const NEVER = new AbortController().signal;

/** A count of all events, unless told otherwise. */
export const measure = (more: Partial<MeasureRequest> = {}): MeasureRequest => ({
  id: 'n',
  where: EVERYTHING,
  aggregate: { type: 'count' },
  groupBy: [],
  ...more,
});

export type Asked = Pick<SliceRequest, 'dataset' | 'range'> & Partial<SliceRequest>;

/** Types of fields are probed where none are given. */
export async function sliceRequest(connector: Connector, asked: Asked): Promise<SliceRequest> {
  const types = asked.types ?? (await connector.probe(asked.dataset, NEVER)).types;
  const asOf = asked.range.end + 1_000 * HOUR;
  return {
    grain: HOUR,
    asOf,
    measures: [measure()],
    maxGroups: 100_000,
    maxDistinct: 10_000,
    ...asked,
    types,
  };
}

export async function readSlices(
  connector: Connector,
  asked: Asked,
  signal: AbortSignal = NEVER,
): Promise<SliceReading[]> {
  const batches = await all(connector.readSlices(await sliceRequest(connector, asked), signal));
  return batches.flatMap(({ readings }) => readings);
}

export async function all<T>(parts: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const part of parts) list.push(part);
  return list;
}
