/** prometheus-es-exporter: a service that runs each query once an interval, one after the other, and shows the numbers at /metrics. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { watch } from '../parts/process.ts';
import { searchesOf } from '../parts/proxy.ts';
import { countsIn, type PeerInput, type PeerRun, queryOf } from './peer.ts';
import { programsOf } from './venv.ts';

const VERSION = '0.14.1';
const PATIENCE_MS = 60_000;

export async function runExporter(input: PeerInput): Promise<PeerRun> {
  const { proxy, rules, folder } = input;
  const programs = programsOf('prometheus-es-exporter', [
    `prometheus-es-exporter==${VERSION}`,
    'click<8.2',
    'elasticsearch<8',
  ]);
  write(input);
  const port = await freePort();
  const args = [
    ...['--es-cluster', proxy.url, '--port', String(port)],
    ...['cluster-health', 'nodes-stats', 'indices-aliases', 'indices-mappings', 'indices-stats'].map(
      (what) => `--${what}-disable`,
    ),
  ];
  await proxy.take();
  const program = watch(join(programs, 'prometheus-es-exporter'), args, { cwd: folder });
  try {
    for (let waited = 0; searchesOf(await proxy.look()) < rules.length; waited += 20) {
      if (waited > PATIENCE_MS || program.hasEnded())
        throw new Error(`it did not ask:\n${program.output().slice(-4_000)}`);
      await sleep(20);
    }
    await sleep(200);
    const traffic = await proxy.take();
    const cpuMs = program.cpuMs();
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const counts = countsIn(metrics, /^kpi_(\d+)_hits (\S+)$/gm);
    return {
      name: `prometheus-es-exporter ${VERSION}`,
      traffic,
      wallMs: traffic.spanMs,
      cpuMs: cpuMs - program.cpuMs(traffic.firstAt),
      process: { wallMs: traffic.firstAt + traffic.spanMs - program.startedAt, cpuMs },
      counts: new Map([...counts].map(([rule, count]) => [`kpi-${rule}`, count])),
    };
  } finally {
    await program.stop();
  }
}

function write({ index, rules, windowMs, folder }: PeerInput): void {
  const queries = rules.map((rule) => {
    const range = { range: { '@timestamp': { gte: `now-${windowMs / 1_000}s`, lt: 'now' } } };
    const body = { size: 0, track_total_hits: true, query: { bool: { filter: [...queryOf(rule), range] } } };
    return `[query_${rule.name.replace('-', '_')}]\nQueryJson = ${JSON.stringify(body)}\n`;
  });
  const defaults = `[DEFAULT]\nQueryIntervalSecs = 300\nQueryTimeoutSecs = 30\nQueryIndices = ${index}\n`;
  writeFileSync(join(folder, 'exporter.cfg'), [defaults, ...queries].join('\n'));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address !== 'string' ? address.port : 0));
    });
  });
}
