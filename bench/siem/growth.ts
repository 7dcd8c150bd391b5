/**
 * How a cycle grows with the number of KPIs, the length of their windows, and the size of the index.
 *
 *   node bench/siem/growth.ts [--kpis 1,100,1000] [--days 1,30,90] [--documents 100000,500000] [--turns 3]
 */
import { join } from 'node:path';
import { DAY, HOUR } from '../../src/core/time/interval.ts';
import { countKpi, startLoop, writeSet } from './parts/clause9.ts';
import { fill } from './parts/data.ts';
import { goal, median, numbersOf, oneOf, PROBE, printTable } from './parts/numbers.ts';
import { searchesOf } from './parts/proxy.ts';
import { type Bench, onServer } from './parts/server.ts';

const END = Date.UTC(2026, 9, 1);

const numbers = numbersOf({
  kpis: [1, 100, 1_000],
  days: [1, 30, 90],
  documents: [100_000, 500_000],
  turns: [3],
});
const turns = oneOf(numbers('turns'));
const longest = Math.max(...numbers('days'));

interface Case {
  readonly kpis: number;
  readonly days: number;
  readonly documents: number;
}

await onServer('512m', async (bench) => {
  for (const documents of numbers('documents')) {
    const times = [{ start: END - (longest + 1) * DAY, end: END }];
    process.stderr.write(`${documents} documents …\n`);
    await fill(bench.admin, { index: indexOf(documents), documents, times, users: 5_000 });
  }
  const measured = [];
  for (const one of cases()) measured.push(await measure(bench, one));
  console.log(
    `A cycle with a new hour (median of ${turns}), and the first one, which reads the whole window:`,
  );
  printTable(
    [
      'KPIs',
      'days',
      'documents',
      'searches',
      'KB back',
      'ms',
      'CPU ms',
      'MB',
      'first: searches',
      'KB back',
      'ms',
    ],
    measured.map(({ kpis, days, documents, cycle, first }) => [
      String(kpis),
      days,
      documents,
      cycle.searches,
      cycle.kb,
      cycle.wallMs,
      cycle.cpuMs,
      cycle.peakMb,
      first.searches,
      first.kb,
      first.wallMs,
    ]),
  );
  console.log(PROBE);
  const searches = measured.map(({ cycle }) => cycle.searches);
  const [least, most] = [Math.min(...searches), Math.max(...searches)];
  goal(`searches flat in KPIs, window length and documents: ${least} to ${most}`, least === most);
});

function indexOf(documents: number): string {
  return `logs-${documents}`;
}

/** One thing grows at a time: KPIs at the middle length, lengths at the middle number, documents likewise. */
function cases(): Case[] {
  const middle = (name: 'kpis' | 'days' | 'documents') => median(numbers(name));
  const all = [
    ...numbers('kpis').map((kpis) => ({ kpis, days: middle('days'), documents: middle('documents') })),
    ...numbers('days').map((days) => ({ kpis: middle('kpis'), days, documents: middle('documents') })),
    ...numbers('documents').map((documents) => ({ kpis: middle('kpis'), days: middle('days'), documents })),
  ];
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

async function measure({ proxy, folder }: Bench, one: Case) {
  const { kpis, days, documents } = one;
  process.stderr.write(`${kpis} KPIs, ${days} days, ${documents} documents …\n`);
  const window = { rolling: `${days}d`, every: '1h' };
  const configPath = writeSet(join(folder, `${kpis}-${days}-${documents}`), {
    url: proxy.url,
    indices: { events: indexOf(documents) },
    kpis: Array.from({ length: kpis }, (_, rule) => countKpi(rule, window)),
  });
  const loop = await startLoop(configPath);
  const pass = async (clock: number) => {
    await proxy.take();
    const done = await loop.pass(clock);
    const traffic = await proxy.take();
    return { ...done, searches: searchesOf(traffic), kb: traffic.receivedBytes / 1024 };
  };
  // The default of `settle` beyond the hour.
  const settled = END + HOUR / 4;
  const first = await pass(settled - turns * HOUR);
  const cycles = [await pass(settled - (turns - 1) * HOUR)];
  for (let left = turns - 2; left >= 0; left--) cycles.push(await pass(settled - left * HOUR));
  await loop.stop();
  const of = (name: 'searches' | 'kb' | 'wallMs' | 'cpuMs' | 'peakMb') =>
    median(cycles.map((cycle) => cycle[name]));
  const cycle = {
    searches: Math.max(...cycles.map(({ searches }) => searches)),
    kb: of('kb'),
    wallMs: of('wallMs'),
    cpuMs: of('cpuMs'),
    peakMb: of('peakMb'),
  };
  return { ...one, first, cycle };
}
