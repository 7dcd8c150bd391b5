/** A configuration with its KPIs, and the production loop over it in a process of its own: told when, it tells what a pass took. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { Result } from '../../../src/core/result/model.ts';
import type { Instant } from '../../../src/core/time/interval.ts';
import { loadSet } from '../../../src/load.ts';
import { openStore } from '../../../src/wiring.ts';
import { fileOf } from './built.ts';
import { termsOf } from './data.ts';

export interface Kpi {
  readonly id: string;
  readonly [key: string]: unknown;
}

/** Counts what a filter of `termsOf` finds. */
export function countKpi(
  rule: number,
  window: { readonly rolling: string; readonly every: string },
  dataset = 'events',
): Kpi {
  return {
    id: `kpi-${rule}`,
    title: `Events of kind ${rule}`,
    unit: 'events',
    direction: 'lower-is-better',
    measures: { found: { dataset, where: termsOf(rule), aggregate: 'count' } },
    formula: '1.0 * found',
    window,
    targets: [{ from: '2020-01-01', onTarget: '<= 1000000', atRisk: '<= 2000000' }],
  };
}

/** Writes the set into a folder that is not there yet. Returns the path of its clause9.yaml. */
export function writeSet(
  folder: string,
  { url, indices, kpis }: { url: string; indices: Readonly<Record<string, string>>; kpis: readonly Kpi[] },
): string {
  mkdirSync(join(folder, 'kpis'), { recursive: true });
  const datasets = Object.entries(indices).map(([name, index]) => [
    name,
    { kind: 'events', source: 'siem', index, ingested: 'event.ingested' },
  ]);
  const path = join(folder, 'clause9.yaml');
  writeFileSync(
    path,
    stringify({
      store: './clause9.db',
      definitions: './kpis',
      sources: { siem: { type: 'elasticsearch', url } },
      datasets: Object.fromEntries(datasets),
    }),
  );
  for (const kpi of kpis) writeFileSync(join(folder, 'kpis', `${kpi.id}.yaml`), stringify(kpi));
  return path;
}

const passSchema = z.object({
  wallMs: z.number(),
  cpuMs: z.number(),
  residentMb: z.number(),
  peakMb: z.number(),
  results: z.number(),
  missingSlices: z.number(),
});

export type Pass = z.infer<typeof passSchema>;

export interface Loop {
  /** One cycle as of then. Throws where a slice that is wanted could not be had. */
  pass(clock: Instant): Promise<Pass>;
  stop(): Promise<void>;
}

export async function startLoop(configPath: string): Promise<Loop> {
  const child = fork(
    join(import.meta.dirname, 'loop-process.ts'),
    [configPath, ...['load', 'wiring'].map(fileOf)],
    // As `serve` has it: what runs for months holds little.
    { execArgv: ['--max-semi-space-size=2'] },
  );
  await reply(child);
  return {
    pass: async (clock) => {
      child.send(clock);
      const pass = passSchema.parse(await reply(child));
      if (pass.missingSlices > 0) throw new Error(`${pass.missingSlices} slices could not be read`);
      return pass;
    },
    stop: async () => {
      child.disconnect();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

async function reply(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message),
      once(child, 'exit', { signal }).then(() => Promise.reject(new Error('the loop ended by itself'))),
    ]);
  } finally {
    stop.abort();
  }
}

/** The newest result of each KPI, by its id: its own, or all its groups'. */
export async function newestResults(configPath: string): Promise<ReadonlyMap<string, readonly Result[]>> {
  const { config, definitions } = await loadSet(configPath);
  const store = await openStore(config, { readOnly: true });
  try {
    const all = await store.newest(
      definitions.map(({ id, measurementHash }) => ({ kpi: id, measurementHash })),
    );
    return Map.groupBy(all, ({ kpi }) => kpi);
  } finally {
    await store.close();
  }
}
