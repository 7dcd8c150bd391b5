/**
 * Back-fill of a year from a Parquet file of ten million rows, twenty KPIs, beside the same aggregates written by
 * hand as one DuckDB query.
 *
 *   node bench/backfill.ts [rows]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { stringify } from 'yaml';
import { DAY } from '../src/core/time/interval.ts';
import { loadSet } from '../src/load.ts';
import { openLoop, openStore } from '../src/wiring.ts';

const KPIS = 20;
const rows = Number(process.argv[2] ?? 10_000_000);
const start = Date.UTC(2025, 0, 1);
const end = Date.UTC(2026, 0, 1);

const folder = mkdtempSync(join(tmpdir(), 'clause9-bench-'));
const parquet = join(folder, 'logs', 'events.parquet');
mkdirSync(join(folder, 'logs'));
mkdirSync(join(folder, 'kpis'));
await makeData();
writeSet();
for (let turn = 1; turn <= 3; turn++) {
  const byHand = await timed(handWritten);
  const backfill = await timed(backfilled);
  console.log(
    `turn ${turn}: by hand ${byHand.ms.toFixed(0)} ms, back-fill ${backfill.ms.toFixed(0)} ms (${(backfill.ms / byHand.ms).toFixed(2)} ×), ${backfill.value} results, same sum of failures: ${await sameNumbers()}`,
  );
}
console.log(`peak memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);
rmSync(folder, { recursive: true });

async function connect() {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  return instance.connect();
}

async function makeData(): Promise<void> {
  const db = await connect();
  await db.run(`copy (
    select make_timestamptz(${start * 1000}::bigint + (i * ${((end - start) * 1000) / rows})::bigint) as "@timestamp",
      (hash(i) % 40)::integer as "event.code",
      case when hash(i + 1) % 10 = 0 then 'failure' else 'success' end as "event.outcome",
      (hash(i + 2) % 10000)::double / 10 as "event.duration"
    from range(${rows}) t(i)
  ) to '${parquet}' (format parquet, compression zstd)`);
  db.closeSync();
}

function writeSet(): void {
  writeFileSync(
    join(folder, 'clause9.yaml'),
    stringify({
      definitions: './kpis',
      sources: { logs: { type: 'files', path: './logs', memory: '1GB', threads: 2 } },
      datasets: {
        events: { kind: 'events', source: 'logs', files: 'events.parquet', settle: '0s', reviseFor: '1d' },
      },
    }),
  );
  for (let index = 0; index < KPIS; index++) {
    const kpi = {
      id: `kpi-${index}`,
      title: `Share of failures of kind ${index}`,
      unit: 'percent',
      direction: 'lower-is-better',
      measures: {
        failed: {
          dataset: 'events',
          where: { 'event.code': index, 'event.outcome': 'failure' },
          aggregate: 'count',
        },
        all: { dataset: 'events', where: { 'event.code': index }, aggregate: 'count' },
      },
      formula: '100.0 * failed / all',
      window: { rolling: '30d', every: '1d' },
      targets: [{ from: '2020-01-01', onTarget: '<= 12' }],
    };
    writeFileSync(join(folder, 'kpis', `kpi-${index}.yaml`), stringify(kpi));
  }
}

/** The same counts, a row a day, as one would write them for DuckDB. */
async function handWritten(): Promise<number> {
  const db = await connect();
  const columns = Array.from(
    { length: KPIS },
    (
      _,
      index,
    ) => `count(*) filter (where "event.code" = ${index} and "event.outcome" = 'failure') as failed_${index},
      count(*) filter (where "event.code" = ${index}) as all_${index}`,
  );
  const reader = await db.runAndReadAll(
    `select epoch_ms("@timestamp") // ${DAY} as day, count(*), ${columns.join(', ')} from read_parquet('${parquet}') group by day order by day`,
  );
  const count = reader.getRows().length;
  db.closeSync();
  return count;
}

async function backfilled(): Promise<number> {
  const set = await loadSet(join(folder, 'clause9.yaml'));
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${set.config.store.path}${suffix}`, { force: true });
  const store = await openStore(set.config);
  const quiet = () => {};
  const log = { debug: quiet, info: quiet, warn: console.error, error: console.error };
  const open = openLoop(set, { store, clock: { now: () => end }, log });
  const { results } = await open.loop.pass({ signal: new AbortController().signal, from: start });
  await open.close();
  await store.close();
  return results;
}

/** The newest window's failures of the first KPI, by the product and by hand. */
async function sameNumbers(): Promise<boolean> {
  const set = await loadSet(join(folder, 'clause9.yaml'));
  const store = await openStore(set.config, { readOnly: true });
  const [result] = await store.results({ kpi: 'kpi-0', order: 'descending', limit: 1 });
  await store.close();
  const db = await connect();
  const reader = await db.runAndReadAll(
    `select count(*) from read_parquet('${parquet}') where "event.code" = 0 and "event.outcome" = 'failure' and "@timestamp" >= make_timestamptz(${(end - 30 * DAY) * 1000})`,
  );
  db.closeSync();
  return result?.measures.failed?.value === Number(reader.getRows()[0]?.[0]);
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const from = performance.now();
  const value = await work();
  return { ms: performance.now() - from, value };
}
