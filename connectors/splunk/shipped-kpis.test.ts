/** The shipped KPIs on Splunk (the fake): the same numbers as in memory, though all is text. */
import { afterAll, beforeAll } from 'vitest';
import type { Dataset } from '../../src/config/model.ts';
import type { TestRow } from '../../src/config/test-rows.ts';
import type { FieldValue } from '../../src/core/filter/model.ts';
import { canonicalText } from '../../src/core/filter/value.ts';
import { shippedKpiContract } from '../../test/contract/shipped-kpis.ts';
import { type Opened, openSplunkd } from '../../test/fakes/splunk.ts';
import type { SplunkEvent } from '../../test/fakes/splunkd/index.ts';

let opened: Opened;
let cases = 0;
beforeAll(async () => {
  opened = await openSplunkd();
});
afterAll(() => opened.close());

shippedKpiContract('splunk', async () => {
  const one = ++cases;
  const index = (dataset: Dataset) => `case${one}_${dataset.name.replaceAll('-', '_')}`;
  const written = new Map<string, Dataset>();
  return {
    connector: opened.connector,
    bind: (dataset) => {
      written.set(dataset.name, dataset);
      const options = { index: index(dataset) };
      if (dataset.kind === 'snapshot') return { ...dataset, options };
      const ingested = dataset.ingested === null ? null : '_indextime';
      return dataset.kind === 'events'
        ? { ...dataset, time: '_time', ingested, options }
        : { ...dataset, ingested, options };
    },
    replace: async (dataset, rows) => {
      const { name } = dataset;
      opened.splunkd.clear(index(dataset));
      const own = written.get(name) ?? dataset;
      opened.splunkd.addEvents(
        index(dataset),
        rows.map((row) => eventOf(own, row)),
      );
    },
    close: async () => {},
  };
});

function eventOf(dataset: Dataset, { times, fields }: TestRow): SplunkEvent {
  const own = (name: string | null) => (name === null ? null : (times[name] ?? null));
  const told = dataset.kind === 'snapshot' ? null : own(dataset.ingested);
  const time = dataset.kind === 'events' ? own(dataset.time) : told;
  const arrived = told ?? time;
  const texts = Object.entries(fields).map(([name, value]) => [name, textsOf(value)] as const);
  const isos = Object.entries(times).map(([name, at]) => [name, at === null ? [] : [iso(at)]] as const);
  return {
    _time: (time ?? 0) / 1000,
    ...(arrived === null ? {} : { _indextime: Math.floor(arrived / 1000) }),
    fields: Object.fromEntries([...texts, ...isos].filter(([, values]) => values.length > 0)),
  };
}

const iso = (at: number): string => new Date(at).toISOString();

function textsOf(value: FieldValue): string[] {
  const list = typeof value === 'object' && value !== null ? value : [value];
  return list.flatMap((item) => (item === null || item === undefined ? [] : [canonicalText(item)]));
}
