/**
 * A cycle of 1,000 KPIs over ten datasets, each an index of its own, with a new hour in each: our own CPU, and memory.
 *
 *   node bench/siem/cycle.ts [--documents 100000] [--kpis 1000] [--datasets 10] [--turns 5] [--days 30]
 */
import { join } from 'node:path';
import { DAY, HOUR } from '../../src/core/time/interval.ts';
import { countKpi, type Loop, type Pass, startLoop, writeSet } from './parts/clause9.ts';
import { fill } from './parts/data.ts';
import { goal, median, numbersOf, oneOf, PROBE, printTable } from './parts/numbers.ts';
import { searchesOf } from './parts/proxy.ts';
import { onServer } from './parts/server.ts';

const END = Date.UTC(2026, 9, 1);

const numbers = numbersOf({ documents: [100_000], kpis: [1_000], datasets: [10], turns: [5], days: [30] });
const [kpis, datasets, turns, days] = [
  oneOf(numbers('kpis')),
  oneOf(numbers('datasets')),
  oneOf(numbers('turns')),
  oneOf(numbers('days')),
];
const names = Array.from({ length: datasets }, (_, dataset) => `dataset-${dataset}`);

await onServer('512m', async ({ admin, proxy, folder }) => {
  const times = [{ start: END - (days + 1) * DAY, end: END }];
  const documents = Math.floor(oneOf(numbers('documents')) / datasets);
  for (const index of names) await fill(admin, { index, documents, times, users: 5_000 });
  const configPath = writeSet(join(folder, 'clause9'), {
    url: proxy.url,
    indices: Object.fromEntries(names.map((name) => [name, name])),
    kpis: Array.from({ length: kpis }, (_, rule) =>
      countKpi(rule, { rolling: `${days}d`, every: '1h' }, names[rule % datasets]),
    ),
  });
  const rows: (string | number)[][] = [];
  const cycle = async (what: string, loop: Loop, hour: number): Promise<Pass> => {
    await proxy.take();
    const pass = await loop.pass(END + HOUR / 4 - (turns - hour) * HOUR);
    const traffic = await proxy.take();
    rows.push([
      what,
      searchesOf(traffic),
      traffic.receivedBytes / 1024,
      pass.wallMs,
      pass.cpuMs,
      pass.residentMb,
      pass.peakMb,
      pass.results,
    ]);
    return pass;
  };
  const fresh = await startLoop(configPath);
  const first = await cycle(`the first cycle: ${days} days`, fresh, 0);
  await fresh.stop();
  // Started again, so that its memory is what cycles need, not what the first one left.
  const loop = await startLoop(configPath);
  const cycles = [];
  for (let hour = 1; hour <= turns; hour++) cycles.push(await cycle('a new hour', loop, hour));
  await loop.stop();
  printTable(['', 'searches', 'KB back', 'ms', 'CPU ms', 'MB now', 'MB at most', 'results'], rows);
  console.log(PROBE);
  const cpuMs = median(cycles.map((cycle) => cycle.cpuMs));
  const peakMb = Math.max(...cycles.map((cycle) => cycle.peakMb));
  goal(`≤ 2 s of our own CPU: ${(cpuMs / 1_000).toFixed(2)} s (median of ${turns})`, cpuMs <= 2_000);
  goal(
    `≤ 300 MB: ${peakMb.toFixed(0)} MB at most (the first cycle: ${first.peakMb.toFixed(0)} MB)`,
    peakMb <= 300,
  );
});
