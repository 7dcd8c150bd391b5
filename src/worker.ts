/**
 * The loop in a thread of its own, so that the API answers during a cycle; it also loads the definitions, whose
 * parsing would hold the API up, too. Speaks with `serving.ts`: a request, an answer, one after the other.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { sentence } from './app/ask/ask.ts';
import type { LoadAnswer, PassAnswer, WorkerRequest } from './app/service.ts';
import { MINUTE } from './core/time/interval.ts';
import { loadSet } from './load.ts';
import type { Store } from './ports/store.ts';
import { createLogger, type OpenLoop, openLoop, openStore, systemClock } from './wiring.ts';

/** A pass begins no more reads after this time: so that it sees to the newest again while it catches up. */
const CYCLE = MINUTE;

const port = parentPort;
if (port === null) throw new Error('worker.ts runs as a worker thread of `clause9 serve`.');
const configPath: string = workerData;
const stop = new AbortController();
let store: Store | null = null;
let open: OpenLoop | null = null;

async function load(): Promise<LoadAnswer> {
  try {
    const { config, definitions, files } = await loadSet(configPath);
    store ??= await openStore(config);
    await open?.close();
    const log = createLogger(config.logLevel, 'stdout');
    open = openLoop({ config, definitions }, { store, clock: systemClock, log, pace: { cycleMs: CYCLE } });
    return { ok: true, set: { config, definitions }, files };
  } catch (error) {
    return { ok: false, problems: sentence(error).split('\n') };
  }
}

async function pass(): Promise<PassAnswer> {
  const start = Date.now();
  const answer = { start, error: null, missingSlices: null, goesOn: false, standings: [] };
  try {
    const report = await open?.loop.pass({ signal: stop.signal });
    return { ...answer, ...report, durationMs: Date.now() - start, meter: [...(open?.meter ?? [])] };
  } catch (error) {
    return {
      ...answer,
      error: sentence(error),
      durationMs: Date.now() - start,
      meter: [...(open?.meter ?? [])],
    };
  }
}

async function handle(request: WorkerRequest): Promise<void> {
  if (request === 'load') port?.postMessage(await load());
  else if (request === 'pass') port?.postMessage(await pass());
  else {
    await open?.close();
    await store?.close();
    port?.close();
  }
}

// One request after the other: a pass keeps its set and its connectors until it is through.
let queue = Promise.resolve();
port.on('message', (request: WorkerRequest) => {
  if (request === 'stop') stop.abort(new Error('clause9 is stopping'));
  queue = queue.then(() => handle(request));
});
