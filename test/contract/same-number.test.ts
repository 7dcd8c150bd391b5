/** All sources give the same number. */
import { filesHarness } from './harness-files.ts';
import { memoryHarness } from './harness-memory.ts';
import { sameNumber } from './same-number.ts';

await sameNumber([
  { name: 'memory', harness: memoryHarness },
  { name: 'files, ndjson', harness: filesHarness('ndjson') },
  { name: 'files, parquet', harness: filesHarness('parquet') },
]);
