/** Events as a SIEM has them, in ECS words, the same in each run: made from their number alone. */
import type { Instant, Interval } from '../../../src/core/time/interval.ts';
import type { Admin } from '../../../test/servers/client.ts';

export interface Corpus {
  readonly index: string;
  readonly documents: number;
  /** Events are spread evenly over these. */
  readonly times: readonly Interval[];
  readonly users: number;
}

export const CODES = 100;
export const ACTIONS = [
  'logon',
  'logoff',
  'read',
  'write',
  'delete',
  'create',
  'grant',
  'revoke',
  'start',
  'stop',
];
const BATCH = 10_000;

/** Each a filter of its own; 1,000 of them cover all events once. */
export function termsOf(rule: number): Readonly<Record<string, string>> {
  return {
    'event.code': `c${rule % CODES}`,
    'event.action': ACTIONS[Math.floor(rule / CODES) % ACTIONS.length] ?? '',
  };
}

const keyword = { type: 'keyword' };
const date = { type: 'date' };
const MAPPING = {
  '@timestamp': date,
  event: {
    properties: {
      ingested: date,
      code: keyword,
      action: keyword,
      outcome: keyword,
      category: keyword,
      duration: { type: 'long' },
    },
  },
  user: { properties: { name: keyword, domain: keyword } },
  host: { properties: { name: keyword } },
  source: { properties: { ip: { type: 'ip' } } },
  message: { type: 'text' },
};

/** Makes the index and fills it. */
export async function fill(admin: Admin, corpus: Corpus): Promise<void> {
  const { index, documents } = corpus;
  await admin.send('PUT', `/${index}`, {
    settings: { number_of_shards: 1, number_of_replicas: 0, refresh_interval: '-1' },
    mappings: { properties: MAPPING },
  });
  let next = 0;
  const work = async () => {
    while (next < documents) {
      const from = next;
      next += BATCH;
      const numbers = Array.from({ length: Math.min(BATCH, documents - from) }, (_, i) => from + i);
      await admin.bulk(
        index,
        numbers.map((number) => documentOf(number, corpus)),
      );
    }
  };
  // One batch is made while the server takes in the others.
  await Promise.all([work(), work(), work()]);
  await admin.send('POST', `/${index}/_forcemerge?max_num_segments=5`);
}

function documentOf(number: number, { documents, times, users }: Corpus): object {
  const random = randomFrom(number);
  const time = timeAt((number + random()) / documents, times);
  return {
    '@timestamp': new Date(time).toISOString(),
    event: {
      ingested: new Date(time + 500 + Math.floor(random() * 20_000)).toISOString(),
      code: `c${Math.floor(random() * CODES)}`,
      action: ACTIONS[Math.floor(random() * ACTIONS.length)],
      outcome: random() < 0.1 ? 'failure' : 'success',
      category: 'authentication',
      duration: Math.floor(random() ** 4 * 1e9),
    },
    user: { name: `user-${number % users}`, domain: `d${number % 7}` },
    host: { name: `host-${Math.floor(random() * 500)}` },
    source: { ip: `10.${number % 200}.${Math.floor(random() * 200)}.7` },
    message: `session ${number} of user-${number % users} was seen`,
  };
}

/** The instant at this part (0 to 1) of the intervals, laid end to end. */
function timeAt(part: number, times: readonly Interval[]): Instant {
  let rest = part * times.reduce((sum, { start, end }) => sum + end - start, 0);
  for (const { start, end } of times) {
    if (rest < end - start) return Math.floor(start + rest);
    rest -= end - start;
  }
  throw new RangeError('beyond the last interval');
}

/** mulberry32, by Tommy Ettinger (public domain). */
function randomFrom(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
