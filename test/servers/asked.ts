/** Whatever clause9 asks of a source, each call once, on the indices that the tests of rights share. */
import { EVERYTHING } from '../../src/core/filter/model.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import type { Connector, MeasureRequest, SliceReading } from '../../src/ports/connector.ts';
import { eventsDataset, recordsDataset, snapshotDataset } from '../fakes/datasets.ts';
import { START } from './secure-site.ts';

export const NEVER = new AbortController().signal;
export const logonsOf = (index: string) =>
  eventsDataset({ name: 'logons', ingested: 'ingested', options: { index } });

const logons = logonsOf('logs-logons-*');
const tickets = recordsDataset({ name: 'tickets', options: { index: 'logs-tickets' } });
const assets = snapshotDataset({ name: 'assets', options: { index: 'logs-assets' } });
const range = { start: START, end: START + HOUR };
const asOf = START + 1_000 * HOUR;
const looked = { dataset: logons, types: {}, where: EVERYTHING, range };

/** The first hour. */
export async function readHour(
  connector: Connector,
  measure: Partial<MeasureRequest> = {},
  dataset = logons,
): Promise<{ readonly reading: SliceReading; readonly warnings: readonly string[] }> {
  const count = { id: 'm', where: EVERYTHING, aggregate: { type: 'count' }, groupBy: [] } as const;
  const request = {
    dataset,
    types: {},
    grain: HOUR,
    range,
    asOf,
    measures: [{ ...count, ...measure }],
  } as const;
  for await (const { readings, evidence } of connector.readSlices(
    { ...request, maxGroups: 1_000, maxDistinct: 1_000 },
    NEVER,
  )) {
    const [reading] = readings;
    if (reading !== undefined) return { reading, warnings: evidence.warnings };
  }
  throw new Error('no slice came');
}

/** Each gives something short that shows that it came about. */
export const CALLS: Readonly<Record<string, (connector: Connector) => Promise<unknown>>> = {
  probe: async (connector) => (await connector.probe(logons, NEVER)).types.user,
  slices: async (connector) => (await readHour(connector)).reading.events,
  groups: async (connector) => {
    const { reading } = await readHour(connector, { groupBy: ['user'] });
    return Object.keys(reading.tallies.m ?? {});
  },
  revised: async (connector) => {
    const known = new Map([[START, { events: 1, maxIngested: null, digest: null }]]);
    const request = { dataset: logons, types: {}, grain: HOUR, range, asOf, known, cursor: null } as const;
    return (await connector.findRevised(request, NEVER)).starts.length;
  },
  records: async (connector) => {
    const request = { dataset: tickets, types: {}, fields: [], asOf, cursor: null };
    let count = 0;
    for await (const { records } of connector.readRecords(request, NEVER)) count += records.length;
    return count;
  },
  snapshot: async (connector) =>
    (await connector.readSnapshot({ dataset: assets, types: {}, fields: ['host'] }, NEVER)).rows,
  query: async (connector) => {
    const text = JSON.stringify({ aggs: { sum: { sum: { field: 'bytes' } } } });
    const request = { dataset: logons, types: {}, language: 'dsl', text, range, asOf } as const;
    return (await connector.runQuery(request, NEVER)).values;
  },
  rows: async (connector) => (await connector.readRows({ ...looked, asOf, limit: 5 }, NEVER)).total,
  topValues: async (connector) =>
    (await connector.topValues({ ...looked, field: 'user', limit: 1 }, NEVER)).values,
  inspect: async (connector) => (await connector.inspect(logons, NEVER)).events,
  discover: async (connector) => (await connector.discover(NEVER)).map(({ name }) => name).sort(),
};

export const WHOLE = {
  probe: 'text',
  slices: 24,
  groups: ['["ann"]', '["bob"]', '["eve"]'],
  revised: 1,
  records: 1,
  snapshot: [{ host: 'h1' }],
  query: { sum: 132 },
  rows: 24,
  topValues: [{ text: 'ann', events: 8 }],
  inspect: 24,
  discover: ['logs-assets', 'logs-logons-one', 'logs-logons-two', 'logs-tickets'],
};
