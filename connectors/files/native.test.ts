/** A query in SQL over files sees the rows of the range, whole and typed, and nothing else of the machine. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/core/errors.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import type { QueryReply } from '../../src/ports/connector.ts';
import {
  DAY_RANGE,
  events,
  type Folder,
  line,
  MIDNIGHT,
  NEVER,
  openFolder,
  writeParquet,
} from '../../test/fakes/files.ts';

let folder: Folder;
afterEach(() => folder.close());

const ask = (text: string, options: object = { files: '*.ndjson' }, range = DAY_RANGE): Promise<QueryReply> =>
  folder.connector.runQuery(
    { dataset: events(options), types: {}, language: 'sql', text, range, asOf: DAY_RANGE.end },
    NEVER,
  );

describe('a query in SQL', () => {
  it('sees times, numbers and booleans as such, anything else as text, several values as a list', async () => {
    const values = { n: 2, ok: true, code: '07', host: { name: 'a' }, tags: ['x', 'y'] };
    folder = await openFolder({ 'a.ndjson': line(1, values) + line(2, { ...values, n: 0.5, tags: 'x' }) });
    const { values: found, quality } = await ask(`
      SELECT sum(n) AS n, count(*) FILTER (WHERE ok) AS ok, count(*) FILTER (WHERE code = '07') AS codes,
        count(*) FILTER (WHERE "host.name" = 'a') AS hosts, max(extract(hour FROM time)) AS hour,
        count(*) FILTER (WHERE tags = 'x') AS one, count(*) FILTER (WHERE tags = '["x","y"]') AS two
      FROM events`);
    expect(found).toEqual({ n: 2.5, ok: 2, codes: 2, hosts: 2, hour: 2, one: 1, two: 1 });
    expect(quality).toBe('complete');
  });

  it('sees lists of Parquet as lists, and whole numbers whole', async () => {
    folder = await openFolder();
    const select = `SELECT make_timestamp(${MIDNIGHT + HOUR} * 1000) AS time, [i, 7] AS l, 9007199254740993 + i AS big FROM range(3) t(i)`;
    await writeParquet(join(folder.path, 'a.parquet'), select);
    const { values } = await ask(
      'SELECT count(*) FILTER (WHERE list_contains(l, 2)) AS n, count(DISTINCT big) AS big FROM events',
      { files: '*.parquet' },
    );
    expect(values).toEqual({ n: 1, big: 3 });
  });

  it('gives no value where SQL gives none, or divides by zero', async () => {
    folder = await openFolder({ 'a.ndjson': line(1) });
    const { values } = await ask('SELECT count(*) / 0.0 AS a, NULL AS b FROM events');
    expect(values).toEqual({ a: null, b: null });
  });

  it('is partial where lines of the range could not be read, and only there', async () => {
    folder = await openFolder({ 'a.ndjson': `${line(1)}${line(4)}{"half":\n${line(6)}${line(9)}` });
    const count = 'SELECT count(*) AS n FROM events';
    const read = await ask(count);
    expect(read).toMatchObject({ values: { n: 4 }, quality: 'partial' });
    expect(read.notes).toEqual(['a.ndjson line 3: is no JSON object']);
    const before = { start: MIDNIGHT, end: MIDNIGHT + 4 * HOUR };
    expect(await ask(count, undefined, before)).toMatchObject({ values: { n: 1 }, quality: 'complete' });
  });

  it('is partial where a value does not fit into its column, if it is asked for', async () => {
    folder = await openFolder({
      'a.ndjson': line(1, { n: 1 }) + line(2, { n: 'many' }) + line(3, { n: [1, 2] }),
    });
    const options = { files: '*.ndjson', types: { n: 'number' } };
    const sum = await ask('SELECT sum(n) AS n FROM events', options);
    expect(sum).toMatchObject({ values: { n: 1 }, quality: 'partial' });
    expect(sum.notes).toEqual([expect.stringMatching(/^2 events .* "n"/)]);
    expect((await ask('SELECT count(*) AS rows FROM events', options)).quality).toBe('complete');
  });

  it('can not ask for a field that SQL takes for another', async () => {
    folder = await openFolder({ 'a.ndjson': line(1, { Host: 'a', host: 'b', n: 1 }) });
    await expect(ask('SELECT count(host) AS n FROM events')).rejects.toThrow('"Host" and "host"');
    expect((await ask('SELECT sum(n) AS s FROM events')).values).toEqual({ s: 1 });
  });

  it('knows the ends of its range as times', async () => {
    folder = await openFolder({ 'a.ndjson': line(1) + line(22) + line(23) });
    const { values } = await ask(`
      SELECT count(*) FILTER (WHERE time >= $end - INTERVAL 2 HOUR) AS late, epoch_ms($end) - epoch_ms($start) AS length
      FROM events WHERE time >= $start AND time < $end`);
    expect(values).toEqual({ late: 2, length: DAY_RANGE.end - DAY_RANGE.start });
  });

  it('may be any single SELECT', async () => {
    folder = await openFolder({ 'a.ndjson': line(1) + line(2) });
    for (const text of [
      'FROM events SELECT count(*) AS n',
      'WITH e AS (FROM events) SELECT count(*) AS n FROM e;',
    ])
      expect((await ask(text)).values).toEqual({ n: 2 });
  });
});

describe('a hostile query', () => {
  const secret = () => join(folder.path, 'secret.csv');
  const attacks: readonly (readonly [string, () => string])[] = [
    ['reads a file by a function', () => `SELECT count(*) AS n FROM read_csv('${secret()}')`],
    ['reads a file by its name', () => `SELECT count(*) AS n FROM '${secret()}'`],
    ['reads text', () => `SELECT length(content) AS n FROM read_text('${secret()}')`],
    ['reads bytes', () => "SELECT count(*) AS n FROM read_blob('/proc/self/environ')"],
    ['reads through a query', () => `SELECT count(*) AS n FROM query('FROM read_text(''${secret()}'')')`],
    [
      'reads its own files beyond the range',
      () => `SELECT count(*) AS n FROM read_json('${folder.path}/a.ndjson')`,
    ],
    ['lists files', () => `SELECT count(*) AS n FROM glob('${folder.path}/*')`],
    ['guesses at files', () => `SELECT count(*) AS n FROM sniff_csv('${secret()}')`],
    ['writes a file', () => `COPY events TO '${folder.path}/out.csv'`],
    ['writes many', () => `EXPORT DATABASE '${folder.path}/out'`],
    ['attaches a database', () => `ATTACH '${folder.path}/out.db' AS other`],
    ['installs an extension', () => 'INSTALL httpfs'],
    ['loads an extension', () => 'LOAD httpfs'],
    ['opens the door again', () => 'SET enable_external_access = true'],
    [
      'opens the door and goes through',
      () => `SET enable_external_access = true; FROM read_text('${secret()}')`,
    ],
    ['hides a second statement', () => `SELECT 1 AS n; COPY events TO '${folder.path}/out.csv'`],
    ['makes a table', () => 'CREATE TABLE t AS FROM events'],
    ['changes rows', () => 'DELETE FROM events'],
    ['looks up secrets', () => 'SELECT count(*) AS n FROM duckdb_secrets()'],
  ];
  it.each(attacks)('that %s is refused', async (_, text) => {
    folder = await openFolder({ 'a.ndjson': line(1) + line(30), 'secret.csv': 'a,b\n1,2\n' });
    const asked = ask(text());
    await expect(asked).rejects.toBeInstanceOf(ConnectorError);
    await expect(asked).rejects.toMatchObject({ retryable: false });
    for (const name of ['out.csv', 'out', 'out.db']) expect(existsSync(join(folder.path, name))).toBe(false);
    // The source goes on, and is shut off from nothing itself.
    expect((await ask('SELECT count(*) AS n FROM events')).values).toEqual({ n: 1 });
  });

  it('finds no table but the events of the range', async () => {
    folder = await openFolder({ 'a.ndjson': `${line(1)}broken\n${line(30)}` });
    const { values } = await ask(
      'SELECT count(*) AS tables, max(estimated_size) AS rows FROM duckdb_tables()',
    );
    expect(values).toEqual({ tables: 1, rows: 1 });
  });

  it('that never ends is ended', async () => {
    folder = await openFolder({ 'a.ndjson': line(1) });
    const controller = new AbortController();
    const reason = new Error('too long');
    const text = 'SELECT sum(a.range * b.range) AS n FROM range(10000000) a, range(10000000) b, events';
    const asked = folder.connector.runQuery(
      {
        dataset: events({ files: '*.ndjson' }),
        types: {},
        language: 'sql',
        text,
        range: DAY_RANGE,
        asOf: DAY_RANGE.end,
      },
      controller.signal,
    );
    setTimeout(() => controller.abort(reason), 300);
    await expect(asked).rejects.toBe(reason);
    expect((await ask('SELECT count(*) AS n FROM events')).values).toEqual({ n: 1 });
  });
});
