/** The fake's indexes: events as they were put in, and what a search may see of them. */
import type { FieldText, SplunkEvent, StoredEvent } from './model.ts';
import { formatNumber } from './spl/value.ts';

export interface EventStore {
  readonly add: (index: string, events: readonly SplunkEvent[]) => void;
  readonly clear: (index?: string) => void;
  readonly names: () => readonly string[];
  readonly of: (index: string) => readonly StoredEvent[];
}

const PRINT = { digits: 17 } as const;

/** Events go to the peers in turn, as they come. */
export function createStore(peers: readonly string[], nowSeconds: () => number): EventStore {
  const indexes = new Map<string, StoredEvent[]>();
  let serial = 0;
  const store = (index: string, event: SplunkEvent): StoredEvent => {
    const at = serial++;
    const peer = peers[at % peers.length] ?? '';
    const indexTime = Math.floor(event._indextime ?? nowSeconds());
    return {
      time: event._time,
      indexTime,
      index,
      peer,
      serial: at,
      fields: cellsOf(index, event, { peer, indexTime, at }),
    };
  };
  return {
    add: (index, events) => {
      const list = indexes.get(index) ?? [];
      for (const event of events) list.push(store(index, event));
      indexes.set(index, list);
    },
    clear: (index) => {
      if (index === undefined) indexes.clear();
      else indexes.set(index, []);
    },
    names: () => [...indexes.keys()].sort(),
    of: (index) => indexes.get(index) ?? [],
  };
}

interface Place {
  readonly peer: string;
  readonly indexTime: number;
  readonly at: number;
}

function cellsOf(
  index: string,
  event: SplunkEvent,
  { peer, indexTime, at }: Place,
): ReadonlyMap<string, FieldText> {
  const host = event.host ?? 'localhost';
  const source = event.source ?? 'fake';
  const sourcetype = event.sourcetype ?? 'fake';
  const cells = new Map<string, FieldText>();
  for (const [name, value] of Object.entries(event.fields)) {
    if (typeof value === 'string') cells.set(name, value);
    else if (value.length === 1) cells.set(name, value[0] ?? '');
    else if (value.length > 1) cells.set(name, value);
  }
  const own: Readonly<Record<string, FieldText>> = {
    _time: formatNumber(event._time, PRINT),
    _indextime: String(indexTime),
    _raw: event._raw ?? JSON.stringify(event.fields),
    _cd: `1:${at}`,
    _bkt: `${index}~1~FAKE`,
    _serial: String(at),
    _si: [peer, index],
    _sourcetype: sourcetype,
    host,
    source,
    sourcetype,
    index,
    splunk_server: peer,
    linecount: '1',
  };
  for (const [name, text] of Object.entries(own)) cells.set(name, text);
  return cells;
}

/**
 * What Splunk's automatic extraction makes of a JSON event: all texts, nested objects with dots, arrays as `tags{}`,
 * arrays of objects as `tags{}.name`. A null or an empty array is no field.
 */
export function extractJson(
  value: unknown,
  prefix = '',
  into = new Map<string, string[]>(),
): Record<string, FieldText> {
  collect(value, prefix, into);
  const entries = [...into].map(([name, texts]): [string, FieldText] => [
    name,
    texts.length === 1 ? (texts[0] ?? '') : texts,
  ]);
  return Object.fromEntries(entries);
}

function collect(value: unknown, prefix: string, into: Map<string, string[]>): void {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, `${prefix}{}`, into);
  } else if (typeof value === 'object') {
    for (const [name, item] of Object.entries(value))
      collect(item, prefix === '' ? name : `${prefix}.${name}`, into);
  } else into.set(prefix, [...(into.get(prefix) ?? []), String(value)]);
}
