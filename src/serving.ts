/** Puts a service together: store, read model, loop in a worker thread, HTTP, alarm clock, signals. */
import { statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import cron from 'node-cron';
import type { Control, ReadModel } from './app/read-model.ts';
import {
  createService,
  type LoadAnswer,
  type LoopThread,
  type PassAnswer,
  type WorkerRequest,
} from './app/service.ts';
import { ConfigError } from './core/errors.ts';
import type { Server } from './http/server.ts';
import { createLogger, openReadModel, openStore, packageVersion, systemClock } from './wiring.ts';

/** How often the files are looked at for changes. Works on every kind of mount, unlike file events. */
const WATCH_EVERY_MS = 5_000;

interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Listening {
  readonly api: string;
  readonly metrics: string | null;
  close(): Promise<void>;
}

/** Listens with the API and console, and with the metrics where an address is given. */
export async function listen(
  deps: {
    readonly read: ReadModel;
    readonly control: Control;
    readonly logger: ReturnType<typeof createLogger>;
  },
  addresses: { readonly api: Address; readonly metrics: Address | null },
): Promise<Listening> {
  const { createServer } = await import('./http/server.ts');
  const server = await createServer(deps);
  const api = await listenOn(server.api, addresses.api);
  const metrics = addresses.metrics === null ? null : await listenOn(server.metrics, addresses.metrics);
  return {
    api,
    metrics,
    close: async () => {
      await Promise.all([server.api.close(), server.metrics.close()]);
    },
  };
}

async function listenOn(app: Server['api'], { host, port }: Address): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw new ConfigError(
      `can't listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        help: 'Another program may use the port: choose one by `listen` and `metricsListen` in clause9.yaml.',
        cause,
      },
    );
  }
  const address = app.server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${name}:${address.port}`;
}

/** `clause9 serve`: resolves once it answers; the process then lives until SIGTERM or SIGINT. */
export async function serve(
  configPath: string,
  instead: { readonly listen?: Address; readonly metricsListen?: Address } = {},
): Promise<void> {
  // For what runs for months a small heap is worth more than speed; for the start it is the other way round.
  setFlagsFromString('--max-semi-space-size=2');
  const thread = startThread(configPath);
  // Both take their time, on two cores.
  const [answer] = await Promise.all([thread.load(), import('./http/server.ts')]);
  if (!answer.ok) {
    await thread.stop();
    throw new ConfigError(answer.problems.join('\n'));
  }
  const { config } = answer.set;
  let { files } = answer;
  const log = createLogger(config.logLevel, 'stdout');
  const store = await openStore(config);
  const load = async () => {
    const next = await thread.load();
    if (next.ok) ({ files } = next);
    return next;
  };
  const service = createService({
    first: answer.set,
    thread: { ...thread, load },
    clock: systemClock,
    log,
    version: packageVersion(),
  });
  const reload = async () => {
    const reloaded = await service.reload();
    void service.wake();
    return reloaded;
  };
  const { read, close: closeLinks } = openReadModel(store, service.active, systemClock);
  const control = { health: service.health, reload };
  const addresses = {
    api: instead.listen ?? config.listen,
    metrics: instead.metricsListen ?? config.metricsListen,
  };
  const listening = await listen({ read, control, logger: log }, addresses);
  log.info(
    { api: listening.api, metrics: listening.metrics, definitions: answer.set.definitions.length },
    'ready',
  );

  const alarm = cron.schedule(config.schedule, () => service.wake(), { timezone: 'UTC', noOverlap: true });
  const watch = watchFiles(
    () => [configPath, ...config.definitions, ...files],
    () => void reload(),
  );
  process.on('SIGHUP', () => void reload());
  const stop = async (signal: NodeJS.Signals) => {
    log.info({ signal }, 'stopping');
    clearInterval(watch);
    await alarm.stop();
    await listening.close();
    await service.stop();
    await closeLinks();
    await store.close();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  setFlagsFromString('--optimize-for-size');
  void service.wake();
}

function startThread(configPath: string): LoopThread {
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: configPath,
    // A pass makes much that is soon gone; a small young generation keeps that from piling up.
    resourceLimits: { maxYoungGenerationSizeMb: 6 },
  });
  let queue: Promise<unknown> = Promise.resolve();
  const ask = <T>(request: WorkerRequest): Promise<T> => {
    const answer = queue.then(
      () =>
        new Promise<T>((resolve, reject) => {
          worker.once('error', reject);
          worker.once('message', (message: T) => {
            worker.off('error', reject);
            resolve(message);
          });
          worker.postMessage(request);
        }),
    );
    queue = answer.catch(() => {});
    return answer;
  };
  return {
    load: () => ask<LoadAnswer>('load'),
    pass: () => ask<PassAnswer>('pass'),
    stop: () =>
      new Promise((resolve) => {
        worker.once('exit', () => resolve());
        worker.postMessage('stop' satisfies WorkerRequest);
      }),
  };
}

/** Calls back when any of the files or folders has changed since the last look. */
function watchFiles(paths: () => readonly string[], onChange: () => void): NodeJS.Timeout {
  const look = () =>
    paths()
      .map((path) => {
        const found = statSync(path, { throwIfNoEntry: false });
        return found === undefined ? `${path} gone` : `${path} ${found.mtimeMs} ${found.size} ${found.ino}`;
      })
      .join('\n');
  let before = look();
  return setInterval(() => {
    const now = look();
    if (now === before) return;
    before = now;
    onChange();
    before = look();
  }, WATCH_EVERY_MS).unref();
}
