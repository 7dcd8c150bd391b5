import type { Dataset } from '../../src/config/model.ts';
import type { Row } from '../../src/core/filter/model.ts';
import { httpConnector, startMemoryServer } from '../fakes/http-connector.ts';
import { events, records } from '../fakes/loop.ts';
import type { StoredRow } from './connector-harness.ts';
import { type FireSource, provesUnderFire } from './fire.ts';

async function memoryOverHttp(): Promise<FireSource> {
  const data = new Map<string, readonly Row[]>();
  const server = await startMemoryServer(data);
  return {
    server,
    connect: async (address) => httpConnector(address),
    events: events('logons', { time: '@timestamp', ingested: 'event.ingested' }),
    records: records('cases', { version: ['revision'], ingested: 'updated' }),
    replace: async (dataset: Dataset, rows: readonly StoredRow[]) => {
      data.set(
        dataset.name,
        rows.map(({ times, fields }) => ({ ...times, ...fields })),
      );
    },
    close: () => server.stop(),
  };
}

provesUnderFire('memory over HTTP', memoryOverHttp, { deadlineMs: 150 });
