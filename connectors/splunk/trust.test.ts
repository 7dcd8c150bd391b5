/** The silent wrongs of Splunk, on a server that really does them: each is an error, a warning, or told in the slice. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConnectorError } from '../../src/core/errors.ts';
import { EVERYTHING } from '../../src/core/filter/model.ts';
import { DAY, HOUR } from '../../src/core/time/interval.ts';
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
  RANGE,
  readSlices,
  records,
} from '../../test/fakes/splunk.ts';

const open = async (...options: Parameters<typeof openSplunkd>): Promise<Opened> => {
  const opened = await openSplunkd(...options);
  onTestFinished(opened.close);
  return opened;
};

const HOURLY = [event(1), event(2), event(61), event(130)];

describe('A zero', () => {
  it('of an index that is not there, or that the account may not search, is an error', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', HOURLY);
    for (const index of ['mian', 'other*', ['main', 'gone']]) {
      await expect(
        connector.probe(events({ options: { index } }), NEVER),
        String(index),
      ).rejects.toMatchObject({
        message: expect.stringMatching(/no index "/),
        retryable: false,
      });
    }
    expect(await counts(connector)).toEqual([2, 1, 1, 0]);
    splunkd.setRole('reader', { srchIndexesAllowed: ['web'] });
    await expect(counts(connector)).rejects.toBeInstanceOf(ConnectorError);
    await expect(connector.probe(events(), NEVER)).rejects.toMatchObject({
      message: expect.stringMatching(/may search/),
    });
  });

  it('of an index that is there is a zero', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', [event(-600)]);
    expect(await counts(connector)).toEqual([0, 0, 0, 0]);
  });

  it('of a dataset without an index, whose meaning would be the role’s, can’t be asked for', async () => {
    const { connector } = await open();
    await expect(counts(connector, { dataset: events({ options: {} }) })).rejects.toThrow('not valid');
  });
});

describe('A role', () => {
  it('whose time limit cuts off the beginning of a range makes it an error, not fewer events', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', HOURLY);
    expect(await counts(connector)).toEqual([2, 1, 1, 0]);
    splunkd.setRole('reader', { srchTimeWin: 3 * 3600 });
    await expect(counts(connector)).rejects.toMatchObject({
      message: expect.stringContaining('2026-01-01T01:00:00Z instead of 2026-01-01T00:00:00Z'),
      help: expect.stringContaining('srchTimeWin'),
      retryable: false,
    });
  });

  it('that is changed changes what the probe says of the account', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', HOURLY);
    const before = (await connector.probe(events(), NEVER)).access;
    expect(before).toContain('user clause9');
    expect((await connector.probe(events(), NEVER)).access).toBe(before);
    splunkd.setRole('reader', { srchFilter: 'user=a' });
    const after = (await connector.probe(events(), NEVER)).access;
    expect(after).not.toBe(before);
    expect(after).toContain('srchFilter=user=a');
    const { findings } = await connector.inspect(events(), NEVER);
    expect(findings.map(({ text }) => text).join()).toContain('srchFilter: user=a');
  });
});

describe('A peer', () => {
  it('that takes no part is noticed, also by an account that may not list the peers', async () => {
    for (const listed of [true, false]) {
      const { splunkd, connector, close } = await open();
      splunkd.addEvents('main', HOURLY);
      const messages = [{ type: 'ERROR' as const, text: 'You do not have permission to list peers.' }];
      const peers = {
        at: 'answer',
        on: 'info',
        did: false,
        answer: { kind: 'messages', status: 403, messages },
      } as const;
      // The sixth look: who it is, thrice, its account twice, then the peers.
      if (!listed) splunkd.faults.next(peers, { after: 5 });
      await connector.probe(events(), NEVER);
      expect(splunkd.faults.struck()).toBe(listed ? 0 : 1);
      splunkd.faults.next('peer-unsaid');
      await expect(counts(connector)).rejects.toMatchObject({
        message: expect.stringContaining('idx2'),
        retryable: true,
      });
      expect(await counts(connector)).toEqual([2, 1, 1, 0]);
      await close();
    }
  });
});

describe('Knowledge in Splunk', () => {
  it('that a dataset rests on, and that is changed, changes what the probe says', async () => {
    const access = async (definition: string) => {
      const { splunkd, connector, close } = await open({ macros: { logons: definition } });
      splunkd.addEvents('main', [event(1, { user: 'a' })]);
      const probe = await connector.probe(events({ filter: '`logons`' }), NEVER);
      const { batches } = await readSlices(connector, { dataset: events({ filter: '`logons`' }) });
      expect(JSON.stringify(batches[0]?.evidence.parameters)).toContain(definition);
      await close();
      return probe.access;
    };
    expect(await access('user=a')).toBe(await access('user=a'));
    expect(await access('user=*')).not.toBe(await access('user=a'));
  });
});

describe('A search of a person’s', () => {
  it.for([
    ['earliest=-1d user=a', /range of time/],
    ['_index_earliest=0', /range of time/],
    ['user=a | head 5', /may hold no `\|`/],
    ['[search index=x | fields user]', /subsearch/],
    ['user="a', /quote/],
    ['(user=a', /brackets/],
  ] as const)('may not be the filter %s', async ([filter, problem]) => {
    const { connector } = await open();
    const asked = counts(connector, { dataset: events({ filter }) });
    await expect(asked).rejects.toThrow('not valid');
    await expect(asked.catch((error: Error) => Promise.reject(error.cause))).rejects.toThrow(problem);
  });

  it.for(['| head 10', '| join user [search index=x]', '| dedup user', '| sort user', '| nosuch'])(
    'may not go on with %s',
    async (search) => {
      const { connector } = await open();
      await expect(
        counts(connector, { dataset: events({ options: { index: 'main', search } }) }),
      ).rejects.toThrow();
    },
  );

  it('narrows the dataset and computes fields, texts with any characters in them', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', [event(1, { user: 'a|head earliest=1' }), event(2, { user: 'b' })]);
    const dataset = events({
      filter: 'user="a|head earliest=1"',
      options: { index: 'main', search: '| eval who=user' },
    });
    const { readings } = await readSlices(connector, {
      dataset,
      types: { who: 'text' },
      measures: [measure(EVERYTHING, { type: 'count' }, ['who'])],
    });
    expect(readings[0]?.events).toBe(1);
    expect(readings[0]?.tallies.m).toEqual({ '["a|head earliest=1"]': { n: 1 } });
  });
});

describe('A field', () => {
  it('that no event has is an error; one that is too rare for a sample is looked for', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', [event(1, { rare: 'x', user: 'a' }), event(2, { user: 'b' })]);
    await expect(
      readSlices(connector, { types: {}, measures: [measure(like('usr', 'a'))] }),
    ).rejects.toMatchObject({ message: expect.stringContaining('"usr"') });
    const { readings } = await readSlices(connector, { types: {}, measures: [measure(like('rare', 'x'))] });
    expect(readings[0]?.tallies.m?.['[]']).toEqual({ n: 1 });
  });

  it('that is no number, or several, is left out of a sum, and counted', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents(
      'main',
      ['1.5', 'n/a', '0x10', ' 7', '1e999', ''].map((bytes) => event(1, { bytes })),
    );
    splunkd.addEvents('main', [event(1, { bytes: ['1', '2'] }), event(1)]);
    const { readings } = await readSlices(connector, {
      measures: [measure(EVERYTHING, { type: 'sum', field: 'bytes' })],
    });
    expect(readings[0]?.tallies.m?.['[]']).toEqual({ n: 8, sum: [1.5], skipped: 5 });
  });

  it('with several values counts an event once in a count, and once in each of its groups', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', [event(1, { user: ['a', 'b', 'a'] }), event(2)]);
    const { readings } = await readSlices(connector, {
      measures: [measure(like('user', '*')), measure(EVERYTHING, { type: 'count' }, ['user'], 'g')],
    });
    expect(readings[0]?.tallies).toEqual({
      m: { '[]': { n: 1 } },
      g: { '["a"]': { n: 1 }, '["b"]': { n: 1 }, '["(none)"]': { n: 1 } },
    });
  });
});

describe('A slice', () => {
  it('begins at the UTC hour and day, whatever zone the account lives in', async () => {
    for (const timeZone of ['UTC', 'Asia/Kolkata', 'America/St_Johns', 'Australia/Lord_Howe']) {
      const { splunkd, connector, close } = await open({
        users: { clause9: { roles: ['reader'], timeZone } },
      });
      splunkd.addEvents('main', [event(0), event(59.9), event(60), event(24 * 60 - 1), event(24 * 60)]);
      expect(await counts(connector)).toEqual([2, 1, 0, 0]);
      const days = { start: MIDNIGHT, end: MIDNIGHT + 2 * DAY };
      expect(await counts(connector, { range: days, grain: DAY })).toEqual([4, 1]);
      const known = new Map([
        [
          MIDNIGHT,
          {
            events: 4,
            maxIngested: MIDNIGHT + DAY - 59_000 + 999,
            digest: `${MIDNIGHT / 1000 + 1}-${(MIDNIGHT + DAY) / 1000 - 59}`,
          },
        ],
      ]);
      const revised = await connector.findRevised(
        {
          dataset: events(),
          types: {},
          grain: DAY,
          range: days,
          asOf: MIDNIGHT + 9 * DAY,
          known,
          cursor: null,
        },
        NEVER,
      );
      expect(revised.starts).toEqual([]);
      await close();
    }
  });

  it('knows an event when the second in which it came in is over, and not before', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', [event(1)]);
    const second = MIDNIGHT + 61_000;
    for (const [asOf, n] of [
      [second, 0],
      [second + 999, 0],
      [second + 1_000, 1],
    ] as const)
      expect((await counts(connector, { asOf }))[0], String(asOf - second)).toBe(n);
  });

  it('that events came into, or vanished from, after it was read is found', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', HOURLY);
    const asOf = MIDNIGHT + 10 * HOUR;
    const { readings } = await readSlices(connector, { asOf });
    const known = new Map(
      readings.map(({ start, events: n, maxIngested, digest }) => [
        start,
        { events: n, maxIngested, digest },
      ]),
    );
    const find = (at: number, cursor: string | null) =>
      connector.findRevised(
        { dataset: events(), types: {}, grain: HOUR, range: RANGE, asOf: at, known, cursor },
        NEVER,
      );
    const first = await find(asOf, null);
    expect(first.starts).toEqual([]);
    // Late: in an old slice, and in one that had none.
    splunkd.addEvents(
      'main',
      [200, 70].map((minutes) => ({ ...event(minutes), _indextime: asOf / 1000 + 60 })),
    );
    const before = splunkd.searches.length;
    const second = await find(asOf + HOUR, first.cursor);
    expect(second.starts).toEqual([MIDNIGHT + HOUR, MIDNIGHT + 3 * HOUR]);
    expect(splunkd.searches.slice(before).every((search) => search.startsWith('| tstats'))).toBe(true);
    // Nothing new: one question, of the index alone.
    const third = await find(asOf + 2 * HOUR, second.cursor);
    expect(third.starts).toEqual([]);
    expect(splunkd.searches.length).toBe(before + 3);
    // An event that vanished tells nothing by itself: once a day all are counted.
    splunkd.clear('main');
    splunkd.addEvents('main', HOURLY.slice(1));
    expect((await find(asOf + 3 * HOUR, third.cursor)).starts).toEqual([]);
    expect((await find(asOf + 25 * HOUR, third.cursor)).starts).toEqual([MIDNIGHT]);
  });
});

describe('What nobody could try on a real Splunk', () => {
  it.for([
    { searchNumericEquality: true },
    { evalNumericTexts: true },
    { fold: 'ascii' },
    { numbers: 'strtod' },
    { digits: 15 },
  ] as const)('makes no difference: %o', async (dialect) => {
    const { splunkd, connector } = await open({ dialect });
    const codes = ['4625', '4625.0', '04625', ' 4625', '0x1211', 'inf', '1e3', 'K', '\u212a', 'k'];
    splunkd.addEvents(
      'main',
      codes.map((code) => event(1, { code, bytes: '0.1' })),
    );
    const number = (value: number) =>
      ({ op: 'test', field: 'code', predicate: { kind: 'number', value } }) as const;
    const above = {
      op: 'test',
      field: 'code',
      predicate: { kind: 'compare', op: 'gt', value: 999 },
    } as const;
    const measures = [number(4625), like('code', 'k'), above].map((where, i) =>
      measure(where, { type: 'count' }, [], String(i)),
    );
    const { readings, batches } = await readSlices(connector, {
      types: { code: 'text', bytes: 'text' },
      measures: [...measures, measure(EVERYTHING, { type: 'max', field: 'bytes' }, [], 'max')],
    });
    expect([0, 1, 2].map((i) => readings[0]?.tallies[i]?.['[]']?.n)).toEqual([2, 2, 4]);
    expect(readings[0]?.tallies.max?.['[]']?.max).toBe(0.1);
    const warned = batches.flatMap(({ evidence }) => evidence.warnings).join();
    expect(warned.includes('15 digits')).toBe('digits' in dialect);
  });
});

describe('Records', () => {
  it('are an error, not fewer, where a role’s time limit hides the older ones', async () => {
    const { splunkd, connector } = await open({ nowMs: () => MIDNIGHT + 4 * HOUR });
    splunkd.addEvents('main', [event(1, { id: '1', revision: '1', opened: '2026-01-01T00:01:00Z' })]);
    const { types } = await connector.probe(records(), NEVER);
    const read = async (cursor: string | null) => {
      const request = { dataset: records(), types, fields: [], asOf: MIDNIGHT + 4 * HOUR, cursor };
      const { value } = await connector.readRecords(request, NEVER)[Symbol.asyncIterator]().next();
      return value;
    };
    const { records: found, cursor } = await read(null);
    expect(found).toHaveLength(1);
    splunkd.setRole('reader', { srchTimeWin: 3600 });
    for (const last of [null, cursor])
      await expect(read(last)).rejects.toMatchObject({ help: expect.stringContaining('srchTimeWin') });
  });

  it('whose opening stands in a field that no event has are refused: there would be none at all', async () => {
    const { splunkd, connector } = await open();
    splunkd.addEvents('main', [event(1, { id: '1', revision: '1', opened: '2026-01-01T10:00:00Z' })]);
    const dataset = records({ opened: 'opend', closed: ['fixed'] });
    const { types } = await connector.probe(dataset, NEVER);
    expect([types.opend, types.fixed]).toEqual([undefined, undefined]);
    const request = { dataset, types, fields: [], asOf: MIDNIGHT + HOUR, cursor: null };
    await expect(connector.readRecords(request, NEVER)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      message: 'No event has a field "opend"',
      help: 'Did you mean `opened`?',
      retryable: false,
    });
  });

  it('that have no key, or a time that is none, are told, and again where nothing is new', async () => {
    const { splunkd, connector } = await open();
    const good = { id: '1', revision: '1', opened: '2026-01-01 10:00:00+0100' };
    splunkd.addEvents('main', [
      event(1, good),
      event(2, { ...good, id: '' }),
      event(3, { ...good, closed: 'soon' }),
    ]);
    const read = async (asOf: number, cursor: string | null) => {
      const batches = [];
      const request = { dataset: records(), types: {}, fields: [], asOf, cursor };
      for await (const batch of connector.readRecords(request, NEVER)) batches.push(batch);
      return batches;
    };
    const [first] = await read(MIDNIGHT + HOUR, null);
    expect(first?.quality).toBe('partial');
    expect(first?.records.map(({ key, opened: at }) => [key, at])).toEqual([['1', MIDNIGHT + 9 * HOUR]]);
    expect(first?.evidence.warnings.join('\n')).toMatch(/no time in "closed": soon[\s\S]*no single "id"/);
    const [again] = await read(MIDNIGHT + 2 * HOUR, first?.cursor ?? null);
    expect(again?.records).toEqual([]);
    expect(again?.quality).toBe('partial');
  });
});
