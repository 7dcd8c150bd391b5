import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Filter } from '../../src/core/filter/model.ts';
import {
  events,
  type Folder,
  like,
  line,
  measure,
  NEVER,
  openFolder,
  readDay,
  snapshot,
  writeParquet,
} from '../../test/fakes/files.ts';

let folder: Folder;
afterEach(() => folder?.close());

const total = (read: Awaited<ReturnType<typeof readDay>>) =>
  read.readings.reduce((sum, { tallies }) => sum + (tallies.m?.['[]']?.n ?? 0), 0);

describe('fields of NDJSON', () => {
  it('are found nested, under dotted names, and in any mixture', async () => {
    const ways = [
      { a: { b: { c: 1 } } },
      { 'a.b.c': 1 },
      { 'a.b': { c: 1 } },
      { a: { 'b.c': 1 } },
      { a: { b: 1 } },
      { a: [{ b: { c: 1 } }] },
    ];
    folder = await openFolder({ 'a.ndjson': ways.map((way) => line(1, way)).join('') });
    const where: Filter = { op: 'test', field: 'a.b.c', predicate: { kind: 'number', value: 1 } };
    expect(total(await readDay(folder, events({ files: '*.ndjson' }), [measure(where)]))).toBe(4);
  });

  it('may have any name', async () => {
    for (const name of [
      '"quoted"',
      "it's",
      'a/b~c',
      '$1',
      'select',
      'r',
      'ünï',
      'a b',
      '*',
      '',
      '0',
      'time.x',
    ]) {
      folder = await openFolder({
        'a.ndjson': line(1, { [name]: 'x' }),
        'b.csv': `time,"${name.replaceAll('"', '""')}"\n2026-01-01,x\n`,
      });
      expect(
        total(await readDay(folder, events({ files: '*.ndjson' }), [measure(like(name, 'X'))])),
        name,
      ).toBe(1);
      if (name !== '')
        expect(
          total(await readDay(folder, events({ files: '*.csv' }), [measure(like(name, 'X'))])),
          name,
        ).toBe(1);
      await folder.close();
    }
    folder = await openFolder();
  });

  it('keep the digits of numbers that a double can not hold', async () => {
    folder = await openFolder({ 'a.ndjson': `${line(1).trim().slice(0, -1)},"id":9007199254740993}\n` });
    const read = await readDay(folder, events({ files: '*.ndjson' }), [
      measure(undefined, { type: 'distinct', field: 'id' }),
    ]);
    expect(read.readings[1]?.tallies.m?.['[]']?.distinct).toEqual({ exact: ['9007199254740993'] });
  });

  it('are what the configuration says', async () => {
    folder = await openFolder({ 'a.ndjson': line(1, { code: '0517', ok: 'TRUE', n: 5 }) });
    const options = { files: '*.ndjson', types: { code: 'number', ok: 'boolean', n: 'text', rare: 'text' } };
    const number: Filter = { op: 'test', field: 'code', predicate: { kind: 'number', value: 517 } };
    const rare: Filter = { op: 'not', of: { op: 'test', field: 'rare', predicate: { kind: 'exists' } } };
    for (const where of [number, like('code', '517'), like('ok', 'true'), like('n', '5'), rare]) {
      expect(total(await readDay(folder, events(options), [measure(where)])), JSON.stringify(where)).toBe(1);
    }
  });
});

describe('columns of CSV', () => {
  it('get a number when a name comes again', async () => {
    folder = await openFolder({
      'a.csv': 'time,category,category,Category,\n2026-01-01T01:00:00Z,a,b,c,d\n',
    });
    const { types } = await folder.connector.probe(events({ files: '*.csv' }), NEVER);
    expect(Object.keys(types)).toEqual(['time', 'category', 'category_1', 'Category', 'column4']);
    for (const [name, value] of [
      ['category', 'a'],
      ['category_1', 'b'],
      ['Category', 'c'],
      ['column4', 'd'],
    ] as const) {
      expect(
        total(await readDay(folder, events({ files: '*.csv' }), [measure(like(name, value))])),
        name,
      ).toBe(1);
    }
  });

  it('go by their names, in whatever order a file has them', async () => {
    folder = await openFolder({
      'a.csv': 'time,x,y\n2026-01-01T01:00:00Z,1,a\n',
      'b.csv': '\uFEFF"y","time"\r\nb,2026-01-01T02:00:00Z\r\n',
      'c.tsv': 'time\ty\n2026-01-01T03:00:00Z\ta,b\n',
      'd.csv': 'time,x,y\n2026-01-01T04:00:00Z,2,"a"\n',
    });
    const dataset = events({ files: ['*.csv', '*.tsv'] });
    const read = await readDay(folder, dataset, [measure(undefined, { type: 'count' }, ['y'])]);
    expect(read.readings.slice(1, 5).map(({ tallies }) => Object.keys(tallies.m ?? {}))).toEqual([
      ['["a"]'],
      ['["b"]'],
      ['["a,b"]'],
      ['["a"]'],
    ]);
    expect(read.evidence.warnings).toEqual([]);
  });

  it('may have their names in the configuration, and another delimiter', async () => {
    folder = await openFolder({ 'a.csv': '2026-01-01T01:00:00Z;"x;y"\n2026-01-01T02:00:00Z;\n' });
    const dataset = events({ files: '*.csv', columns: ['time', 'text'], delimiter: ';', nulls: ['-'] });
    const read = await readDay(folder, dataset, [measure(like('text', 'x;y'))]);
    expect([read.hours, total(read)]).toEqual([{ 1: 1, 2: 1 }, 1]);
  });
});

describe('Parquet', () => {
  it('gives nested columns as dotted names, lists as several values, and files with other columns together', async () => {
    folder = await openFolder();
    await writeParquet(
      join(folder.path, 'a.parquet'),
      "SELECT TIMESTAMP '2026-01-01 01:00:00' AS time, {'action': 'Logon', 'tags': ['x', 'y']} AS event, 5::TINYINT AS n, 1.5::DECIMAL(9,2) AS d, MAP {'k': 1} AS m, 'u'::BLOB AS b",
    );
    await writeParquet(
      join(folder.path, 'b.parquet'),
      "SELECT 'z' AS more, TIMESTAMP '2026-01-01 02:00:00' AS time",
    );
    const dataset = events({ files: '*.parquet' });
    const { types } = await folder.connector.probe(dataset, NEVER);
    expect(types).toEqual({
      time: 'time',
      'event.action': 'text',
      'event.tags': 'text',
      n: 'number',
      d: 'number',
      more: 'text',
    });
    for (const where of [
      like('event.action', 'LOGON'),
      like('event.tags', 'Y'),
      like('n', '5'),
      like('d', '1.5'),
      like('more', 'z'),
    ]) {
      expect(total(await readDay(folder, dataset, [measure(where)])), JSON.stringify(where)).toBe(1);
    }
  });

  it('leaves numbers that are not finite out, and counts them', async () => {
    folder = await openFolder();
    await writeParquet(
      join(folder.path, 'a.parquet'),
      "SELECT TIMESTAMP '2026-01-01 01:00:00' AS time, unnest([1.5, 'nan'::DOUBLE, 'inf'::DOUBLE, NULL]) AS x",
    );
    const read = await readDay(folder, events({ files: '*.parquet' }), [
      measure(undefined, { type: 'sum', field: 'x' }),
    ]);
    expect(read.readings[1]?.tallies.m).toEqual({ '[]': { n: 4, skipped: 2, sum: [1.5] } });
  });
});

describe('null tokens', () => {
  it('are no values, in lists neither, and no times', async () => {
    folder = await openFolder({
      'a.ndjson':
        line(1, { x: '?' }) + line(2, { x: ['?', 'a'] }) + line(3, { x: 'N/A' }) + line(4, { x: 'a?' }),
    });
    const where: Filter = { op: 'test', field: 'x', predicate: { kind: 'exists' } };
    const read = await readDay(folder, events({ files: '*.ndjson', nulls: ['?', 'N/A'] }), [
      measure(where),
      { ...measure(), id: 'g', groupBy: ['x'] },
    ]);
    expect(total(read)).toBe(2);
    expect(read.readings.slice(1, 5).flatMap(({ tallies }) => Object.keys(tallies.g ?? {}))).toEqual([
      '["(none)"]',
      '["a"]',
      '["(none)"]',
      '["a?"]',
    ]);
  });
});

describe('a list', () => {
  it('has numbers, booleans, lists and texts as they are', async () => {
    folder = await openFolder({ 'a.ndjson': '{"a":1.5,"b":true,"c":["x",null,2],"d":{"e":"f"},"g":null}\n' });
    const request = {
      dataset: snapshot({ files: '*.ndjson', types: { g: 'text' } }),
      types: {},
      fields: ['a', 'b', 'c', 'd.e', 'g'],
    };
    const { rows } = await folder.connector.readSnapshot(request, NEVER);
    expect(rows).toEqual([{ a: 1.5, b: true, c: ['x', null, 2], 'd.e': 'f', g: null }]);
  });
});
