/** Puts a service together: store, read model, loop in a worker thread, HTTP, alarm clock, signals. */
import { statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import cron from 'node-cron';
import type { Control, ReadModel } from './app/read-model.ts';
import { createService, type PassAnswer, type PassRunner, type WorkerRequest } from './app/service.ts';
import { type ActiveSet, createReadModel } from './app/views.ts';
import { ConfigError } from './core/errors.ts';
import { createServer, type Server } from './http/server.ts';
import { createLogger, loadSet, openStore, packageVersion, systemClock } from './wiring.ts';

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
export async function serve(configPath: string): Promise<void> {
  const first = await loadSet(configPath);
  const { config } = first;
  const log = createLogger(config.logLevel, 'stdout');
  const store = await openStore(config);
  const runner = startWorker(first);
  let { files } = first;
  const load = async (): Promise<ActiveSet> => {
    const next = await loadSet(configPath);
    ({ files } = next);
    return { config: next.config, definitions: next.definitions };
  };
  const service = createService({ first, load, runner, clock: systemClock, log, version: packageVersion() });
  const reload = async () => {
    const answer = await service.reload();
    void service.wake();
    return answer;
  };
  const read = createReadModel(store, service.active, systemClock);
  const control = { health: service.health, reload };
  const listening = await listen(
    { read, control, logger: log },
    { api: config.listen, metrics: config.metricsListen },
  );
  log.info(
    { api: listening.api, metrics: listening.metrics, definitions: first.definitions.length },
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
    await store.close();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  void service.wake();
}

function startWorker(first: ActiveSet): PassRunner {
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const { config, definitions } = first;
  const worker = new Worker(new URL(file, import.meta.url), { workerData: { config, definitions } });
  const send = (request: WorkerRequest) => worker.postMessage(request);
  return {
    pass: () =>
      new Promise<PassAnswer>((resolve, reject) => {
        const onError = (error: unknown) => reject(error);
        worker.once('error', onError);
        worker.once('message', (answer: PassAnswer) => {
          worker.off('error', onError);
          resolve(answer);
        });
        send({ type: 'pass' });
      }),
    use: (set) => send({ type: 'set', set }),
    stop: () =>
      new Promise((resolve) => {
        worker.once('exit', () => resolve());
        send({ type: 'stop' });
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
