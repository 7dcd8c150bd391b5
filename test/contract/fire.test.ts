import { httpConnector, startMemoryServer } from '../fakes/http-connector.ts';
import { memorySource } from '../fakes/memory-connector.ts';
import { contractDatasets } from './connector-harness.ts';
import { type FireSource, provesUnderFire } from './fire.ts';
import { flat } from './harness-memory.ts';

async function memoryOverHttp(): Promise<FireSource> {
  const memory = memorySource();
  memory.batchSize = 3;
  memory.query = (_, rows) => ({ n: rows.length });
  const server = await startMemoryServer(memory);
  return {
    ...contractDatasets('memory', () => ({})),
    native: { language: 'sql', count: 'count' },
    server,
    connect: async (address) => httpConnector(address),
    replace: async (dataset, rows) => memory.replace(dataset.name, flat(rows)),
    close: () => server.stop(),
  };
}

provesUnderFire('memory over HTTP', memoryOverHttp, { deadlineMs: 150 });
