import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { HOUR } from '../../src/core/time/interval.ts';
import {
  DAY_RANGE,
  events,
  type Folder,
  line,
  NEVER,
  openFolder,
  readDay,
  readRecords,
  records,
  snapshot,
  writeParquet,
} from '../../test/fakes/files.ts';

let folder: Folder;
afterEach(() => folder.close());

const NDJSON = events({ files: '*.ndjson' });
const CSV = events({ files: '*.csv' });

describe('a line that can not be read', () => {
  it.each([
    ['broken JSON', '{"time": "2026-01-01T05:00:00Z", "a": \n', 'is no JSON object'],
    ['JSON that is no object', '"just text"\n', 'is no JSON object'],
    ['a line without a time', '{"a": 1}\n', 'has no time that can be read in "time"'],
    ['a time that is none', '{"time": "yesterday"}\n', 'has no time that can be read in "time"'],
    [
      'several times',
      '{"time": ["2026-01-01T05:00:00Z", "2026-01-01T06:00:00Z"]}\n',
      'has no time that can be read in "time"',
    ],
  ])('taints the time between its readable neighbours: %s', async (_, broken, why) => {
    folder = await openFolder({ 'a.ndjson': line(1) + line(4) + broken + line(6) + line(9) });
    const read = await readDay(folder, NDJSON);
    expect(read.hours).toEqual({ 1: 1, 4: 1, 6: 1, 9: 1 });
    expect(read.partial).toEqual([4, 5, 6]);
    expect(read.readings[5]?.notes).toEqual([`a.ndjson line 3: ${why}`]);
    expect(read.evidence.warnings).toEqual([`a.ndjson line 3: ${why}`]);
  });

  it('counts empty lines when it is named, and finds it in a compressed file too', async () => {
    folder = await openFolder({ 'a.ndjson.gz': gzipSync(`${line(1)}\n\r\n   \n{oops\n${line(2)}`) });
    const read = await readDay(folder, events({ files: '*.gz' }));
    expect(read.evidence.warnings).toEqual(['a.ndjson.gz line 5: is no JSON object']);
    expect(read.partial).toEqual([1, 2]);
  });

  it('takes the nearest readable lines as neighbours, and the earlier of their times first', async () => {
    folder = await openFolder({ 'a.ndjson': `${line(8)}{1\n{2\n${line(7)}${line(12)}` });
    const read = await readDay(folder, NDJSON);
    expect(read.partial).toEqual([7, 8]);
    expect(read.readings[7]?.notes).toEqual([
      'a.ndjson line 2: is no JSON object',
      'a.ndjson line 3: is no JSON object',
    ]);
  });

  it.each([
    ['first', `{oops\n${line(3)}${line(5)}`],
    ['last', `${line(3)}${line(5)}{oops\n`],
  ])('taints the whole range of its file when it is the %s', async (_, content) => {
    folder = await openFolder({ 'a.ndjson': content, 'b.ndjson': line(20) });
    const read = await readDay(folder, NDJSON);
    expect(read.partial).toEqual([3, 4, 5]);
  });

  it('taints everything where its file has no readable line', async () => {
    folder = await openFolder({ 'a.ndjson': '{oops\n', 'b.ndjson': line(20) });
    expect((await readDay(folder, NDJSON)).partial).toHaveLength(24);
  });

  it('taints its file when it is no text at all', async () => {
    const bytes = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d, 0x0a]);
    folder = await openFolder({
      'a.ndjson': Buffer.concat([Buffer.from(line(2)), bytes, Buffer.from(line(3) + line(4))]),
    });
    const read = await readDay(folder, NDJSON);
    expect(read.hours).toEqual({ 2: 1, 3: 1, 4: 1 });
    expect(read.partial).toEqual([2, 3, 4]);
    expect(read.evidence.warnings).toEqual([expect.stringMatching(/^a\.ndjson line 2: .*unicode/i)]);
  });

  it('may be a line that is too long, where one of 4 MB is not', async () => {
    const long = (megabytes: number) => line(5, { text: 'x'.repeat(megabytes * 1_048_576) });
    folder = await openFolder({ 'a.ndjson': line(1) + long(4) + line(6) + long(9) + line(7) });
    const read = await readDay(folder, NDJSON);
    expect(read.hours).toEqual({ 1: 1, 5: 1, 6: 1, 7: 1 });
    expect(read.evidence.warnings).toEqual([expect.stringMatching(/^a\.ndjson line 4: /)]);
    expect(read.partial).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('is named among the first twenty, and counted beyond', async () => {
    folder = await openFolder({ 'a.ndjson': line(1) + '{oops\n'.repeat(50) + line(2) });
    const { evidence, readings } = await readDay(folder, NDJSON);
    expect(evidence.warnings).toHaveLength(21);
    expect(evidence.warnings[19]).toBe('a.ndjson line 21: is no JSON object');
    expect(evidence.warnings[20]).toBe('and 30 more lines that could not be read');
    expect(readings[1]?.notes).toHaveLength(4);
  });

  it('is not told while it is still being written, and counts when it is finished', async () => {
    folder = await openFolder({ 'a.ndjson': line(1) + line(2).slice(0, 20) });
    const before = await readDay(folder, NDJSON);
    expect([before.hours, before.partial, before.evidence.warnings]).toEqual([{ 1: 1 }, [], []]);
    await appendFile(join(folder.path, 'a.ndjson'), line(2).slice(20));
    expect((await readDay(folder, NDJSON)).hours).toEqual({ 1: 1, 2: 1 });
  });
});

describe('a row of CSV that can not be read', () => {
  const row = (hour: number, text = 'x') => `2026-01-01T${String(hour).padStart(2, '0')}:00:00Z,${text}\n`;

  it.each([
    ['too few columns', '2026-01-01T05:00:00Z\n'],
    ['too many columns', '2026-01-01T05:00:00Z,x,y\n'],
  ])('taints the time between its neighbours, and is named by its line: %s', async (_, broken) => {
    folder = await openFolder({
      'a.csv': `time,text\n${row(1, '"two\nlines"')}${row(4)}${broken}${row(6)}${row(9)}`,
    });
    const read = await readDay(folder, CSV);
    expect(read.hours).toEqual({ 1: 1, 4: 1, 6: 1, 9: 1 });
    expect(read.partial).toEqual([4, 5, 6]);
    expect(read.evidence.warnings).toEqual([
      expect.stringMatching(/^a\.csv line 5: Expected Number of Columns: 2/),
    ]);
  });

  it('is named by its number where only its time is wrong', async () => {
    folder = await openFolder({ 'a.csv': `time,text\n${row(1)}31/12/2025,x\n${row(3)}` });
    const read = await readDay(folder, CSV);
    expect(read.evidence.warnings).toEqual(['a.csv row 2: has no time that can be read in "time"']);
    expect(read.partial).toEqual([1, 2, 3]);
  });

  it('taints the whole range of its file where empty lines hide which rows are its neighbours', async () => {
    folder = await openFolder({ 'a.csv': `time,text\n${row(1)}\n${row(4)}oops\n${row(6)}${row(9)}` });
    expect((await readDay(folder, CSV)).partial).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('counts lines in a compressed file, behind many others', async () => {
    const many = row(2).repeat(200_000);
    folder = await openFolder({ 'a.csv.gz': gzipSync(`time,text\n${row(1)}${many}oops\n${row(3)}`) });
    const read = await readDay(folder, events({ files: '*.gz' }));
    expect(read.hours).toEqual({ 1: 1, 2: 200_000, 3: 1 });
    expect(read.partial).toEqual([2, 3]);
    expect(read.evidence.warnings).toEqual([expect.stringMatching(/^a\.csv\.gz line 200003: /)]);
  });
});

describe('a row of Parquet without a time', () => {
  it('taints also as the last row of its file: a Parquet file is never half written', async () => {
    folder = await openFolder();
    const rows = "(TIMESTAMP '2026-01-01 03:00'), (TIMESTAMP '2026-01-01 20:00'), (NULL)";
    await writeParquet(join(folder.path, 'a.parquet'), `SELECT * FROM (VALUES ${rows}) AS t(time)`);
    const read = await readDay(folder, events({ files: '*.parquet' }));
    expect([read.partial.at(0), read.partial.at(-1)]).toEqual([3, 20]);
    expect(read.evidence.warnings).toEqual(['a.parquet row 3: has no time that can be read in "time"']);
  });

  it('taints the time between its neighbours, also when it is read again', async () => {
    folder = await openFolder();
    const at = (hour: number) => `(TIMESTAMP '2026-01-01 0${hour}:00:00')`;
    await writeParquet(
      join(folder.path, 'a.parquet'),
      `SELECT * FROM (VALUES ${at(1)}, ${at(4)}, (NULL), ${at(5)}, ${at(9)}) t(time)`,
    );
    for (let i = 0; i < 2; i += 1) {
      const read = await readDay(folder, events({ files: '*.parquet' }));
      expect(read.partial).toEqual([4, 5]);
      expect(read.evidence.warnings).toEqual(['a.parquet row 3: has no time that can be read in "time"']);
    }
  });
});

describe('slices with an unreadable line', () => {
  it('are found again when it came or went', async () => {
    folder = await openFolder({ 'a.ndjson': line(1) + line(4) + line(6) });
    const request = {
      dataset: NDJSON,
      types: {},
      grain: HOUR,
      range: DAY_RANGE,
      asOf: DAY_RANGE.end,
    } as const;
    const known = async () =>
      new Map((await readDay(folder, NDJSON)).readings.map((reading) => [reading.start, reading]));
    const whole = await known();
    const first = await folder.connector.findRevised({ ...request, known: whole, cursor: null }, NEVER);
    await folder.write('a.ndjson', `${line(1)}${line(4)}{oops\n${line(6)}`);
    const second = await folder.connector.findRevised(
      { ...request, known: whole, cursor: first.cursor },
      NEVER,
    );
    expect(second.starts).toEqual([4, 5, 6].map((hour) => DAY_RANGE.start + hour * HOUR));
    const tainted = await known();
    await folder.write('a.ndjson', line(1) + line(4) + line(6));
    const third = await folder.connector.findRevised(
      { ...request, known: tainted, cursor: second.cursor },
      NEVER,
    );
    expect(third.starts).toEqual(second.starts);
  });
});

describe('records and lists with an unreadable line', () => {
  const row = (id: unknown, change: object = {}) =>
    `${JSON.stringify({ id, revision: 1, opened: '2026-01-01T00:00:00Z', ...change })}\n`;
  const types = { closed: 'time' };

  it.each([
    ['without its key', row(null), 'has no "id"'],
    ['with a time that is none', row('b', { closed: 'soon' }), 'has something that is no time in "closed"'],
    ['that is no JSON', '{oops\n', 'is no JSON object'],
  ])('are partial and name it: %s', async (_, broken, why) => {
    folder = await openFolder({ 'a.ndjson': row('a') + broken + row('c') });
    const dataset = records({ files: '*.ndjson', types });
    const [batch, ...more] = await readRecords(folder, dataset);
    expect(more).toEqual([]);
    expect(batch?.records.map(({ key }) => key)).toEqual(['a', 'c']);
    expect([batch?.quality, batch?.evidence.warnings]).toEqual(['partial', [`a.ndjson line 2: ${why}`]]);
  });

  it('stay partial when nothing changed since', async () => {
    folder = await openFolder({ 'a.ndjson': `${row('a')}{oops\n${row('c')}` });
    const dataset = records({ files: '*.ndjson', types });
    const [first] = await readRecords(folder, dataset);
    const [second] = await readRecords(folder, dataset, [], first?.cursor ?? null);
    expect([second?.records, second?.quality]).toEqual([[], 'partial']);
  });

  it('make a list partial', async () => {
    folder = await openFolder({ 'a.csv': 'id,name\n1,x\n2\n3,z\n' });
    const request = { dataset: snapshot({ files: '*.csv' }), types: {}, fields: ['name'] };
    const reply = await folder.connector.readSnapshot(request, NEVER);
    expect([reply.rows, reply.quality]).toEqual([[{ name: 'x' }, { name: 'z' }], 'partial']);
    expect(reply.evidence.warnings).toEqual([expect.stringMatching(/^a\.csv line 3: /)]);
  });
});
