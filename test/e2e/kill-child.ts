/**
 * The production loop in a process of its own, to be killed: goes on where the store (its argument) says that it
 * was, and writes a line for each step that is done.
 */

import { openSqlite } from '../../src/store/sqlite.ts';
import { runLoop } from '../fakes/loop.ts';
import { memorySource } from '../fakes/memory-connector.ts';
import { CONFIG, DATASETS, DEFINITIONS, makeRows, STEPS } from './kill-scenario.ts';

const store = await openSqlite(process.argv[2] ?? '');
const source = memorySource();
source.batchSize = 5;
const rows = makeRows();
const { pass } = runLoop({ config: CONFIG, definitions: DEFINITIONS, store, connector: source.connector });

// The step that was last begun is done again: what of it was done already stays as it is.
const begun = Number((await store.cursor('step')) ?? 0);
process.stdout.write('begins\n');
for (const step of STEPS.filter((one) => one >= begun)) {
  await store.uncover([], [], { key: 'step', value: String(step) });
  for (const { name } of DATASETS) {
    source.replace(
      name,
      (rows[name] ?? []).filter((row) => Number(row.in) < step),
    );
  }
  await pass(step);
  process.stdout.write(`${step}\n`);
}
await store.close();
process.stdout.write('ends\n');
