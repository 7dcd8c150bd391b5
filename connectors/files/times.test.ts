import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  events,
  type Folder,
  openFolder,
  readDay,
  readRecords,
  records,
  writeParquet,
} from '../../test/fakes/files.ts';

let folder: Folder;
afterEach(() => folder.close());

const ms = (iso: string) => Date.parse(iso);

describe('a time', () => {
  it.each<[string, unknown, object, number | null]>([
    ['ISO 8601 in UTC', '2026-01-01T12:30:00Z', {}, ms('2026-01-01T12:30:00Z')],
    [
      'with an offset and microseconds, cut to milliseconds',
      '2026-01-01T12:30:00.123987+02:00',
      {},
      ms('2026-01-01T10:30:00.123Z'),
    ],
    ['with an offset without a colon', '2026-01-01T12:30:00-0130', {}, ms('2026-01-01T14:00:00Z')],
    ['without a zone, in UTC unless told', '2026-01-01 12:30:00', {}, ms('2026-01-01T12:30:00Z')],
    [
      'without a zone, in the one that is told',
      '2026-01-01 12:30:00',
      { timeZone: 'Europe/Oslo' },
      ms('2026-01-01T11:30:00Z'),
    ],
    [
      'with its own zone, whatever is told',
      '2026-01-01T12:30:00Z',
      { timeZone: 'Europe/Oslo' },
      ms('2026-01-01T12:30:00Z'),
    ],
    ['of a day alone', '2026-01-01', {}, ms('2026-01-01T00:00:00Z')],
    ['of a day alone, in summer', '2026-07-01', { timeZone: 'Europe/Oslo' }, ms('2026-06-30T22:00:00Z')],
    ['in seconds since 1970', 1767270600, {}, ms('2026-01-01T12:30:00Z')],
    ['in seconds with a fraction', 1767270600.25, {}, ms('2026-01-01T12:30:00.250Z')],
    ['in milliseconds since 1970', 1767270600125, {}, ms('2026-01-01T12:30:00.125Z')],
    ['in milliseconds held as text', '1767270600125', {}, ms('2026-01-01T12:30:00.125Z')],
    [
      'in few seconds only when it is told so',
      86_400,
      { timeFormats: { opened: 'epoch_s' } },
      ms('1970-01-02T00:00:00Z'),
    ],
    ['in few milliseconds only when it is told so', 86_400, { timeFormats: { opened: 'epoch_ms' } }, 86_400],
    [
      'unpadded, by its format',
      '9/2/2016 1:06',
      { timeFormats: { opened: '%d/%m/%Y %H:%M' } },
      ms('2016-02-09T01:06:00Z'),
    ],
    [
      'by its format, in a zone',
      '1/7/2016 1:06',
      { timeFormats: { opened: '%d/%m/%Y %H:%M' }, timeZone: 'Europe/Oslo' },
      ms('2016-06-30T23:06:00Z'),
    ],
    [
      'by its format, with an offset',
      '1/7/2016 1:06 +0300',
      { timeFormats: { opened: '%d/%m/%Y %H:%M %z' } },
      ms('2016-06-30T22:06:00Z'),
    ],
    [
      'by the first format that fits',
      '2016-07-01',
      { timeFormats: { opened: ['%d/%m/%Y', 'iso'] } },
      ms('2016-07-01T00:00:00Z'),
    ],
    ['that is no value', '?', { nulls: ['?'] }, null],
    ['that is not there', null, { types: { opened: 'time' } }, null],
  ])('is read %s', async (_, opened, options, expected) => {
    folder = await openFolder({ 'a.ndjson': `${JSON.stringify({ id: 'a', revision: 1, opened })}\n` });
    const [batch] = await readRecords(folder, records({ files: '*.ndjson', ...options }, { closed: [] }));
    expect(batch?.evidence.warnings).toEqual([]);
    expect(batch?.records[0]?.opened).toBe(expected);
  });

  it.each([20160229, '20160229', '29.2.2016', 'infinity', true, '2026-02-30', {}, [[]]])(
    'is not guessed from %j',
    async (opened) => {
      folder = await openFolder({
        'a.ndjson': `${JSON.stringify({ id: 'a', revision: 1, opened })}\n{"id":"b","opened":"2026-01-01"}\n`,
      });
      const [batch] = await readRecords(folder, records({ files: '*.ndjson' }, { closed: [] }));
      // What is no value at all is not known; what is one, and no time, can't be read.
      const expected = typeof opened === 'object' ? ['a', 'b'] : ['b'];
      expect(batch?.records.map(({ key }) => key)).toEqual(expected);
    },
  );

  it.each([
    ['TIMESTAMP', "TIMESTAMP '2026-01-01 05:00:00.5'", {}, 5],
    ['TIMESTAMP in a zone', "TIMESTAMP '2026-01-01 05:00:00.5'", { timeZone: 'Asia/Kolkata' }, null],
    ['TIMESTAMP of seconds', "TIMESTAMP_S '2026-01-01 05:00:00'", {}, 5],
    ['TIMESTAMP of nanoseconds', "TIMESTAMP_NS '2026-01-01 05:00:00.123456789'", {}, 5],
    ['TIMESTAMP WITH TIME ZONE', "TIMESTAMPTZ '2026-01-01 05:00:00+02'", {}, 3],
    ['DATE', "DATE '2026-01-01'", {}, 0],
    ['text', "'2026-01-01T07:00:00Z'", {}, 7],
    ['whole seconds', '1767250800', {}, 7],
  ])('of Parquet may be a %s', async (_, literal, options, hour) => {
    folder = await openFolder();
    await writeParquet(join(folder.path, 'a.parquet'), `SELECT ${literal} AS time`);
    const read = await readDay(folder, events({ files: '*.parquet', ...options }));
    expect(read.hours).toEqual(hour === null ? {} : { [hour]: 1 });
    expect(read.evidence.warnings).toEqual([]);
  });
});

describe('a version', () => {
  it('is a time in milliseconds, a number, or a text', async () => {
    const header = 'id,revision,changed,label,opened\n';
    folder = await openFolder({ 'a.csv': `${header}a,10,1/2/2026 03:04,x,\na,9,2/2/2026 03:04,,\n` });
    const options = { files: '*.csv', timeFormats: { changed: '%d/%m/%Y %H:%M' } };
    const [batch] = await readRecords(
      folder,
      records(options, { closed: [], version: ['changed', 'revision', 'label'] }),
    );
    expect(batch?.records.map(({ version }) => version)).toEqual([
      [ms('2026-02-01T03:04:00Z'), 10, 'x'],
      [ms('2026-02-02T03:04:00Z'), 9, null],
    ]);
  });
});
