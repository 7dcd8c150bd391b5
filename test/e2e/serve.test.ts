/** `clause9 serve` as a process: start, answer during a cycle, /metrics, reload in three ways, a bad set, a graceful stop. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'clause9-serve-'));
let child: ChildProcess;
let log = '';
let api = '';
let metrics = '';

const kpi = (id: string, title: string) => `id: ${id}
title: ${title}
unit: percent
direction: lower-is-better
measures:
  failed: {dataset: logons, where: {event.outcome: failure}, aggregate: count}
  all: {dataset: logons, aggregate: count}
formula: 100 * failed / all
window: {rolling: 24h, every: 1h}
targets:
  - {from: 2020-01-01, onTarget: "<= 30"}
`;

async function until<T>(look: () => Promise<T | null | false> | T | null | false): Promise<T> {
  for (let turn = 0; turn < 600; turn++) {
    const found = await look();
    if (found !== null && found !== false) return found;
    await setTimeout(50);
  }
  throw new Error(`it did not happen; the log so far:\n${log}`);
}

const get = async (url: string) => (await fetch(url)).json();
const titles = async () => {
  const { kpis } = await get(`${api}/api/v1/kpis`);
  return kpis.map((one: { title: string }) => one.title);
};

describe('clause9 serve', () => {
  beforeAll(async () => {
    mkdirSync(join(folder, 'kpis'));
    const now = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    const rows = Array.from({ length: 500 }, (_, index) => ({
      '@timestamp': new Date(now - index * 600_000 - 1).toISOString(),
      event: { outcome: index % 4 === 0 ? 'failure' : 'success' },
    }));
    writeFileSync(join(folder, 'logons.ndjson'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    writeFileSync(
      join(folder, 'clause9.yaml'),
      `listen: 127.0.0.1:0
metricsListen: 127.0.0.1:0
definitions: ./kpis
sources:
  logs: {type: files, path: .}
datasets:
  logons: {kind: events, source: logs, files: logons.ndjson, settle: 0s}
`,
    );
    writeFileSync(join(folder, 'kpis', 'ratio.yaml'), kpi('failed-logons', 'Share of logons that fail'));
    child = spawn(process.execPath, ['src/main.ts', 'serve', '-c', join(folder, 'clause9.yaml')]);
    child.stdout?.on('data', (text) => {
      log += text;
    });
    child.stderr?.on('data', (text) => {
      log += text;
    });
    const ready = await until(() => {
      const line = log.split('\n').find((text) => text.includes('"msg":"ready"'));
      return line === undefined ? null : JSON.parse(line);
    });
    ({ api, metrics } = ready);
  });
  afterAll(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('computes the newest window and answers by API, page and /metrics', async () => {
    const view = await until(async () => {
      const answer = await get(`${api}/api/v1/kpis/failed-logons`);
      return answer.newest !== null && answer;
    });
    expect(view.newest).toMatchObject({ value: 25, sample: 144, verdict: 'on-target', quality: 'complete' });
    expect(await (await fetch(`${api}/`)).text()).toContain('Share of logons that fail');
    const text = await until(async () => {
      const answer = await (await fetch(`${metrics}/metrics`)).text();
      return answer.includes('clause9_kpi_value{') && answer;
    });
    expect(text).toContain('clause9_kpi_value{kpi="failed-logons"} 25');
    expect(text).toContain('clause9_kpi_verdict{kpi="failed-logons",verdict="on-target"} 1');
    expect(await get(`${metrics}/readyz`)).toMatchObject({ status: 'ready' });
  });

  it('shows metrics that promtool accepts', async (context) => {
    if (!existsSync('/usr/bin/promtool')) {
      if (process.env.CI === 'true') throw new Error('CI needs promtool (Debian: prometheus)');
      return context.skip('promtool is missing');
    }
    const input = await (await fetch(`${metrics}/metrics`)).text();
    expect(() => execFileSync('/usr/bin/promtool', ['check', 'metrics'], { input })).not.toThrow();
  });

  it('reloads on POST /-/reload, and keeps the good set in force where the new one is in error', async () => {
    const reload = () => fetch(`${api}/-/reload`, { method: 'POST', headers: { 'x-clause9': 'reload' } });
    writeFileSync(join(folder, 'kpis', 'ratio.yaml'), kpi('failed-logons', 'By request'));
    expect((await reload()).status).toBe(200);
    expect(await titles()).toEqual(['By request']);
    writeFileSync(join(folder, 'kpis', 'ratio.yaml'), kpi('failed-logons', 'Bad').replace('unit:', 'unti:'));
    const refused = await reload();
    expect(refused.status).toBe(422);
    expect(JSON.stringify(await refused.json())).toMatch(/ratio\.yaml:3:1.*unit/);
    expect(await titles()).toEqual(['By request']);
    expect(await (await fetch(`${metrics}/metrics`)).text()).toContain('clause9_last_reload_success 0');
  });

  it('reloads on SIGHUP, and when a file changes', async () => {
    writeFileSync(join(folder, 'kpis', 'ratio.yaml'), kpi('failed-logons', 'By signal'));
    child.kill('SIGHUP');
    await until(async () => (await titles())[0] === 'By signal');
    writeFileSync(join(folder, 'kpis', 'second.yaml'), kpi('second', 'Seen by itself'));
    await until(async () => (await titles()).includes('Seen by itself'));
  });

  it('stops on SIGTERM with exit code 0, and its store is whole', async () => {
    const code = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await code).toBe(0);
    const lines = execFileSync(
      process.execPath,
      ['src/main.ts', 'results', 'failed-logons', '-c', join(folder, 'clause9.yaml'), '-o', 'json'],
      { encoding: 'utf8' },
    );
    expect(JSON.parse(lines.split('\n')[0] ?? '')).toMatchObject({ kpi: 'failed-logons', value: 25 });
  });
});
