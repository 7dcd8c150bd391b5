/** All sources give the same number. */
import { elasticsearch } from '../../connectors/elasticsearch/index.ts';
import { opensearch } from '../../connectors/opensearch/index.ts';
import { canStart } from '../servers/server.ts';
import { filesHarness } from './harness-files.ts';
import { memoryHarness } from './harness-memory.ts';
import { searchHarness } from './harness-search.ts';
import { splunkHarness } from './harness-splunk.ts';
import { sameNumber, type Voice } from './same-number.ts';

const voices: readonly (Voice & { readonly starts?: boolean })[] = [
  { name: 'memory', harness: memoryHarness },
  { name: 'files, ndjson', harness: filesHarness('ndjson') },
  { name: 'files, parquet', harness: filesHarness('parquet') },
  { name: 'splunk', harness: splunkHarness },
  { name: 'es8', harness: searchHarness(elasticsearch, 'es8'), starts: canStart('es8') },
  { name: 'opensearch', harness: searchHarness(opensearch, 'opensearch'), starts: canStart('opensearch') },
];

await sameNumber(voices.filter(({ starts = true }) => starts));
