import { appendFile, rename, rm, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/core/errors.ts';
import type { Filter } from '../../src/core/filter/model.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import {
  DAY_RANGE,
  events,
  type Folder,
  like,
  line,
  measure,
  NEVER,
  openFolder,
  readDay,
  readRecords,
  records,
  writeParquet,
} from '../../test/fakes/files.ts';
import { datasetOptions, sourceOptions } from './options.ts';

let folder: Folder;
afterEach(() => folder?.close());

const total = (read: Awaited<ReturnType<typeof readDay>>) =>
  read.readings.reduce((sum, { tallies }) => sum + (tallies.m?.['[]']?.n ?? 0), 0);

describe('the files of a dataset', () => {
  it('are found by patterns, through folders, plain and compressed together', async () => {
    folder = await openFolder({
      'logs/a.ndjson': line(1),
      'logs/deep/er/b.ndjson.gz': gzipSync(line(2)),
      'logs/deep/c.jsonl': line(3),
      'other/d.ndjson': line(4),
      'logs/e.txt': 'not for us',
    });
    const read = await readDay(
      folder,
      events({ files: ['logs/**/*.ndjson*', 'logs/deep/*.jsonl', 'logs/**/*.gz'] }),
    );
    expect(read.hours).toEqual({ 1: 1, 2: 1, 3: 1 });
  });

  it('may have names that look like patterns', async () => {
    folder = await openFolder({ 'a[1].ndjson': line(1), 'a1.ndjson': line(2), 'b*.ndjson': line(3) });
    expect((await readDay(folder, events({ files: '*.ndjson' }))).hours).toEqual({ 1: 1, 2: 1, 3: 1 });
  });

  it('may be empty', async () => {
    folder = await openFolder({ 'a.ndjson': '', 'b.csv': '' });
    const read = await readDay(folder, events({ files: '*.ndjson' }), [measure(like('some.field', 'x'))]);
    expect([read.hours, total(read)]).toEqual([{}, 0]);
    await folder.write('a.ndjson', line(1));
    expect((await readDay(folder, events({ files: '*.ndjson' }))).hours).toEqual({ 1: 1 });
  });

  it.each(['ndjson', 'csv'])(
    'stay the same data when they are rotated and compressed: %s',
    async (format) => {
      const csv = (hours: number[]) =>
        `time,x\n${hours.map((hour) => `2026-01-01T0${hour}:00:00Z,${hour}\n`).join('')}`;
      const content = (hours: number[]) =>
        format === 'csv' ? csv(hours) : hours.map((hour) => line(hour, { x: hour })).join('');
      folder = await openFolder({ [`app.${format}`]: content([1, 2]) });
      const dataset = events({ files: `app*`, format });
      const { readings } = await readDay(folder, dataset);
      const known = new Map(readings.map((reading) => [reading.start, reading]));
      const request = {
        dataset,
        types: {},
        grain: HOUR,
        range: DAY_RANGE,
        asOf: DAY_RANGE.end,
        known,
      } as const;
      const first = await folder.connector.findRevised({ ...request, cursor: null }, NEVER);
      await rename(join(folder.path, `app.${format}`), join(folder.path, `app.${format}.1`));
      await folder.write(`app.${format}`, content([3]));
      const second = await folder.connector.findRevised({ ...request, cursor: first.cursor }, NEVER);
      expect(second.starts).toEqual([DAY_RANGE.start + 3 * HOUR]);
      await rm(join(folder.path, `app.${format}.1`));
      await folder.write(`app.${format}.2.gz`, gzipSync(content([1, 2])));
      const third = await folder.connector.findRevised({ ...request, cursor: second.cursor }, NEVER);
      expect(third.starts).toEqual([DAY_RANGE.start + 3 * HOUR]);
    },
  );

  it('are compared by content when one changed other than by growing', async () => {
    folder = await openFolder({ 'a.ndjson': line(1, { x: 'old' }) + line(2, { x: 'same' }) });
    const dataset = events({ files: '*.ndjson' });
    const known = new Map(
      (await readDay(folder, dataset)).readings.map((reading) => [reading.start, reading]),
    );
    const request = {
      dataset,
      types: {},
      grain: HOUR,
      range: DAY_RANGE,
      asOf: DAY_RANGE.end,
      known,
    } as const;
    const first = await folder.connector.findRevised({ ...request, cursor: null }, NEVER);
    await folder.write('a.ndjson', line(1, { x: 'new' }) + line(2, { x: 'same' }));
    const second = await folder.connector.findRevised({ ...request, cursor: first.cursor }, NEVER);
    expect(second.starts).toEqual([DAY_RANGE.start + HOUR]);
  });

  it('of Parquet are compared by content too, and a copy is the same content', async () => {
    folder = await openFolder();
    const write = (name: string, hour: number, x: string) =>
      writeParquet(
        join(folder.path, name),
        `SELECT TIMESTAMP '2026-01-01 0${hour}:00:00' AS time, '${x}' AS x`,
      );
    await write('a.parquet', 1, 'old');
    await write('b.parquet', 2, 'same');
    const dataset = events({ files: '*.parquet' });
    const known = new Map(
      (await readDay(folder, dataset)).readings.map((reading) => [reading.start, reading]),
    );
    const request = {
      dataset,
      types: {},
      grain: HOUR,
      range: DAY_RANGE,
      asOf: DAY_RANGE.end,
      known,
    } as const;
    const first = await folder.connector.findRevised({ ...request, cursor: null }, NEVER);
    await write('a.parquet', 1, 'new');
    await rename(join(folder.path, 'b.parquet'), join(folder.path, 'c.parquet'));
    const second = await folder.connector.findRevised({ ...request, cursor: first.cursor }, NEVER);
    expect(second.starts).toEqual([DAY_RANGE.start + HOUR]);
  });
});

describe('a file of Parquet that is replaced while it is read', () => {
  it('makes the call fail, to be tried again', async () => {
    folder = await openFolder();
    const path = join(folder.path, 'a.parquet');
    const write = (revision: number) =>
      writeParquet(
        path,
        `SELECT i AS id, ${revision} AS revision, TIMESTAMP '2026-01-01' AS opened FROM range(30000) t(i)`,
      );
    await write(1);
    const request = {
      dataset: records({ files: '*.parquet' }, { closed: [] }),
      types: {},
      fields: [],
      asOf: DAY_RANGE.end,
      cursor: null,
    };
    const batches = folder.connector.readRecords(request, NEVER)[Symbol.asyncIterator]();
    await batches.next();
    await write(2);
    const rest = async () => {
      for (let batch = await batches.next(); batch.done !== true; batch = await batches.next());
    };
    await expect(rest()).rejects.toMatchObject({ name: 'ConnectorError', retryable: true });
  });
});

describe('records', () => {
  it('come in batches of at most 10,000, in the order of the files and their rows', async () => {
    const rows = (from: number) =>
      Array.from({ length: 15_000 }, (_, i) => `${from + i},1,2026-01-01\n`).join('');
    const header = 'id,revision,opened\n';
    folder = await openFolder({ 'b.csv': header + rows(15_000), 'a.csv.gz': gzipSync(header + rows(0)) });
    const batches = await readRecords(folder, records({ files: ['*.csv', '*.gz'] }, { closed: [] }));
    expect(Math.max(...batches.map((batch) => batch.records.length))).toBeLessThanOrEqual(10_000);
    const all = batches.flatMap((batch) => batch.records).sort((a, b) => a.order - b.order);
    expect(all.map(({ key }) => Number(key))).toEqual(Array.from({ length: 30_000 }, (_, i) => i));
  });

  it('come again when other fields are asked for', async () => {
    folder = await openFolder({ 'a.csv': 'id,revision,opened,x\na,1,2026-01-01,y\n' });
    const dataset = records({ files: '*.csv' }, { closed: [] });
    const [first] = await readRecords(folder, dataset);
    const [second] = await readRecords(folder, dataset, ['x'], first?.cursor ?? null);
    expect(second?.records.map(({ fields }) => fields)).toEqual([{ x: 'y' }]);
  });
});

describe('evidence', () => {
  it('has the queries and their parameters, and files by their names alone', async () => {
    folder = await openFolder({ 'a.ndjson': line(1, { x: "o'brien; DROP" }) });
    const { evidence } = await readDay(folder, events({ files: '*.ndjson' }), [
      measure(like('x', "O'Brien; DROP*")),
    ]);
    expect(evidence.query).toContain('read_csv');
    expect(evidence.query).not.toContain('brien');
    expect(JSON.stringify(evidence.parameters)).toContain("o'brien; drop%");
    expect(JSON.stringify(evidence.parameters)).toContain('["a.ndjson"]');
    expect(JSON.stringify(evidence)).not.toContain(folder.path);
  });
});

describe('errors', () => {
  const failure = async (dataset = events({ files: '*.ndjson' }), measures = [measure()]) => {
    const error: unknown = await readDay(folder, dataset, measures).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectorError);
    return error instanceof ConnectorError ? error : new ConnectorError('none', { retryable: false });
  };

  it('say that no file matches', async () => {
    folder = await openFolder({ 'a.txt': 'x' });
    expect((await failure()).message).toContain('No file matches *.ndjson');
  });

  it('name a file that can not be read', async () => {
    folder = await openFolder({ 'a.ndjson': line(1) });
    await symlink(join(folder.path, 'gone'), join(folder.path, 'b.ndjson'));
    expect(await failure()).toMatchObject({ message: expect.stringContaining('b.ndjson'), retryable: true });
  });

  it('say that a format is not clear', async () => {
    folder = await openFolder({ 'a.log': line(1), 'b.csv': 'time\n' });
    expect((await failure(events({ files: '*' }))).help).toContain('format: ndjson');
    expect((await readDay(folder, events({ files: '*.log', format: 'ndjson' }))).hours).toEqual({ 1: 1 });
  });

  it('say that a file is not of its format', async () => {
    folder = await openFolder({ 'a.parquet': 'no Parquet at all', 'b.ndjson.gz': 'no gzip at all' });
    expect((await failure(events({ files: '*.parquet' }))).message).toMatch(/can't be read/);
    expect((await failure(events({ files: '*.gz' }))).message).toMatch(/can't be read/);
  });

  it('name a field that a declared one was probably meant for', async () => {
    folder = await openFolder({ 'a.csv': 'time,user name\n2026-01-01,x\n' });
    const error = await failure(events({ files: '*.csv' }), [measure(like('user_name', 'x'))]);
    expect(error).toMatchObject({
      message: expect.stringContaining('"user_name"'),
      help: expect.stringContaining('"user name"'),
      retryable: false,
    });
  });

  it('refuse what files can not do', async () => {
    folder = await openFolder({ 'a.ndjson': line(1, { x: 1 }) });
    const member: Filter = { op: 'test', field: 'x', predicate: { kind: 'in', dataset: 'kev', field: 'id' } };
    expect((await failure(undefined, [measure(member)])).message).toContain('"kev"');
    expect((await failure(events({ files: '*.ndjson' }, { filter: 'x = 1' }))).message).toContain('filter');
    expect((await failure(events({ files: '*.ndjson', nul: ['?'] }))).message).toContain('nul');
  });
});

describe('options', () => {
  it.each([
    [{ files: '/etc/*' }],
    [{ files: '../*.csv' }],
    [{ files: [] }],
    [{ files: 'a', timeZone: 'Mars/Olympus' }],
    [{ files: 'a', format: 'xml' }],
    [{ files: 'a', other: 1 }],
    [{}],
  ])('refuse %j', (options) => {
    expect(datasetOptions.safeParse(options).success).toBe(false);
  });

  it('have bounds where nobody says otherwise', () => {
    expect(sourceOptions.parse({ path: '.' })).toEqual({ path: '.', memory: '256MB', threads: 2 });
    expect(sourceOptions.safeParse({ path: '.', memory: 'all' }).success).toBe(false);
  });

  it('are part of the identity, and the machine is not', async () => {
    folder = await openFolder({ 'a.csv': 'time\n2026-01-01\n' });
    const identity = async (options: object) =>
      (await folder.connector.probe(events({ files: '*.csv', ...options }), NEVER)).identity;
    expect(await identity({})).not.toContain(folder.path);
    expect(await identity({})).not.toBe(await identity({ nulls: ['?'] }));
    await appendFile(join(folder.path, 'a.csv'), '2026-01-02\n');
    expect(await identity({})).toBe(await identity({ timeZone: 'UTC' }));
  });
});

describe('a file of Parquet that is replaced between two reads', () => {
  it('is read as it is now, also when it was replaced within the same second', async () => {
    folder = await openFolder();
    const dataset = events({ files: '*.parquet' });
    for (const hour of [1, 2, 3, 4]) {
      const path = join(folder.path, 'a.parquet');
      await writeParquet(path, `SELECT TIMESTAMP '2026-01-01 0${hour}:00:00' AS time FROM range(1000)`);
      await utimes(path, 1_767_200_000, 1_767_200_000 + hour / 10);
      expect((await readDay(folder, dataset)).hours).toEqual({ [hour]: 1000 });
    }
  });
});
