/**
 * One cycle at 1,000 KPIs with hourly rolling windows over ten datasets: reads at the source, CPU of the evaluation,
 * how it grows with the window's length, and what late rows in 1 % of the slices cost.
 *
 *   node bench/cycle.ts [KPIs]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLoop } from '../src/app/loop/loop.ts';
import { DAY, HOUR, type Instant } from '../src/core/time/interval.ts';
import { openSqlite } from '../src/store/sqlite.ts';
import { syntheticConfig, syntheticKpis, syntheticSource } from './synthetic.ts';

const DATASETS = 10;
const kpis = Number(process.argv[2] ?? 1_000);

interface Measured {
  readonly reads: number;
  readonly cpuMs: number;
  readonly evaluateMs: number;
  readonly results: number;
}

async function measure(window: string): Promise<{ readonly plain: Measured; readonly late: Measured }> {
  const folder = mkdtempSync(join(tmpdir(), 'clause9-bench-'));
  const store = await openSqlite(join(folder, 'bench.db'));
  const source = syntheticSource();
  const start = Date.UTC(2026, 5, 1);
  let now: Instant = start;
  let evaluateFrom = 0;
  const quiet = () => {};
  const loop = createLoop({
    config: syntheticConfig(DATASETS),
    definitions: syntheticKpis(kpis, DATASETS, window),
    store,
    connector: async () => source.connector,
    clock: { now: () => now },
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    meter: new Map(),
    progress: ({ phase, done, total }) => {
      if (phase === 'collect' && done === total) evaluateFrom = cpu();
    },
  });
  const signal = new AbortController().signal;
  await loop.pass({ signal });
  const pass = async (at: Instant): Promise<Measured> => {
    now = at;
    const reads = source.calls.reads;
    const from = cpu();
    const { results } = await loop.pass({ signal });
    return {
      reads: source.calls.reads - reads,
      cpuMs: cpu() - from,
      evaluateMs: cpu() - evaluateFrom,
      results,
    };
  };
  // The first hours warm up; the median of the next ones counts.
  const plain: Measured[] = [];
  for (let hour = 1; hour <= 7; hour++) plain.push(await pass(start + hour * HOUR));
  const month = (30 * DAY) / HOUR;
  const lateSlices = Array.from(
    { length: Math.ceil(month / 100) },
    (_, index) => start - (1 + index * 97) * HOUR,
  );
  source.revise(lateSlices);
  const late = await pass(start + 8 * HOUR);
  await store.close();
  rmSync(folder, { recursive: true });
  const median = plain.slice(2).sort((a, b) => a.evaluateMs - b.evaluateMs)[2];
  if (median === undefined) throw new Error('nothing was measured');
  return { plain: median, late };
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const show = (name: string, { reads, cpuMs, evaluateMs, results }: Measured) =>
  console.log(
    `${name.padEnd(34)} ${String(reads).padStart(4)} reads, pass ${cpuMs.toFixed(0).padStart(5)} ms CPU, evaluation ${evaluateMs.toFixed(0).padStart(5)} ms CPU, ${results} results`,
  );

console.log(`${kpis} KPIs, ${DATASETS} datasets, a new hour`);
const evaluations: number[] = [];
for (const window of ['7d', '30d', '90d']) {
  const { plain, late } = await measure(window);
  evaluations.push(plain.evaluateMs);
  show(`windows of ${window}`, plain);
  show(`windows of ${window}, 1 % late slices`, late);
}
const [week = 1, , quarter = 1] = evaluations;
console.log(`evaluation at 90 days / at 7 days: ${(quarter / week).toFixed(2)}`);
console.log(`peak memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);
