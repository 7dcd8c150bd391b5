/** `clause9 demo`: the shipped real data judged by the production loop, then served. */
import { rmSync } from 'node:fs';
import { DEMO, demoSteps, runSteps, steppedClock } from './app/demo.ts';
import { resultRow } from './app/evaluate/result-row.ts';
import { verdictTable } from './app/text.ts';
import { createReadModel } from './app/views.ts';
import { ConfigError } from './core/errors.ts';
import type { Instant } from './core/time/interval.ts';
import { loadSet } from './load.ts';
import { progressBar } from './progress.ts';
import { listen } from './serving.ts';
import { createLogger, openLoop, openStore, packageFile, packageVersion } from './wiring.ts';

export interface DemoOptions {
  readonly once?: boolean;
  readonly until?: Instant;
  readonly host: string;
  readonly port: number;
  readonly output: string;
  readonly color: boolean;
  readonly print: (text: string) => void;
}

/** Begins with an empty store each time, and leaves it for `results` and `explain`. */
export async function runDemo({ once, until, host, port, output, color, print }: DemoOptions): Promise<void> {
  const steps = demoSteps(DEMO.from, Math.min(until ?? DEMO.to, DEMO.to));
  const [start, end] = [steps[0], steps.at(-1)];
  if (start === undefined || end === undefined) {
    throw new ConfigError('nothing was recorded by then', {
      help: 'Choose --until between 2016-03-01 and 2017-03-01.',
    });
  }
  const set = await loadSet(packageFile(DEMO.config));
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${set.config.store.path}${suffix}`, { force: true });
  const store = await openStore(set.config, { isThrowaway: true });
  const clock = steppedClock(start);
  const log = createLogger('warn', 'stderr');
  const open = openLoop(set, { store, clock, log });
  const bar = progressBar();
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new Error('interrupted')));
  await runSteps(open.loop, clock, steps, stop.signal, (done, total) =>
    bar.show('stepping through the year', done, total),
  );
  bar.stop();
  await open.close();
  const read = createReadModel(store, () => set, clock);
  const views = await read.kpis();
  if (output === 'json')
    for (const { newest } of views) print(JSON.stringify(newest === null ? null : resultRow(newest)));
  else print(verdictTable(views, { color }));
  if (once === true) return store.close();

  const health = () => ({
    ready: true,
    waitingFor: null,
    version: packageVersion(),
    definitions: set.definitions.length,
    lastCycle: null,
    lastSuccess: null,
    lastReload: null,
    sources: [...open.meter].map(([name, meter]) => ({ name, ...meter })),
    missingSlices: 0,
    datasets: [],
  });
  const reload = async () => ({
    ok: false,
    problems: ['The demo shows recorded time: it has nothing to reload.'],
  });
  const listening = await listen(
    { read, control: { health, reload }, logger: log },
    { api: { host, port }, metrics: null },
  );
  process.stderr.write(`\nThe console is at ${listening.api}/ (Ctrl-C ends it).\n`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  await listening.close();
  await store.close();
}
