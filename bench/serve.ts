/**
 * `clause9 serve` with 1,000 definitions and a million stored slices: time until ready, memory, /metrics.
 *
 *   node bench/serve.ts [definitions] [slices]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { KpiDefinition } from '../src/core/definition/model.ts';
import { HOUR, type Instant } from '../src/core/time/interval.ts';
import { loadSet } from '../src/load.ts';
import type { NewResult, Store } from '../src/ports/store.ts';
import { openStore } from '../src/wiring.ts';
import { syntheticKpi } from './synthetic.ts';

const DATASETS = 10;
/** By then what is asked once a day has been asked, too. */
const SETTLED_MS = 75_000;
const definitions = Number(process.argv[2] ?? 1_000);
const slices = Number(process.argv[3] ?? 1_000_000);

const folder = mkdtempSync(join(tmpdir(), 'clause9-bench-'));
const configPath = join(folder, 'clause9.yaml');
writeSet();
await fillStore();
await measure();
rmSync(folder, { recursive: true });

function writeSet(): void {
  const port = 20_000 + (process.pid % 10_000);
  mkdirSync(join(folder, 'kpis'));
  mkdirSync(join(folder, 'logs'));
  const datasets = Array.from({ length: DATASETS }, (_, index) => [
    `dataset-${index}`,
    { kind: 'events', source: 'logs', files: `dataset-${index}.ndjson` },
  ]);
  const now = Date.now();
  for (const [name] of datasets) {
    const rows = Array.from({ length: 100 }, (_, index) => ({
      '@timestamp': new Date(now - index * HOUR).toISOString(),
      'event.code': index,
      'event.kind': 0,
    }));
    writeFileSync(
      join(folder, 'logs', `${name}.ndjson`),
      rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
    );
  }
  const config = {
    listen: `127.0.0.1:${port}`,
    metricsListen: `127.0.0.1:${port + 1}`,
    definitions: './kpis',
    logLevel: 'info',
    sources: { logs: { type: 'files', path: './logs' } },
    datasets: Object.fromEntries(datasets),
  };
  writeFileSync(configPath, stringify(config));
  for (let index = 0; index < definitions; index++) {
    writeFileSync(join(folder, 'kpis', `kpi-${index}.yaml`), stringify(syntheticKpi(index, DATASETS, '24h')));
  }
}

async function fillStore(): Promise<void> {
  const set = await loadSet(configPath);
  const store = await openStore(set.config);
  const perSeries = Math.ceil(slices / definitions);
  const now = Math.floor(Date.now() / HOUR) * HOUR;
  for (const definition of set.definitions) await fillKpi(store, definition, now, perSeries);
  await store.close();
}

async function fillKpi(
  store: Store,
  definition: KpiDefinition,
  now: Instant,
  perSeries: number,
): Promise<void> {
  const { id: kpi, measurementHash, evaluationHash } = definition;
  const [series] = await store.series([{ dataset: 'dataset-0', grain: HOUR, fingerprint: `bench ${kpi}` }]);
  const start = now - perSeries * HOUR;
  await store.saveSlices({
    read: {
      dataset: 'dataset-0',
      asOf: now,
      range: { start, end: now },
      evidence: { query: 'bench', parameters: [], warnings: [], tookMs: 0, job: null },
    },
    grain: HOUR,
    slices: Array.from({ length: perSeries }, (_, index) => ({
      seriesId: series?.id ?? 0,
      start: start + index * HOUR,
      quality: 'complete',
      notes: [],
      tallies: { '[]': { n: index % 50 } },
      known: null,
    })),
    covered: { seriesIds: [series?.id ?? 0], intervals: [{ start, end: now }] },
  });
  const results = Array.from({ length: 24 }, (_, index): NewResult => {
    const end = now - (24 - index) * HOUR;
    return {
      kpi,
      group: null,
      start: end - 24 * HOUR,
      end,
      value: 40,
      lower: 40,
      upper: 40,
      sample: 100,
      undecided: 0,
      quality: 'complete',
      verdict: 'on-target',
      reason: null,
      final: false,
      dueAt: null,
      asOf: end,
      measurementHash,
      evaluationHash,
      retroactive: false,
      measures: {},
      inputs: {},
    };
  });
  await store.registerDefinition({
    kpi,
    measurementHash,
    evaluationHash,
    body: JSON.stringify(definition),
    firstLoaded: start,
  });
  const evaluated = { start: results[0]?.end ?? now, end: results.at(-1)?.end ?? now };
  await store.saveResults([
    {
      results,
      state: {
        kpi,
        measurementHash,
        evaluationHash,
        firstLoaded: start,
        wantedFrom: evaluated.start,
        evaluated,
      },
      deferred: null,
    },
  ]);
}

async function measure(): Promise<void> {
  const port = 20_001 + (process.pid % 10_000);
  const main = new URL('../dist/src/main.js', import.meta.url).pathname;
  const startedAt = performance.now();
  const child = spawn(main, ['serve', '-c', configPath], {
    stdio: ['ignore', 'ignore', 'inherit'],
    // Its first line looks for `node` there.
    env: { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) },
  });
  while (!(await isReady(port))) await setTimeout(10);
  console.log(
    `${definitions} definitions, ${slices} slices: ready after ${(performance.now() - startedAt).toFixed(0)} ms, ${memory(child)}`,
  );
  await metrics(port, 'during the first cycle');
  // The first cycle reads and evaluates for all of them.
  while (!(await hasCycled(port))) await setTimeout(250);
  console.log(`at the end of the first cycle: ${memory(child)}`);
  await setTimeout(SETTLED_MS);
  console.log(`${SETTLED_MS / 1_000} s later: ${memory(child)}`);
  await metrics(port, 'at rest');
  console.log(`at the end: ${memory(child)}`);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function hasCycled(port: number): Promise<boolean> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return /^clause9_cycle_duration_seconds \d/m.test(text);
}

async function metrics(port: number, when: string): Promise<void> {
  const times: number[] = [];
  let series = 0;
  for (let turn = 0; turn < 21; turn++) {
    const from = performance.now();
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    times.push(performance.now() - from);
    series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  }
  times.sort((a, b) => a - b);
  console.log(
    `/metrics ${when}: ${series} series, median ${times[10]?.toFixed(0)} ms, worst ${times[20]?.toFixed(0)} ms`,
  );
}

function memory(child: ChildProcess): string {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const kb = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  return `${(kb('VmRSS') / 1024).toFixed(0)} MB resident, peak ${(kb('VmHWM') / 1024).toFixed(0)} MB`;
}
