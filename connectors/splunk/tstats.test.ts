/** What is counted by the index alone: the same numbers as by reading the events, or a plain search, or an error. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConnectorError } from '../../src/core/errors.ts';
import { EVERYTHING } from '../../src/core/filter/model.ts';
import { DAY, HOUR } from '../../src/core/time/interval.ts';
import type { SliceReading } from '../../src/ports/connector.ts';
import { FIELDS, GROUPINGS, START } from '../../test/contract/connector-data.ts';
import type { StoredRow } from '../../test/contract/connector-harness.ts';
import { anyFilter, anyRows } from '../../test/contract/connector-random.ts';
import { eventOf, splunkHarness } from '../../test/contract/harness-splunk.ts';
import {
  counts,
  event,
  events,
  like,
  MIDNIGHT,
  measure,
  NEVER,
  type Opened,
  openSplunkd,
  readSlices,
} from '../../test/fakes/splunk.ts';
import { FAULTS } from '../../test/fakes/splunkd/index.ts';
import { datasetOptions, FIELD_NAME } from './options.ts';

const INDEXED = events({ options: { index: 'main', indexed: ['user', 'action'] } });
const MODEL = events({ options: { index: 'main', datamodel: 'Authentication.Authentication' } });
const TYPES = { user: 'text', action: 'text', bytes: 'text' } as const;
const MODEL_TYPES = { 'Authentication.user': 'text', 'Authentication.action': 'text' } as const;

const open = async (options: Parameters<typeof openSplunkd>[0] = {}): Promise<Opened> => {
  const opened = await openSplunkd({
    indexedFields: ['user', 'action'],
    dataModels: {
      Authentication: {
        search: 'index=main',
        fields: { 'Authentication.user': 'user', 'Authentication.action': 'action' },
        summarisedUntil: MIDNIGHT / 1000 + 600,
      },
    },
    ...options,
  });
  onTestFinished(opened.close);
  return opened;
};

const DATA = [
  event(1, { user: 'a', action: 'failure', bytes: '3' }),
  event(2, { user: 'a', action: 'Failure', bytes: '4' }),
  event(3, { user: 'b', action: 'success', bytes: '5' }),
  event(4, { action: 'failure' }),
  event(5, { user: '' }),
  event(61, { user: 'c', action: 'failure' }),
];

const MEASURES = [
  measure(EVERYTHING, { type: 'count' }, [], 'all'),
  measure(like('action', 'failure'), { type: 'count' }, [], 'failed'),
  measure(like('action', 'failure'), { type: 'count' }, ['user'], 'failed by user'),
  measure(EVERYTHING, { type: 'distinct', field: 'user' }, [], 'users'),
];

describe('Measures of indexed fields', () => {
  it('are counted by the index alone, as by reading the events', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', DATA);
    const ask = { types: TYPES, measures: MEASURES };
    const plain = await readSlices(connector, ask);
    await readSlices(connector, { ...ask, dataset: INDEXED });
    const before = splunkd.searches.length;
    const fast = await readSlices(connector, { ...ask, dataset: INDEXED });
    expect(fast.readings).toEqual(plain.readings);
    expect(fast.readings[0]?.tallies).toEqual({
      all: { '[]': { n: 5 } },
      failed: { '[]': { n: 3 } },
      'failed by user': { '["a"]': { n: 2 }, '["(none)"]': { n: 1 } },
      users: { '[]': { n: 5, distinct: { exact: ['a', 'b'] } } },
    });
    // The census, one without a group, one for the group, one for the distinct values.
    const asked = splunkd.searches.slice(before);
    expect(asked).toHaveLength(4);
    expect(asked.filter((search) => !search.startsWith('| tstats '))).toEqual([]);
  });

  it('stand beside others that the events are read for, and both count the same', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', DATA);
    const measures = [...MEASURES, measure(EVERYTHING, { type: 'sum', field: 'bytes' }, ['user'], 'bytes')];
    const ask = { types: TYPES, measures };
    const plain = await readSlices(connector, ask);
    const mixed = await readSlices(connector, { ...ask, dataset: INDEXED });
    expect(mixed.readings).toEqual(plain.readings);
    expect(mixed.batches[0]?.evidence.query).toMatch(/\| tstats [\s\S]*\nsearch /);
  });

  it('begin where slices do, whatever zone the account lives in', async () => {
    for (const timeZone of ['Asia/Kolkata', 'America/St_Johns', 'Australia/Lord_Howe']) {
      const { splunkd, connector, close } = await open({
        users: { clause9: { roles: ['reader'], timeZone } },
      });
      splunkd.addEvents('main', [event(0), event(59.9), event(60), event(24 * 60 - 1), event(24 * 60)]);
      const dataset = INDEXED;
      const measures = MEASURES;
      expect(await counts(connector, { dataset, types: TYPES, measures })).toEqual([2, 1, 0, 0]);
      const range = { start: MIDNIGHT, end: MIDNIGHT + 2 * DAY };
      expect(await counts(connector, { dataset, types: TYPES, measures, range, grain: DAY })).toEqual([4, 1]);
      await close();
    }
  });

  it('count only what had come in', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', [
      ...DATA,
      { ...event(7, { user: 'late' }), _indextime: MIDNIGHT / 1000 + 9_000 },
    ]);
    const ask = { dataset: INDEXED, measures: MEASURES };
    expect(await counts(connector, { ...ask, asOf: MIDNIGHT + 9_000_000 })).toEqual([5, 1, 0, 0]);
    expect(await counts(connector, { ...ask, asOf: MIDNIGHT + 9_001_000 })).toEqual([6, 1, 0, 0]);
  });

  it('with several values are counted by reading the events, and the evidence says so', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', [...DATA, event(6, { user: ['a', 'b'], action: 'failure' })]);
    const ask = { types: TYPES, measures: MEASURES };
    const plain = await readSlices(connector, ask);
    const { readings, batches } = await readSlices(connector, { ...ask, dataset: INDEXED });
    expect(readings).toEqual(plain.readings);
    expect(batches[0]?.evidence.warnings.join()).toMatch(/plain search.*7 events of 6/);
  });

  it('that are not indexed are no zero, but an error', async () => {
    const { splunkd, connector } = await open({ indexedFields: ['action'] });
    splunkd.addEvents('main', DATA);
    await expect(
      readSlices(connector, { dataset: INDEXED, types: TYPES, measures: MEASURES }),
    ).rejects.toMatchObject({ message: expect.stringContaining('differently'), retryable: false });
    // By the one that is indexed all is well.
    const measures = MEASURES.slice(0, 2);
    const { readings } = await readSlices(connector, { dataset: INDEXED, types: TYPES, measures });
    expect(readings[0]?.tallies.failed).toEqual({ '[]': { n: 3 } });
  });

  it('of which there is no event are counted by reading, and by looking whether the index is there', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', [event(-600)]);
    expect(await counts(connector, { dataset: INDEXED, types: TYPES, measures: MEASURES })).toEqual([
      0, 0, 0, 0,
    ]);
    expect(splunkd.searches.some((search) => search.startsWith('search '))).toBe(true);
    const gone = events({ options: { index: 'gone', indexed: ['user'] } });
    await expect(counts(connector, { dataset: gone })).rejects.toThrow('no index "gone"');
  });

  it('are of the same data as without: no slice is read again for that', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', DATA);
    const [plain, fast] = [await connector.probe(events(), NEVER), await connector.probe(INDEXED, NEVER)];
    expect(fast.identity).toBe(plain.identity);
  });
});

describe('A fault of splunkd', () => {
  const silent = Object.entries(FAULTS).filter(
    ([, effect]) => effect.at === 'page' || (effect.at === 'job' && !('stuck' in effect)),
  );

  it('at any of the searches never becomes another number', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', DATA);
    const ask = { dataset: INDEXED, types: TYPES, measures: MEASURES };
    const { readings: undisturbed } = await readSlices(connector, ask);
    const outcomes = new Map<string, number>();
    for (const [name, effect] of silent)
      for (const after of [0, 2]) {
        splunkd.faults.next(effect, { after });
        const [disturbed] = await Promise.allSettled([readSlices(connector, ask)]);
        splunkd.faults.clear();
        const outcome = outcomeOf(disturbed, undisturbed);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        expect(outcome, `${name} after ${after}`).not.toBe('another number');
      }
    expect([...outcomes.keys()].sort()).toEqual(['an error', 'partial', 'right']);
  });
});

function outcomeOf(
  read: PromiseSettledResult<Awaited<ReturnType<typeof readSlices>>>,
  undisturbed: readonly SliceReading[],
): string {
  if (read.status === 'rejected') return read.reason instanceof ConnectorError ? 'an error' : 'a bug';
  const { readings } = read.value;
  if (isDeepStrictEqual(readings, undisturbed)) return 'right';
  return readings.every(({ quality }) => quality === 'partial') ? 'partial' : 'another number';
}

describe('Random events under random filters', () => {
  const fields = FIELDS.filter((field) => FIELD_NAME.test(field));
  const types = Object.fromEntries(FIELDS.map((field) => [field, 'text' as const]));
  const stamps = { time: '@timestamp', arrival: 'event.ingested' };
  const range = { start: START, end: START + 6 * HOUR };

  it.for([
    ['one value', (row: StoredRow) => lists(row) === 0],
    ['several values', () => true],
  ] as const)('of fields with %s are counted as by reading the events', async ([values, keeps]) => {
    const { splunkd, connector } = await open({ indexedFields: fields });
    const told = new Set<string>();
    const property = fc.asyncProperty(
      anyRows,
      fc.array(anyFilter, { minLength: 8, maxLength: 8 }),
      async (rows, filters) => {
        splunkd.clear('main');
        splunkd.addEvents(
          'main',
          rows.filter(keeps).map((row) => eventOf(stamps, row)),
        );
        const measures = filters
          .filter((where) => !splunkHarness.refuses(where))
          .map((where, i) =>
            measure(
              where,
              i % 3 === 0 ? { type: 'distinct', field: fields[i % 5] ?? '' } : { type: 'count' },
              GROUPINGS[i % GROUPINGS.length],
              String(i),
            ),
          );
        const ask = { types, measures, range, asOf: START + 3 * HOUR };
        const plain = await readSlices(connector, ask);
        const dataset = events({ options: { index: 'main', indexed: fields } });
        const fast = await readSlices(connector, { ...ask, dataset });
        expect(fast.readings).toEqual(plain.readings);
        told.add(fast.batches.flatMap(({ evidence }) => evidence.warnings).join());
      },
    );
    await fc.assert(property, { numRuns: 12 });
    expect([...told].some((warning) => warning.includes('plain search'))).toBe(values === 'several values');
  });
});

const lists = ({ fields }: StoredRow): number =>
  Object.values(fields).filter((value) => typeof value === 'object' && value !== null && value.length > 1)
    .length;

describe('A data model', () => {
  const measures = MEASURES.map(({ where: _, ...rest }) => ({
    ...rest,
    where: rest.id.startsWith('failed') ? like('Authentication.action', 'failure') : EVERYTHING,
    groupBy: rest.groupBy.map((field) => `Authentication.${field}`),
    aggregate:
      rest.aggregate.type === 'distinct'
        ? ({ type: 'distinct', field: 'Authentication.user' } as const)
        : rest.aggregate,
  }));
  const ask = { dataset: MODEL, types: MODEL_TYPES, measures };

  it('gives what it holds, summarised or not', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', DATA);
    const probe = await connector.probe(MODEL, NEVER);
    expect(Object.keys(probe.types)).toContain('Authentication.user');
    expect(probe.access).toContain('knowledge of logons');
    const { readings, batches } = await readSlices(connector, ask);
    expect(readings.map(({ events: n }) => n)).toEqual([5, 1, 0, 0]);
    // A value that is not there is the model's own word.
    expect(readings[0]?.tallies['failed by user']).toEqual({
      '["a"]': { n: 2 },
      '["unknown"]': { n: 1 },
    });
    expect(batches[0]?.evidence.query).toContain('summariesonly=false allow_old_summaries=false');
    expect(batches[0]?.evidence.query).not.toContain('search');
    const { readings: plain } = await readSlices(connector, {
      ...ask,
      measures: [measure(EVERYTHING, { type: 'sum', field: 'bytes' })],
      types: { bytes: 'text' },
    });
    expect(plain.map(({ events: n, digest }) => [n, digest])).toEqual(
      readings.map(({ events: n, digest }) => [n, digest]),
    );
  });

  it('whose summaries lack events is an error, not fewer events', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', DATA);
    await readSlices(connector, { ...ask, measures: [] });
    // Each of the searches of summaries finds half of the events, without a word.
    splunkd.faults.next({ at: 'job', loses: 'older-half' }, { times: 4 });
    await expect(readSlices(connector, ask)).rejects.toMatchObject({
      message: expect.stringContaining('differently'),
      help: expect.stringContaining('datamodel'),
    });
  });

  it('is not asked for a role with a filter, which it would not keep to', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', DATA);
    await connector.probe(MODEL, NEVER);
    splunkd.setRole('reader', { srchFilter: 'user=a' });
    for (const asked of [() => connector.probe(MODEL, NEVER), () => readSlices(connector, ask)])
      await expect(asked()).rejects.toMatchObject({
        message: expect.stringMatching(/reader has a filter \(srchFilter: user=a\)/),
        retryable: false,
      });
    // The index itself keeps to it.
    const { readings } = await readSlices(connector, { dataset: INDEXED, types: TYPES, measures: MEASURES });
    expect(readings[0]?.events).toBe(2);
  });

  it('shows its events and values by the same names, and leads to them', async () => {
    const { splunkd, another } = await open();
    splunkd.addEvents('main', DATA);
    const connector = await another({ webUrl: 'https://splunk.example:8000' });
    const range = { start: MIDNIGHT, end: MIDNIGHT + HOUR };
    const look = { ...ask, where: like('Authentication.action', 'failure'), range };
    const { rows } = await connector.readRows({ ...look, asOf: MIDNIGHT + 9 * HOUR, limit: 2 }, NEVER);
    expect(rows.map((row) => row['Authentication.user'])).toEqual(['unknown', 'a']);
    const top = await connector.topValues({ ...look, field: 'Authentication.user', limit: 1 }, NEVER);
    expect(top).toEqual({ values: [{ text: 'a', events: 2 }], present: 3, events: 3 });
    const link = new URL(connector.link(look) ?? '');
    expect(link.searchParams.get('q')).toMatch(/^\| datamodel Authentication Authentication search /);
  });

  it('finds late events by its own account of arrivals', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', DATA);
    const asOf = MIDNIGHT + 10 * HOUR;
    const { readings } = await readSlices(connector, { ...ask, asOf });
    const known = new Map(readings.map(({ start, ...rest }) => [start, rest]));
    const range = { start: MIDNIGHT, end: MIDNIGHT + 4 * HOUR };
    const request = { dataset: MODEL, types: MODEL_TYPES, grain: HOUR, range, known } as const;
    const first = await connector.findRevised({ ...request, asOf, cursor: null }, NEVER);
    expect(first.starts).toEqual([]);
    splunkd.addEvents('main', [{ ...event(70), _indextime: asOf / 1000 + 60 }]);
    const second = await connector.findRevised(
      { ...request, asOf: asOf + HOUR, cursor: first.cursor },
      NEVER,
    );
    expect(second.starts).toEqual([MIDNIGHT + HOUR]);
  });
});

describe('The options of a dataset', () => {
  it('say what the index can’t answer', async () => {
    const { connector } = await open();
    for (const wrong of [
      { index: 'main', indexed: ['a b'] },
      { index: 'main', indexed: [] },
      { index: 'main', indexed: ['a'], search: '| eval a=1' },
      { index: 'main', indexed: ['a'], datamodel: 'A.B' },
      { index: 'main', datamodel: 'Authentication' },
      { index: 'main', datamodel: 'A.B | delete' },
      { lookup: 'x', datamodel: 'A.B' },
    ])
      expect(datasetOptions.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
    await expect(counts(connector, { dataset: { ...INDEXED, filter: 'user=a' } })).rejects.toThrow(
      '`filter`',
    );
  });
});
