/** elastalert2: a service whose rules start up to 15 s late at random, so that its wall time says nothing. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { watch } from '../parts/process.ts';
import { countsIn, type PeerInput, type PeerRun, queryOf } from './peer.ts';
import { programsOf, pythonMinor } from './venv.ts';

const HITS = /Queried rule (\S+) from .*: (\d+) hits/g;
const RAN = /Ran (\S+) from /g;
const PATIENCE_MS = 60_000;

export async function runElastalert(input: PeerInput): Promise<PeerRun> {
  const { proxy, rules, folder } = input;
  const version = pythonMinor() >= 12 ? '2.31.0' : '2.19.0';
  const programs = programsOf('elastalert', [`elastalert2==${version}`, 'pytz']);
  write(input);
  await proxy.take();
  const program = watch(join(programs, 'elastalert'), ['--config', 'config.yaml', '--verbose'], {
    cwd: folder,
  });
  for (let waited = 0; [...program.output().matchAll(RAN)].length < rules.length; waited += 50) {
    if (waited > PATIENCE_MS || program.hasEnded()) {
      await program.stop();
      throw new Error(`elastalert2 did not run its rules:\n${program.output().slice(-4_000)}`);
    }
    await sleep(50);
  }
  const [cpuMs, wallMs] = [program.cpuMs(), Date.now() - program.startedAt];
  await program.stop();
  const traffic = await proxy.take();
  return {
    name: `elastalert2 ${version}`,
    traffic,
    wallMs: traffic.spanMs,
    cpuMs: cpuMs - program.cpuMs(traffic.firstAt),
    process: { wallMs, cpuMs },
    counts: countsIn(program.output(), HITS),
  };
}

function write({ proxy, index, rules, windowMs, folder }: PeerInput): void {
  const { hostname, port } = new URL(proxy.url);
  mkdirSync(join(folder, 'rules'));
  const config = {
    rules_folder: 'rules',
    // It cuts the window into pieces of this length, a search each: so in one.
    run_every: { seconds: windowMs / 1_000 },
    buffer_time: { minutes: 5 },
    es_host: hostname,
    es_port: Number(port),
    writeback_index: 'elastalert',
    alert_time_limit: { days: 1 },
  };
  writeFileSync(join(folder, 'config.yaml'), stringify(config));
  for (const rule of rules) {
    const written = {
      name: rule.name,
      type: 'frequency',
      index,
      num_events: 1_000_000_000,
      timeframe: { seconds: windowMs / 1_000 },
      scan_entire_timeframe: true,
      use_count_query: true,
      filter: queryOf(rule),
      alert: ['debug'],
    };
    writeFileSync(join(folder, 'rules', `${rule.name}.yaml`), stringify(written));
  }
}
