/**
 * A KPI for each of 10,000 users of one dataset: time, memory, and whether anything was cut.
 *
 *   node bench/siem/groups.ts [--documents 100000] [--groups 10000] [--turns 3]
 */
import { join } from 'node:path';
import { z } from 'zod';
import { DAY, HOUR } from '../../src/core/time/interval.ts';
import { countKpi, newestResults, startLoop, writeSet } from './parts/clause9.ts';
import { fill } from './parts/data.ts';
import { goal, numbersOf, oneOf, printTable } from './parts/numbers.ts';
import { searchesOf } from './parts/proxy.ts';
import { type Bench, onServer } from './parts/server.ts';

const INDEX = 'logs-bench';
const END = Date.UTC(2026, 9, 1);

const pageSchema = z.object({
  aggregations: z.object({
    users: z.object({
      after_key: z.record(z.string(), z.unknown()).optional(),
      buckets: z.array(z.object({ key: z.object({ user: z.string() }), doc_count: z.number() })),
    }),
  }),
});

const numbers = numbersOf({ documents: [100_000], groups: [10_000], turns: [3] });
const [documents, groups, turns] = [
  oneOf(numbers('documents')),
  oneOf(numbers('groups')),
  oneOf(numbers('turns')),
];

await onServer('512m', async (bench) => {
  const times = [{ start: END - 2 * DAY, end: END }];
  await fill(bench.admin, { index: INDEX, documents, times, users: groups });
  const { rows, configPath } = await run(bench);
  printTable(['', 'searches', 'KB back', 'ms', 'CPU ms', 'MB now', 'MB at most', 'results'], rows);
  const found = await newestResults(configPath);
  const own = (found.get('events-by-user') ?? []).filter(({ group }) => group !== null);
  const counts = await byHand(bench);
  const same = own.filter(({ group, value }) => counts.get(group?.['user.name'] ?? '') === value);
  goal(
    `${own.length} groups, none cut; the source has ${counts.size} users in the window`,
    own.length === counts.size && counts.size === groups,
  );
  goal(
    `${same.length} of ${counts.size} numbers are those of paging through the source by hand`,
    same.length === counts.size,
  );
});

async function run({ proxy, folder }: Bench) {
  const { measures: _, formula: __, ...rest } = countKpi(0, { rolling: '1d', every: '1h' });
  const kpi = {
    ...rest,
    id: 'events-by-user',
    measures: { found: { dataset: 'events', aggregate: 'count' } },
    formula: '1.0 * found',
    groupBy: ['user.name'],
    maxGroups: 10_000,
  };
  const configPath = writeSet(join(folder, 'clause9'), {
    url: proxy.url,
    indices: { events: INDEX },
    kpis: [kpi],
  });
  const loop = await startLoop(configPath);
  const rows = [];
  for (let left = turns; left >= 0; left--) {
    await proxy.take();
    const pass = await loop.pass(END + HOUR / 4 - left * HOUR);
    const traffic = await proxy.take();
    rows.push([
      left === turns ? 'the first cycle: a day' : 'a new hour',
      searchesOf(traffic),
      traffic.receivedBytes / 1024,
      pass.wallMs,
      pass.cpuMs,
      pass.residentMb,
      pass.peakMb,
      pass.results,
    ]);
  }
  await loop.stop();
  return { rows, configPath };
}

async function byHand({ admin }: Bench): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  let after: unknown;
  do {
    const composite = {
      size: 1_000,
      sources: [{ user: { terms: { field: 'user.name' } } }],
      ...(after === undefined ? {} : { after }),
    };
    const query = { range: { '@timestamp': { gte: END - DAY, lt: END, format: 'epoch_millis' } } };
    const answer = await admin.send('POST', `/${INDEX}/_search`, {
      size: 0,
      query,
      aggs: { users: { composite } },
    });
    const { users } = pageSchema.parse(answer).aggregations;
    for (const { key, doc_count } of users.buckets) counts.set(key.user, doc_count);
    after = users.after_key;
  } while (after !== undefined);
  return counts;
}
