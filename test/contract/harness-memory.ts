/** The source in memory for the contract of connectors. */
import { ConnectorError } from '../../src/core/errors.ts';
import type { Row } from '../../src/core/filter/model.ts';
import { memorySource } from '../fakes/memory-connector.ts';
import { FIELDS } from './connector-data.ts';
import { type ConnectorHarness, contractDatasets, type StoredRow } from './connector-harness.ts';

export const flat = (rows: readonly StoredRow[]): Row[] =>
  rows.map(({ times, fields }) => ({ ...fields, ...times }));

export const memoryHarness: ConnectorHarness = {
  async create() {
    const source = memorySource();
    let tainted = new Set<string>();
    source.partial = (dataset) => (tainted.has(dataset) ? 'a part of it is away' : null);
    source.query = ({ language, text }, rows) => {
      if (language === 'sql' && text === 'count') return { n: rows.length };
      if (language === 'sql' && text === 'sum')
        return { n: rows.reduce((sum, row) => sum + Number(row['http.bytes']), 0) };
      throw new ConnectorError(`there is no query "${text}"`, { retryable: false, help: 'Count, or sum.' });
    };
    return {
      connector: source.connector,
      ...contractDatasets('memory', () => null),
      replace: async (dataset, rows) => {
        tainted = new Set([...tainted].filter((name) => name !== dataset.name));
        source.replace(dataset.name, flat(rows));
      },
      taint: async (dataset) => {
        tainted.add(dataset.name);
        return true;
      },
      append: async (dataset, rows) => source.append(dataset.name, flat(rows)),
      close: () => source.connector.close(),
    };
  },
  hold: (_, value) => value,
  refuses: () => false,
  fieldKinds: { kinds: async () => [{ name: 'memory', refusal: () => null }], fields: { memory: FIELDS } },
  native: [{ language: 'sql', count: 'count', sum: 'sum', refused: ['SELECT'] }],
};
