/** `clause9 serve` as a process, over a configuration made for one test: what it says by log, API, pages and /metrics. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

export interface Served {
  readonly folder: string;
  readonly api: string;
  readonly metrics: string;
  /** All that it wrote to stdout and stderr so far. */
  log(): string;
  get(path: string): Promise<string>;
  /** Waits until the first cycle is over: what there is to say of each KPI is there then. */
  cycled(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServeInput {
  /** Keys of clause9.yaml. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly kpis: readonly (Readonly<Record<string, unknown>> & { readonly id: string })[];
  readonly env?: Readonly<Record<string, string>>;
  /** Beside clause9.yaml: name → content. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A folder with clause9.yaml and its definitions; JSON is YAML. */
export function writeSet({ config, kpis, files = {} }: ServeInput): string {
  const folder = mkdtempSync(join(tmpdir(), 'clause9-served-'));
  mkdirSync(join(folder, 'kpis'));
  const whole = { listen: '127.0.0.1:0', metricsListen: '127.0.0.1:0', definitions: './kpis', ...config };
  writeFileSync(join(folder, 'clause9.yaml'), JSON.stringify(whole));
  for (const kpi of kpis) writeFileSync(join(folder, 'kpis', `${kpi.id}.yaml`), JSON.stringify(kpi));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

export async function startServe(input: ServeInput): Promise<Served> {
  const folder = writeSet(input);
  const child = spawn(process.execPath, ['src/main.ts', 'serve', '-c', join(folder, 'clause9.yaml')], {
    env: { ...process.env, ...input.env },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      log += text;
    });
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const until = async (look: () => Promise<boolean> | boolean): Promise<void> => {
    for (let turn = 0; turn < 600 && child.exitCode === null; turn++) {
      if (await look()) return;
      await setTimeout(100);
    }
    throw new Error(`it did not happen; the log so far:\n${log}`);
  };
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  };
  try {
    const ready = () => log.split('\n').find((line) => line.includes('"msg":"ready"'));
    await until(() => ready() !== undefined);
    const { api, metrics } = JSON.parse(ready() ?? '');
    const get = async (path: string) =>
      (await fetch(`${path === '/metrics' ? metrics : api}${path}`, { headers: { accept: '*/*' } })).text();
    const hasCycled = async () =>
      /^clause9_cycle_last_success_timestamp_seconds [1-9]/m.test(await get('/metrics'));
    return { folder, api, metrics, log: () => log, get, cycled: () => until(hasCycled), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
