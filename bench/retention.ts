/**
 * How a store grows with and without retention: KPIs over ten datasets at slices of five minutes, a pass an hour, each
 * read with a query text as long as a search for all measures. Retention is scaled to the time that is run (a quarter
 * of it as slices, two thirds before days); what that comes to in a year by the defaults is reckoned from bytes a row.
 *
 *   node bench/retention.ts [KPIs] [days]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { createLoop } from '../src/app/loop/loop.ts';
import { parseDefinition } from '../src/core/definition/parse.ts';
import { DAY, formatInstant, HOUR, type Instant } from '../src/core/time/interval.ts';
import type { Connector } from '../src/ports/connector.ts';
import { backUp } from '../src/store/backup.ts';
import { openSqlite } from '../src/store/sqlite.ts';
import { syntheticConfig, syntheticKpi, syntheticSource } from './synthetic.ts';

const DATASETS = 10;
const START = Date.UTC(2026, 0, 5);
const [kpis, days] = [Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 30)];
const retention = {
  slicesMs: (days / 4) * DAY,
  hoursMs: ((days * 2) / 3) * DAY,
  evidenceMs: (days / 3) * DAY,
};

const definitions = Array.from({ length: kpis }, (_, index) => {
  const written = { ...syntheticKpi(index, DATASETS, '125m'), window: { rolling: '125m', every: '125m' } };
  const { definition, problems } = parseDefinition(written);
  if (definition === null) throw new Error(problems.map(({ message }) => message).join('\n'));
  return definition;
});

/** As the synthetic source answers, with evidence as a search engine's: a filter a measure, and the range. */
function talkative(connector: Connector): Connector {
  return {
    ...connector,
    async *readSlices(request, signal) {
      const { range, measures } = request;
      const filters = Object.fromEntries(
        measures.map(({ id, where }) => [id, { filter: { bool: { filter: [where] } } }]),
      );
      const time = {
        gte: formatInstant(range.start),
        lt: formatInstant(range.end),
        format: 'strict_date_time',
      };
      const query = JSON.stringify({
        query: { range: { '@timestamp': time } },
        aggs: { slices: { aggs: filters } },
      });
      for await (const batch of connector.readSlices(request, signal)) {
        yield { ...batch, evidence: { ...batch.evidence, query, tookMs: 12 } };
      }
    },
  };
}

const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

interface Grown {
  readonly bytes: ReadonlyMap<string, { readonly rows: number; readonly bytes: number }>;
  /** What the queries' texts would take, were each kept with its read. */
  readonly textBytes: number;
  readonly fileBytes: number;
  readonly backupBytes: number;
  readonly backupMs: number;
  readonly passMs: readonly number[];
  readonly betweenMs: readonly number[];
}

async function grow(withRetention: boolean): Promise<Grown> {
  const folder = mkdtempSync(join(tmpdir(), 'clause9-bench-'));
  const path = join(folder, 'bench.db');
  const store = await openSqlite(path, { isThrowaway: true });
  const plain = syntheticConfig(DATASETS);
  const datasets = Object.fromEntries(
    Object.entries(plain.datasets).map(([name, one]) => [name, { ...one, reviseForMs: HOUR }]),
  );
  const connector = talkative(syntheticSource().connector);
  const quiet = () => {};
  let now: Instant = START;
  const loop = createLoop({
    config: { ...plain, datasets, ...(withRetention ? { retention } : {}) },
    definitions,
    store,
    connector: async () => connector,
    clock: { now: () => now },
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    meter: new Map(),
  });
  const [passMs, betweenMs]: [number[], number[]] = [[], []];
  const { signal } = new AbortController();
  for (let hour = 0; hour <= days * 24; hour++) {
    now = START + hour * HOUR;
    const from = cpu();
    await loop.pass({ signal });
    passMs.push(cpu() - from);
    // The minutes between: nothing is due but what retention still has to do.
    for (let minute = 1; minute <= 3; minute++) {
      now += 60_000;
      const before = cpu();
      await loop.pass({ signal });
      betweenMs.push(cpu() - before);
    }
  }
  const { bytes, textBytes } = bytesOf(path);
  const fileBytes = statSync(path).size;
  const before = performance.now();
  const backup = backUp(path, join(folder, 'copy.db'), { force: false });
  const backupMs = performance.now() - before;
  await store.close();
  rmSync(folder, { recursive: true });
  return { bytes, textBytes, fileBytes, backupBytes: backup.bytes, backupMs, passMs, betweenMs };
}

function bytesOf(path: string): Pick<Grown, 'bytes' | 'textBytes'> {
  const database = new SqliteDatabase(path, { readonly: true });
  const sizes = database
    .prepare<[], { name: string; bytes: number }>(
      `select m.tbl_name as name, sum(d.pgsize) as bytes from dbstat as d join sqlite_master as m on m.name = d.name
        group by m.tbl_name`,
    )
    .all();
  const rowsOf = (name: string) =>
    database.prepare<[], { n: number }>(`select count(*) as n from "${name}"`).get()?.n ?? 0;
  const result = new Map(sizes.map(({ name, bytes }) => [name, { rows: rowsOf(name), bytes }] as const));
  const textBytes =
    database
      .prepare<[], { n: number }>('select sum(length(body)) as n from read join text on text.id = read.text')
      .get()?.n ?? 0;
  database.close();
  return { bytes: result, textBytes };
}

const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

console.log(`${kpis} KPIs, ${DATASETS} datasets, slices of 5m, ${days} days, a pass an hour`);
const [all, merged] = [await grow(false), await grow(true)];
for (const [name, grown] of [
  ['everything kept', all],
  ['retention', merged],
] as const) {
  const used = [...grown.bytes].sort(([, a], [, b]) => b.bytes - a.bytes).slice(0, 6);
  console.log(
    `${name}: file ${mb(grown.fileBytes)}, backup ${mb(grown.backupBytes)} in ${grown.backupMs.toFixed(0)} ms`,
  );
  for (const [table, { rows, bytes }] of used)
    console.log(`  ${table.padEnd(10)} ${String(rows).padStart(8)} rows ${mb(bytes).padStart(10)}`);
  const day = (from: number) => median(grown.passMs.slice(from, from + 24)).toFixed(0);
  const at = [1, days / 2, days - 1].map((one) => Math.floor(one * 24));
  console.log(
    `  CPU of a pass, median of a day: ${at.map((from) => `${day(from)} ms (day ${from / 24})`).join(', ')}`,
  );
  console.log(
    `  CPU of a pass in between: median ${median(grown.betweenMs).toFixed(0)} ms, largest ${Math.max(...grown.betweenMs).toFixed(0)} ms`,
  );
}

const each = (grown: Grown, table: string) => {
  const { rows = 0, bytes = 0 } = grown.bytes.get(table) ?? {};
  return bytes / Math.max(1, rows);
};
const sizeOf = (table: string) => all.bytes.get(table)?.bytes ?? 0;
console.log(
  `evidence of ${all.bytes.get('read')?.rows} reads: ${mb(sizeOf('read') + sizeOf('text'))}, of which texts ${mb(sizeOf('text'))}; with each read they would take ${mb(all.textBytes)}`,
);
const series = (all.bytes.get('slice')?.rows ?? 0) / (days * 288);
const perYear = {
  slices: series * 365 * 288 * each(all, 'slice'),
  kept: series * (90 * 288 * each(all, 'slice') + 275 * 24 * each(merged, 'rolled')),
};
console.log(
  `a year's slices: ${mb(perYear.slices)} kept one by one, ${mb(perYear.kept)} by the default retention`,
);
