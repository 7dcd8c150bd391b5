/** A thread that writes results to the store it is given until its end comes, as a service does beside a backup. */
import { parentPort, workerData } from 'node:worker_threads';
import { openSqlite } from '../../src/store/sqlite.ts';
import { at, result, save, saveResultsOf, slice, twoSeries } from '../contract/store-data.ts';

const store = await openSqlite(workerData);
const [series] = await twoSeries(store);
let stopped = false;
parentPort?.once('message', () => {
  stopped = true;
});
let hour = 1;
for (; !stopped; hour++) {
  await save(store, at(hour), [slice(series, hour, hour)]);
  await saveResultsOf(store, 'sla', [result('sla', hour, hour)]);
  if (hour === 20) parentPort?.postMessage('writing');
  // Lets the message in.
  await new Promise((resolve) => setImmediate(resolve));
}
await store.close();
parentPort?.postMessage(hour - 1);
