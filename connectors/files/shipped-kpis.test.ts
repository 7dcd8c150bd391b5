/** The shipped KPIs on files: the same numbers as in memory. */
import { afterAll, beforeAll } from 'vitest';
import { shippedKpiContract } from '../../test/contract/shipped-kpis.ts';
import { type Folder, openFolder } from '../../test/fakes/files.ts';

let folder: Folder;
let cases = 0;
beforeAll(async () => {
  folder = await openFolder();
});
afterAll(() => folder.close());

shippedKpiContract('files, ndjson', async () => {
  const name = (dataset: string) => `${one}/${dataset}.ndjson`;
  const one = ++cases;
  return {
    connector: folder.connector,
    // Where no row has a time such as that of closing, the files don't tell that there is one.
    bind: (dataset) => {
      const times = dataset.kind === 'records' ? [...dataset.closed, dataset.due ?? dataset.opened] : [];
      const types = Object.fromEntries(times.map((time) => [time, 'time']));
      return { ...dataset, options: { files: name(dataset.name), types } };
    },
    replace: (dataset, rows) => {
      const lines = rows.map(({ times, fields }) => {
        const texts = Object.entries(times).map(([field, time]) => [
          field,
          time === null ? null : new Date(time).toISOString(),
        ]);
        return JSON.stringify({ ...fields, ...Object.fromEntries(texts) });
      });
      return folder.write(name(dataset.name), lines.map((line) => `${line}\n`).join(''));
    },
    close: async () => {},
  };
});
