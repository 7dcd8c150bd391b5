/**
 * What a KPI over the last 30 days, judged anew every 5 minutes, costs the source: the documents that the queries of
 * a cycle match, on an average of all cycles of a day, beside asking for the 30 days again.
 *
 *   node bench/siem/rolling.ts [--documents 200000] [--kpis 20] [--days 30] [--turns 288]
 */
import { join } from 'node:path';
import { z } from 'zod';
import { DAY, MINUTE } from '../../src/core/time/interval.ts';
import { countKpi, newestResults, startLoop, writeSet } from './parts/clause9.ts';
import { fill, termsOf } from './parts/data.ts';
import { goal, median, numbersOf, oneOf, printTable } from './parts/numbers.ts';
import { searchesOf, type Traffic } from './parts/proxy.ts';
import { type Bench, onServer } from './parts/server.ts';

const INDEX = 'logs-bench';
const STEP = 5 * MINUTE;
const END = Date.UTC(2026, 9, 1);

const countSchema = z.object({ count: z.number() });

const numbers = numbersOf({ documents: [200_000], kpis: [20], days: [30], turns: [288] });
const [documents, kpis, days, turns] = [
  oneOf(numbers('documents')),
  oneOf(numbers('kpis')),
  oneOf(numbers('days')),
  oneOf(numbers('turns')),
];

await onServer('512m', async (bench) => {
  const times = [{ start: END - (days + 1) * DAY, end: END }];
  await fill(bench.admin, { index: INDEX, documents, times, users: 5_000 });
  const { first, second, cycles, configPath } = await incremental(bench);
  const again = await queriedAgain(bench);
  const row = (name: string, traffic: readonly Traffic[], of: (all: readonly number[]) => number) => [
    name,
    of(traffic.map(searchesOf)),
    of(traffic.map(({ matched }) => matched)),
    of(traffic.map(({ receivedBytes }) => receivedBytes / 1024)),
  ];
  printTable(
    ['', 'searches', 'documents', 'KB back'],
    [
      row('clause9, its first cycle', [first], median),
      row('its second: all slices are compared, once', [second], median),
      row(`each further: average of ${turns}`, cycles, average),
      row('each further: median', cycles, median),
      row('each further: the most', cycles, (all) => Math.max(...all)),
      [`${days} days again, all KPIs in one search`, 1, again.range, ''],
      [`${days} days again, a count each`, kpis, again.matched, ''],
    ],
  );
  const results = await newestResults(configPath);
  const same = again.counts.filter((count, rule) => results.get(`kpi-${rule}`)?.[0]?.value === count);
  goal(`${same.length} of ${kpis} numbers are those of asking again`, same.length === kpis);
  const visited = average(cycles.map(({ matched }) => matched));
  goal(`≥ 1,000 × fewer documents: ${(again.range / visited).toFixed(0)} ×`, again.range >= 1_000 * visited);
  console.log(
    `Documents: those that match the time and the filter of the query, as the server counts them. Counting each KPI's own\nmatches over ${days} days visits ${(again.matched / visited).toFixed(0)} × as many; a cycle of clause9 visits all events of its slices, whatever the KPIs.`,
  );
});

function average(all: readonly number[]): number {
  return all.reduce((sum, one) => sum + one, 0) / all.length;
}

async function incremental({ proxy, folder }: Bench) {
  const all = Array.from({ length: kpis }, (_, rule) => countKpi(rule, { rolling: `${days}d`, every: '5m' }));
  const configPath = writeSet(join(folder, 'clause9'), {
    url: proxy.url,
    indices: { events: INDEX },
    kpis: all,
  });
  const loop = await startLoop(configPath);
  const settled = END + STEP;
  await proxy.take();
  await loop.pass(settled - (turns + 1) * STEP);
  const first = await proxy.take();
  await loop.pass(settled - turns * STEP);
  const second = await proxy.take();
  const cycles: Traffic[] = [];
  for (let left = turns - 1; left >= 0; left--) {
    await loop.pass(settled - left * STEP);
    cycles.push(await proxy.take());
  }
  await loop.stop();
  return { first, second, cycles, configPath };
}

async function queriedAgain({ admin }: Bench) {
  const range = {
    range: { '@timestamp': { gte: END - days * DAY, lt: END, format: 'epoch_millis' } },
  };
  const count = async (terms: Readonly<Record<string, string>>): Promise<number> => {
    const filter = [range, ...Object.entries(terms).map(([field, value]) => ({ term: { [field]: value } }))];
    return countSchema.parse(await admin.send('POST', `/${INDEX}/_count`, { query: { bool: { filter } } }))
      .count;
  };
  const counts: number[] = [];
  for (let rule = 0; rule < kpis; rule++) counts.push(await count(termsOf(rule)));
  return { range: await count({}), matched: counts.reduce((sum, one) => sum + one, 0), counts };
}
