/** Splunk passes the contract of connectors, on the fake. */
import type { Dataset } from '../../src/config/model.ts';
import type { FieldValue, Filter } from '../../src/core/filter/model.ts';
import { literalOf } from '../../src/core/filter/pattern.ts';
import { canonicalText } from '../../src/core/filter/value.ts';
import type { Instant } from '../../src/core/time/interval.ts';
import {
  type ConnectorHarness,
  type ContractSource,
  connectorContract,
  type StoredRow,
} from '../../test/contract/connector.ts';
import { FIELDS } from '../../test/contract/connector-data.ts';
import { events, openSplunkd, records, snapshot } from '../../test/fakes/splunk.ts';
import type { SplunkEvent } from '../../test/fakes/splunkd/index.ts';
import { fieldKinds } from './kinds.ts';

const HARNESS: ConnectorHarness = {
  create: createSource,
  hold,
  refuses,
  native: [
    {
      language: 'spl',
      count: '| stats count AS n',
      sum: '| stats sum(http.bytes) AS n',
      refused: [
        '| stats count AS n BY event.action',
        '| head 5 | stats count AS n',
        '| stats count AS n | delete',
        '| stats values(event.action) AS n',
        '| search earliest=0 | stats count AS n',
        '| eval a="b | stats count AS n',
        'stats count AS n',
      ],
    },
  ],
  fieldKinds: { kinds: async () => fieldKinds, fields: { text: FIELDS } },
  discoversTime: '_time',
  // `_indextime` is in whole seconds.
  arrives: (time) => Math.floor(time / 1000) * 1000,
};

connectorContract('splunk', HARNESS);

/** Texts alone; an empty one is no value. */
function hold(_: string, value: FieldValue): FieldValue {
  const texts = textsOf(value);
  return texts.length > 1 ? texts : texts[0];
}

function textsOf(value: FieldValue): string[] {
  const list = typeof value === 'object' && value !== null ? value : [value];
  return list.flatMap((item) =>
    item === null || item === undefined || item === '' ? [] : [canonicalText(item)],
  );
}

/** Splunk can't tell an empty text from none. */
function refuses(filter: Filter): boolean {
  if (filter.op === 'test')
    return filter.predicate.kind === 'text' && literalOf(filter.predicate.pattern) === '';
  if (filter.op === 'not') return refuses(filter.of);
  return filter.op === 'everything' ? false : filter.of.some(refuses);
}

async function createSource(): Promise<ContractSource> {
  const { splunkd, connector, close } = await openSplunkd();
  const put = (dataset: Dataset, rows: readonly StoredRow[]): void =>
    splunkd.addEvents(
      dataset.name,
      rows.map((row) => eventOf(dataset, row)),
    );
  return {
    connector,
    events: events({ name: 'events', time: '@timestamp', options: { index: 'events' } }),
    records: records({
      name: 'records',
      fields: { status: 'state' },
      due: 'due',
      options: { index: 'records' },
    }),
    snapshot: snapshot({ index: 'list' }),
    replace: async (dataset, rows) => {
      splunkd.clear(indexOf(dataset));
      splunkd.faults.clear();
      put({ ...dataset, name: indexOf(dataset) }, rows);
    },
    append: async (dataset, rows) => put({ ...dataset, name: indexOf(dataset) }, rows),
    taint: async (dataset) => {
      // Records are read twice.
      splunkd.faults.next('peer-timeout', { times: dataset.kind === 'records' ? 2 : 1 });
      return true;
    },
    close,
  };
}

const indexOf = (dataset: Dataset): string => (dataset.kind === 'snapshot' ? 'list' : dataset.kind);

function eventOf(dataset: Dataset, { times, fields }: StoredRow): SplunkEvent {
  const [time, arrived] =
    dataset.kind === 'events'
      ? [times['@timestamp'], times['event.ingested']]
      : [times.updated, times.updated];
  const held = Object.entries(fields).map(([name, value]) => [name, textsOf(value)] as const);
  const written = ['opened', 'closed', 'due'].map((name) => [name, isoOf(times[name])] as const);
  return {
    _time: (time ?? 0) / 1000,
    ...(arrived === null || arrived === undefined ? {} : { _indextime: arrived / 1000 }),
    fields: Object.fromEntries([...held, ...written].filter(([, texts]) => texts.length > 0)),
  };
}

const isoOf = (time: Instant | null | undefined): string[] =>
  time === null || time === undefined ? [] : [new Date(time).toISOString()];
