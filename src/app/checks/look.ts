/** Slices that are read for a look at the data only: nothing of them is stored. */
import type { EventsDataset } from '../../config/model.ts';
import { MAX_DISTINCT } from '../../core/measure/distinct.ts';
import { HOUR, type Interval } from '../../core/time/interval.ts';
import type { Connector, SliceReading, SliceRequest } from '../../ports/connector.ts';
import type { Ask } from '../ask/ask.ts';
import type { CollectInput } from '../series.ts';

/** Asks one dataset's source. */
export interface Look {
  readonly dataset: EventsDataset;
  readonly types: SliceRequest['types'];
  readonly asOf: SliceRequest['asOf'];
  readonly ask: <T>(call: (connector: Connector, signal: AbortSignal) => Promise<T>) => Promise<T>;
}

/** A look as a pass makes it, and how many searches it has taken so far. */
export function lookIn(
  ask: Ask,
  dataset: EventsDataset,
  { asOf, probes }: CollectInput,
  signal: AbortSignal,
): { readonly look: Look; spent(): number } {
  let spent = 0;
  const look: Look = {
    dataset,
    types: probes.get(dataset.name)?.types ?? {},
    asOf,
    ask: (call) => {
      spent++;
      return ask(dataset.source, signal, call);
    },
  };
  return { look, spent: () => spent };
}

export function readingsOf(
  { dataset, types, asOf, ask }: Look,
  wanted: Pick<SliceRequest, 'grain' | 'range' | 'measures'>,
): Promise<readonly SliceReading[]> {
  const request = { dataset, types, asOf, ...wanted, maxGroups: 1, maxDistinct: MAX_DISTINCT };
  return ask(async (connector: Connector, signal) => {
    const readings: SliceReading[] = [];
    for await (const batch of connector.readSlices(request, signal)) readings.push(...batch.readings);
    return readings;
  });
}

/** An hour with the number of its events. */
export interface SpokenHour extends Interval {
  readonly events: number;
}

/** The newest hour with events in the range, by one search; null: there is none. */
export async function newestHourIn(look: Look, range: Interval): Promise<SpokenHour | null> {
  const readings = await readingsOf(look, { grain: HOUR, range, measures: [] });
  const spoken = readings.filter(({ events }) => events > 0).sort((a, b) => b.start - a.start);
  const [newest] = spoken;
  return newest === undefined
    ? null
    : { start: newest.start, end: newest.start + HOUR, events: newest.events };
}
