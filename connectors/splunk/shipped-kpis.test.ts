/** The shipped KPIs on Splunk: the same numbers as in memory. */
import { afterAll, beforeAll } from 'vitest';
import type { Dataset } from '../../src/config/model.ts';
import { eventOf } from '../../test/contract/harness-splunk.ts';
import { shippedKpiContract } from '../../test/contract/shipped-kpis.ts';
import { type Opened, openSplunkd } from '../../test/fakes/splunk.ts';

let opened: Opened;
let cases = 0;
beforeAll(async () => {
  opened = await openSplunkd();
});
afterAll(() => opened.close());

shippedKpiContract('splunk', async () => {
  const one = ++cases;
  const index = ({ name }: Dataset) => `case${one}_${name}`.toLowerCase();
  /** The fields that hold time and arrival in the rows of a test, where Splunk has its own. */
  const stamps = new Map<string, { readonly time: string; readonly arrival: string | null }>();
  return {
    connector: opened.connector,
    bind: (dataset) => {
      const bound = { ...dataset, options: { index: index(dataset) } };
      if (bound.kind === 'snapshot') return bound;
      const time = bound.kind === 'events' ? bound.time : bound.opened;
      stamps.set(dataset.name, { time, arrival: bound.ingested });
      return { ...bound, ingested: bound.ingested === null ? null : '_indextime' };
    },
    replace: async (dataset, rows) => {
      const stamp = stamps.get(dataset.name) ?? { time: '@timestamp', arrival: null };
      opened.splunkd.clear(index(dataset));
      opened.splunkd.addEvents(
        index(dataset),
        rows.map((row) => eventOf(stamp, row)),
      );
    },
    close: async () => {},
  };
});
