import type { Row } from '../../src/core/filter/model.ts';
import { connectorContract, type StoredRow } from '../contract/connector.ts';
import { memorySource } from './memory-connector.ts';

const common = {
  source: 'memory',
  fields: {},
  values: {},
  filter: null,
  settleMs: 0,
  reviseForMs: 0,
  options: null,
};

const flat = (rows: readonly StoredRow[]): Row[] =>
  rows.map(({ times, fields }) => ({ ...fields, ...times }));

connectorContract('memory', {
  async create() {
    const source = memorySource();
    return {
      connector: source.connector,
      events: {
        ...common,
        name: 'events',
        kind: 'events',
        time: '@timestamp',
        ingested: 'event.ingested',
        expectEvents: null,
      },
      records: {
        ...common,
        name: 'records',
        kind: 'records',
        fields: { status: 'state' },
        key: 'id',
        version: ['revision'],
        opened: 'opened',
        closed: ['closed'],
        due: 'due',
        ingested: 'updated',
        expectEvents: null,
      },
      snapshot: { ...common, name: 'list', kind: 'snapshot', everyMs: 0 },
      replace: async (dataset, rows) => source.replace(dataset.name, flat(rows)),
      append: async (dataset, rows) => source.append(dataset.name, flat(rows)),
      close: () => source.connector.close(),
    };
  },
  hold: (_, value) => value,
  refuses: () => false,
});
