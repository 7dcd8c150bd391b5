/** The connector contract's harness for Splunk, on the fake: what it holds are texts. */

import { fieldKinds } from '../../connectors/splunk/kinds.ts';
import type { Dataset } from '../../src/config/model.ts';
import type { FieldValue, Filter } from '../../src/core/filter/model.ts';
import { literalOf } from '../../src/core/filter/pattern.ts';
import { canonicalText } from '../../src/core/filter/value.ts';
import type { Instant } from '../../src/core/time/interval.ts';
import type { Connector } from '../../src/ports/connector.ts';
import { type Opened, openSplunkd } from '../fakes/splunk.ts';
import type { SplunkEvent } from '../fakes/splunkd/index.ts';
import { FIELDS } from './connector-data.ts';
import {
  type ConnectorHarness,
  type ContractSource,
  contractDatasets,
  type NativeQueries,
  type StoredRow,
} from './connector-harness.ts';

export const SPL: NativeQueries = {
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
};

export const splunkHarness: ConnectorHarness = {
  create: () => createSource(),
  hold,
  refuses,
  native: [SPL],
  fieldKinds: { kinds: async () => fieldKinds, fields: { text: FIELDS } },
  discoversTime: '_time',
  // `_indextime` is in whole seconds: somewhen in that second.
  arrives: (time) => Math.floor(time / 1000) * 1000 + 999,
};

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

/** The same where some fields are indexed, and are counted by `tstats`. */
export const indexedHarness: ConnectorHarness = {
  ...splunkHarness,
  create: () => createSource(['event.action', 'event.code', 'source.ip', 'flag']),
};

/** With the server and its other connectors beside it. */
export async function createSource(
  indexed: readonly string[] = [],
): Promise<ContractSource & { readonly opened: Opened }> {
  const opened = await openSplunkd({ indexedFields: indexed });
  const { splunkd, connector, close } = opened;
  const put = (dataset: Dataset, rows: readonly StoredRow[]): void =>
    splunkd.addEvents(
      dataset.name,
      rows.map((row) => eventOf(stampsOf(dataset), row)),
    );
  const optionsOf = (index: string) =>
    index === 'events' && indexed.length > 0 ? { index, indexed } : { index };
  const tainted = new Set<string>();
  /** Splunk's answers about a tainted dataset, and about no other, say that something was left out. */
  const aim = (dataset: Dataset): void => {
    splunkd.faults.clear();
    if (tainted.has(dataset.name)) splunkd.faults.next('minified-buckets', { times: 'forever' });
  };
  const aimed: Connector = {
    ...connector,
    probe: (dataset, signal) => {
      aim(dataset);
      return connector.probe(dataset, signal);
    },
    readSlices: (request, signal) => {
      aim(request.dataset);
      return connector.readSlices(request, signal);
    },
    readRecords: (request, signal) => {
      aim(request.dataset);
      return connector.readRecords(request, signal);
    },
    readSnapshot: (request, signal) => {
      aim(request.dataset);
      return connector.readSnapshot(request, signal);
    },
    readRows: (request, signal) => {
      aim(request.dataset);
      return connector.readRows(request, signal);
    },
    inspect: (dataset, signal) => {
      aim(dataset);
      return connector.inspect(dataset, signal);
    },
  };
  return {
    opened,
    connector: aimed,
    ...contractDatasets('siem', optionsOf, '_indextime'),
    replace: async (dataset, rows) => {
      splunkd.clear(dataset.name);
      tainted.delete(dataset.name);
      put(dataset, rows);
    },
    append: async (dataset, rows) => put(dataset, rows),
    taint: async (dataset) => {
      tainted.add(dataset.name);
      return true;
    },
    close,
  };
}

/** The fields of a row that hold its time and its arrival. */
interface Stamps {
  readonly time: string;
  readonly arrival: string | null;
}

const stampsOf = (dataset: Dataset): Stamps =>
  dataset.kind === 'events'
    ? { time: '@timestamp', arrival: 'event.ingested' }
    : { time: 'updated', arrival: 'updated' };

/** The event of a row: two of its times are Splunk's, the others stand in it in ISO 8601. */
export function eventOf({ time, arrival }: Stamps, { times, fields }: StoredRow): SplunkEvent {
  const at = times[time] ?? 0;
  const held = Object.entries(fields).map(([name, value]) => [name, textsOf(value)] as const);
  const written = Object.entries(times).map(([name, instant]) => [name, isoOf(instant)] as const);
  const all = [...held, ...written].filter(([name, texts]) => texts.length > 0 && name !== '@timestamp');
  return {
    _time: at / 1000,
    _indextime: ((arrival === null ? null : times[arrival]) ?? at) / 1000,
    fields: Object.fromEntries(all),
  };
}

const isoOf = (time: Instant | null | undefined): string[] =>
  time === null || time === undefined ? [] : [new Date(time).toISOString()];
