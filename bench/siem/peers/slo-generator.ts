/** Google's slo-generator: a ratio of good to valid events for each rule, computed once by a command that ends. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { watch } from '../parts/process.ts';
import { countsIn, type PeerInput, type PeerRun, queryOf } from './peer.ts';
import { programsOf } from './venv.ts';

const VERSION = '2.6.0';
const GOOD = /(kpi-\d+) +\| window +\| SLI: .*\| Good: (\d+)/g;

export async function runSloGenerator(input: PeerInput): Promise<PeerRun> {
  const programs = programsOf('slo-generator', [`slo-generator[elasticsearch]==${VERSION}`, 'setuptools<81']);
  write(input);
  const { proxy } = input;
  await proxy.take();
  const { program, wallMs } = await compute(programs, input);
  const traffic = await proxy.take();
  return {
    name: `slo-generator ${VERSION}`,
    traffic,
    wallMs: traffic.spanMs,
    cpuMs: program.cpuMs() - program.cpuMs(traffic.firstAt),
    process: { wallMs, cpuMs: program.cpuMs() },
    counts: countsIn(program.output(), GOOD),
  };
}

async function compute(programs: string, { folder }: PeerInput) {
  const args = ['compute', '--slo-config', 'slos', '--config', 'config.yaml'];
  const program = watch(join(programs, 'slo-generator'), args, { cwd: folder });
  const code = await program.exited;
  if (code !== 0) throw new Error(`slo-generator failed:\n${program.output().slice(-4_000)}`);
  return { program, wallMs: Date.now() - program.startedAt };
}

function write({ proxy, index, rules, windowMs, folder }: PeerInput): void {
  const step = {
    name: 'window',
    window: windowMs / 1_000,
    burn_rate_threshold: 1,
    alert: false,
    message_alert: 'too fast',
    message_ok: 'fine',
  };
  const config = {
    backends: { elasticsearch: { url: proxy.url } },
    exporters: {},
    error_budget_policies: { default: { steps: [step] } },
  };
  writeFileSync(join(folder, 'config.yaml'), stringify(config));
  mkdirSync(join(folder, 'slos'));
  for (const rule of rules) {
    const slo = {
      apiVersion: 'sre.google.com/v2',
      kind: 'ServiceLevelObjective',
      metadata: {
        name: rule.name,
        labels: { service_name: 'bench', feature_name: 'bench', slo_name: rule.name },
      },
      spec: {
        description: rule.name,
        backend: 'elasticsearch',
        method: 'good_bad_ratio',
        exporters: [],
        service_level_indicator: {
          index,
          date_field: '@timestamp',
          query_good: { must: queryOf(rule) },
          query_valid: { must: [{ match_all: {} }] },
        },
        goal: 0.5,
      },
    };
    writeFileSync(join(folder, 'slos', `${rule.name}.yaml`), stringify(slo));
  }
}
