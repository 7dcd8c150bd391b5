/** The loop in a thread of its own, so that the API answers during a cycle. Speaks with `app/service.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { sentence } from './app/ask.ts';
import type { PassAnswer, WorkerRequest } from './app/service.ts';
import type { ActiveSet } from './app/views.ts';
import { createLogger, openLoop, openStore, systemClock } from './wiring.ts';

const port = parentPort;
if (port === null) throw new Error('worker.ts runs as a worker thread of `clause9 serve`.');
const first: ActiveSet = workerData;
const log = createLogger(first.config.logLevel, 'stdout');
const store = await openStore(first.config);
let open = openLoop(first, { store, clock: systemClock, log });
const stop = new AbortController();

async function pass(): Promise<PassAnswer> {
  const start = Date.now();
  try {
    const { missingSlices } = await open.loop.pass({ signal: stop.signal });
    return { start, durationMs: Date.now() - start, error: null, missingSlices, meter: [...open.meter] };
  } catch (error) {
    log.error({ err: error }, 'the cycle stopped');
    return {
      start,
      durationMs: Date.now() - start,
      error: sentence(error),
      missingSlices: null,
      meter: [...open.meter],
    };
  }
}

async function handle(request: WorkerRequest): Promise<void> {
  if (request.type === 'pass') {
    port?.postMessage(await pass());
  } else if (request.type === 'set') {
    await open.close();
    open = openLoop(request.set, { store, clock: systemClock, log });
  } else {
    await open.close();
    await store.close();
    port?.close();
  }
}

// One request after the other: a pass keeps its set and its connectors until it is through.
let queue = Promise.resolve();
port.on('message', (request: WorkerRequest) => {
  if (request.type === 'stop') stop.abort(new Error('clause9 is stopping'));
  queue = queue.then(() => handle(request));
});
