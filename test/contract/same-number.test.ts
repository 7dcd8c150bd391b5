/** All sources give the same number. */
import { elasticsearch } from '../../connectors/elasticsearch/index.ts';
import { opensearch } from '../../connectors/opensearch/index.ts';
import { canStart } from '../servers/server.ts';
import { filesHarness } from './harness-files.ts';
import { memoryHarness } from './harness-memory.ts';
import { searchHarness } from './harness-search.ts';
import { splunkHarness } from './harness-splunk.ts';
import { sameNumber, type Voice } from './same-number.ts';

const SERVERS = [
  ['es7', elasticsearch],
  ['es8', elasticsearch],
  ['es9', elasticsearch],
  ['opensearch', opensearch],
] as const;

const voices: readonly Voice[] = [
  { name: 'memory', harness: memoryHarness },
  { name: 'files, ndjson', harness: filesHarness('ndjson') },
  { name: 'files, parquet', harness: filesHarness('parquet') },
  { name: 'splunk', harness: splunkHarness },
  ...SERVERS.filter(([kind]) => canStart(kind)).map(([kind, type]) => ({
    name: kind,
    harness: searchHarness(type, kind),
  })),
];

await sameNumber(voices);
