/**
 * 100 KPIs that count what a filter finds in the last 24 hours, over one index: a cycle of clause9 beside elastalert2,
 * slo-generator, prometheus-es-exporter, and the same queries by hand in one `_msearch`. All must find the same.
 *
 *   node bench/siem/peers.ts [--documents 500000] [--days 30] [--hours 24] [--kpis 100] [--turns 3]
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DAY, formatDuration, HOUR, type Instant, MINUTE } from '../../src/core/time/interval.ts';
import { fileOf } from './parts/built.ts';
import { countKpi, newestResults, startLoop, writeSet } from './parts/clause9.ts';
import { fill, termsOf } from './parts/data.ts';
import { goal, median, numbersOf, oneOf, printTable } from './parts/numbers.ts';
import { watch } from './parts/process.ts';
import { othersOf, searchesOf } from './parts/proxy.ts';
import { type Bench, onServer } from './parts/server.ts';
import { runElastalert } from './peers/elastalert.ts';
import { runExporter } from './peers/exporter.ts';
import { runMsearch } from './peers/msearch.ts';
import type { PeerInput, PeerRun, Rule } from './peers/peer.ts';
import { runSloGenerator } from './peers/slo-generator.ts';

const INDEX = 'logs-bench';
const STEP = 5 * MINUTE;
/** Cycles (and `_msearch`es) before any is measured. */
const WARM = 40;

const numbers = numbersOf({ documents: [500_000], kpis: [100], hours: [24], days: [30], turns: [3] });
const window = oneOf(numbers('hours')) * HOUR;
/** After the window's start and the newest event nothing happens for so long: each tool rounds now its own way. */
const GAP = Math.min(45 * MINUTE, window / 3);
const rules = Array.from(
  { length: oneOf(numbers('kpis')) },
  (_, rule): Rule => ({ name: `kpi-${rule}`, terms: termsOf(rule) }),
);
const turns = oneOf(numbers('turns'));

await onServer('1g', async (bench) => {
  const end = Math.floor(Date.now() / STEP) * STEP - STEP;
  const start = end - window;
  const times = [
    { start: end - oneOf(numbers('days')) * DAY, end: start },
    { start: start + GAP, end },
  ];
  note('data');
  await fill(bench.admin, { index: INDEX, documents: oneOf(numbers('documents')), times, users: 5_000 });
  const runs = await runAll(bench, end);
  if (Date.now() > end + GAP) throw new Error('it took too long: the window has moved on');
  show(runs);
});

function note(what: string): void {
  process.stderr.write(`${what} …\n`);
}

async function runAll(bench: Bench, end: Instant): Promise<PeerRun[]> {
  const { proxy, folder } = bench;
  const input = (name: string): PeerInput => {
    const own = join(folder, name);
    mkdirSync(own);
    return { proxy, index: INDEX, rules, windowMs: window, folder: own };
  };
  const several = async (
    name: string,
    run: (input: PeerInput) => Promise<PeerRun>,
    times = turns,
  ): Promise<PeerRun> => {
    note(name);
    const all: PeerRun[] = [];
    if (times > 1) await run(input(`${name}-warm`));
    for (let turn = 0; turn < times; turn++) all.push(await run(input(`${name}-${turn}`)));
    const middle = median(all.map(({ wallMs }) => wallMs));
    const [first] = all.filter(({ wallMs }) => wallMs === middle);
    if (first === undefined) throw new Error('nothing was measured');
    return first;
  };
  note('the first cycles of clause9, and the _msearch');
  // A server that has run for a minute is slow yet (its compiler): each way of asking is warm before it is measured.
  for (let turn = 0; turn < WARM; turn++) await runMsearch(input(`warm-${turn}`));
  return [
    await runClause9(bench, end),
    await several('msearch', runMsearch),
    await several('exporter', runExporter),
    await several('slo', runSloGenerator),
    await several('elastalert', runElastalert, 1),
  ];
}

/** The first cycles, then as many as are measured, each with a new slice to read, then one by `clause9 run`. */
async function runClause9({ proxy, folder }: Bench, end: Instant): Promise<PeerRun> {
  const kpis = rules.map((_, rule) => countKpi(rule, { rolling: formatDuration(window), every: '5m' }));
  const configPath = writeSet(join(folder, 'clause9'), { url: proxy.url, indices: { events: INDEX }, kpis });
  const cycles = turns + 8;
  const settled = end + STEP;
  const loop = await startLoop(configPath);
  for (let warm = WARM; warm > 0; warm--) await loop.pass(settled - (cycles + warm) * STEP);
  await proxy.take();
  const measured = [];
  for (let left = cycles; left > 0; left--) {
    const pass = await loop.pass(settled - left * STEP);
    measured.push({ ...pass, traffic: await proxy.take() });
  }
  await loop.stop();
  const middle = median(measured.map(({ wallMs }) => wallMs));
  const [cycle] = measured.filter(({ wallMs }) => wallMs === middle);
  if (cycle === undefined) throw new Error('nothing was measured');
  const process = await runCommand(configPath, folder);
  await proxy.take();
  const results = await newestResults(configPath);
  const counts = rules.map(({ name }) => [name, results.get(name)?.[0]?.value ?? -1] as const);
  const searches = measured.map(({ traffic }) => searchesOf(traffic));
  console.log(
    `clause9 asked ${searches.join(', ')} searches in its cycles; every 15 minutes one of them is for the server's time.`,
  );
  goal(`1–2 searches a cycle: ${median(searches)} (median)`, median(searches) <= 2);
  return { name: 'clause9', ...cycle, process, counts: new Map(counts) };
}

async function runCommand(configPath: string, cwd: string) {
  const program = watch(process.execPath, [fileOf('main'), 'run', '-c', configPath], { cwd });
  const code = await program.exited;
  if (code !== 0) throw new Error(`clause9 run failed:\n${program.output()}`);
  return { wallMs: Date.now() - program.startedAt, cpuMs: program.cpuMs() };
}

function show(runs: readonly PeerRun[]): void {
  const [clause9, msearch, ...peers] = runs;
  if (clause9 === undefined || msearch === undefined) throw new Error('nothing was measured');
  printTable(
    ['', 'searches', 'other', 'KB sent', 'KB back', 'cycle ms', 'CPU ms', 'process ms', 'CPU ms'],
    runs.map(({ name, traffic, wallMs, cpuMs, process: whole }) => [
      name,
      searchesOf(traffic),
      othersOf(traffic),
      traffic.sentBytes / 1024,
      traffic.receivedBytes / 1024,
      wallMs,
      cpuMs,
      ...(whole === null ? ['', ''] : [whole.wallMs, whole.cpuMs]),
    ]),
  );
  for (const { name, counts } of runs) {
    const same = rules.filter((rule) => counts.get(rule.name) === msearch.counts.get(rule.name));
    if (same.length < rules.length) {
      const other = rules.find((rule) => !same.includes(rule))?.name ?? '';
      console.log(`${name}: ${other} is ${counts.get(other)}, not ${msearch.counts.get(other)}`);
      process.exitCode = 1;
    }
    goal(
      `${name}: ${same.length} of ${rules.length} numbers are those of the _msearch`,
      same.length === rules.length,
    );
  }
  const fastest = Math.min(
    ...peers.filter(({ name }) => !name.startsWith('elast')).map(({ wallMs }) => wallMs),
  );
  goal(
    `≥ 10 × less wall time than the fastest peer: ${(fastest / clause9.wallMs).toFixed(1)} ×`,
    fastest >= 10 * clause9.wallMs,
  );
  goal(
    `less than the _msearch: ${clause9.wallMs.toFixed(0)} ms to ${msearch.wallMs.toFixed(0)} ms`,
    clause9.wallMs < msearch.wallMs,
  );
}
