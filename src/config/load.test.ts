import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CONFIG, edited, filesType } from '../../test/fakes/validation.ts';
import { DAY, HOUR, MINUTE } from '../core/time/interval.ts';
import { loadConfig } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'clause9-config-'));
const file = join(folder, 'clause9.yaml');
afterAll(() => rmSync(folder, { recursive: true }));

function load(text: string) {
  writeFileSync(file, text);
  return loadConfig(file, [filesType]);
}

const HERE = edited(CONFIG, [['definitions: kpis', 'definitions: .']]);

describe('a configuration is read with its defaults', () => {
  it('listens on loopback, keeps its store beside it, and looks for work every minute', () => {
    const { config } = load(HERE);
    expect(config).toMatchObject({
      folder,
      listen: { host: '127.0.0.1', port: 8080 },
      metricsListen: { host: '127.0.0.1', port: 9464 },
      store: { path: join(folder, 'clause9.db') },
      definitions: [folder],
      schedule: '* * * * *',
      logLevel: 'info',
      startFrom: null,
      people: { 'iam-lead': { name: 'Ida', email: null } },
    });
  });

  it('keeps slices one by one for 90 days, hours for two years, evidence for 400 days', () => {
    expect(load(HERE).config?.retention).toEqual({
      slicesMs: 90 * DAY,
      hoursMs: 730 * DAY,
      evidenceMs: 400 * DAY,
    });
  });

  it('reads late data for a week and a slice five minutes after its end', () => {
    expect(load(HERE).config?.datasets).toEqual({
      authentication: {
        kind: 'events',
        name: 'authentication',
        source: 'logs',
        fields: {},
        values: {},
        filter: null,
        settleMs: 5 * MINUTE,
        reviseForMs: 7 * DAY,
        options: { files: 'auth.ndjson' },
        time: '@timestamp',
        ingested: null,
        expectEvents: null,
      },
      incidents: expect.objectContaining({
        kind: 'records',
        key: 'number',
        version: [],
        opened: 'opened_at',
        closed: ['resolved_at'],
        due: null,
      }),
      assets: expect.objectContaining({ kind: 'snapshot', everyMs: DAY }),
    });
  });

  it('takes all that a dataset can say', () => {
    const text = edited(HERE, [
      [
        'files: auth.ndjson',
        'files: auth.ndjson, settle: 10m, reviseFor: 30d, ingested: event.ingested, filter: "x = 1", logsource: {product: windows}, fields: {user.domain: Domain}, values: {event.outcome: {failure: [F, "0xC0"], success: S}}, expectEvents: {atLeast: 1, every: 1h, during: {timeZone: Europe/Oslo, days: [mon], from: "08:00", holidays: [2026-05-17]}}',
      ],
    ]);
    expect(load(text).config?.datasets.authentication).toMatchObject({
      settleMs: 10 * MINUTE,
      reviseForMs: 30 * DAY,
      ingested: 'event.ingested',
      filter: 'x = 1',
      logSources: [{ category: null, product: 'windows', service: null }],
      fields: { 'user.domain': 'Domain' },
      values: { 'event.outcome': { failure: ['F', '0xC0'], success: ['S'] } },
      expectEvents: {
        atLeast: 1,
        everyMs: HOUR,
        during: {
          timeZone: 'Europe/Oslo',
          days: ['mon'],
          from: '08:00',
          to: '24:00',
          holidays: ['2026-05-17'],
        },
      },
    });
  });
});

describe('every mistake in a configuration is said with its place', () => {
  const cases: readonly (readonly [
    what: string,
    edits: readonly (readonly [string, string])[],
    expected: readonly string[],
  ])[] = [
    ['nothing wrong', [], []],
    ['an unknown key', [['people:', 'poeple:']], ['4:1 error unknown key `poeple`']],
    [
      'no datasets',
      [['datasets:', 'people2:']],
      ['1:1 error `datasets` is missing', '7:1 error unknown key `people2`'],
    ],
    [
      'an address',
      [['definitions: .', 'definitions: .\nlisten: 8080']],
      ['2:9 error `listen` must be text, not the number 8080'],
    ],
    [
      'an address without a port',
      [['definitions: .', 'definitions: .\nlisten: localhost']],
      ['2:9 error "localhost" is no address to listen on'],
    ],
    [
      'a schedule',
      [['definitions: .', 'definitions: .\nschedule: hourly']],
      ['2:11 error "hourly" is no cron expression'],
    ],
    [
      'how long data is kept',
      [['definitions: .', 'definitions: .\nretention: {slices: 30d, hours: 7d, evidence: 1y}']],
      [
        '2:33 error hours are kept shorter (7d) than slices finer than an hour (30d)',
        '2:47 error `evidence` is no duration: "1y"',
      ],
    ],
    [
      'an instant',
      [['definitions: .', 'definitions: .\nstartFrom: 2026-02-30']],
      ['2:12 error `startFrom` is no point in time: "2026-02-30"'],
    ],
    ['a source type', [['type: files', 'type: file']], ['3:16 error there is no source type "file"']],
    ["the source type's own keys", [['path: ./data', 'paht: ./data']], ['3:23 error unknown key `paht`']],
    [
      'a source that is none',
      [['source: logs, files: auth', 'source: log, files: auth']],
      ['8:42 error there is no source "log"'],
    ],
    [
      'a kind that is none',
      [['kind: events', 'kind: event']],
      ['8:26 error there is no kind of dataset "event"'],
    ],
    [
      'a key that nobody knows',
      [['files: auth.ndjson', 'files: auth.ndjson, fiels: {a: b}']],
      ['8:68 error unknown key `fiels`'],
    ],
    [
      'a key of another kind',
      [['files: auth.ndjson', 'files: auth.ndjson, key: id']],
      ['8:68 error `key` belongs to datasets of kind records, and this one is of kind events'],
    ],
    [
      "a value of the connector's key",
      [['files: auth.ndjson', 'files: auth.ndjson, format: xml']],
      ['8:76 error `format` must be `csv` or `ndjson`, not "xml"'],
    ],
    ['what the connector needs', [[', files: auth.ndjson', '']], ['8:3 error `files` is missing']],
    [
      'a duration',
      [['files: auth.ndjson', 'files: auth.ndjson, settle: 5 minutes']],
      ['8:76 error `settle` is no duration: "5 minutes"'],
    ],
    [
      'a zone',
      [
        [
          'files: auth.ndjson',
          'files: auth.ndjson, expectEvents: {atLeast: 1, every: 1h, during: {timeZone: Europe/Olso}}',
        ],
      ],
      ['8:125 error there is no time zone "Europe/Olso"'],
    ],
    [
      'a value that YAML read as a number',
      [['files: auth.ndjson', 'files: auth.ndjson, values: {a: {b: [0xC0]}}']],
      ['8:85 error item 1 of `b` must be text, but 0xC0 is read as the number 192'],
    ],
  ];
  it.each(cases)('%s', (_what, edits, expected) => {
    const { problems } = load(edited(HERE, edits));
    expect(
      problems.map(({ line, column, severity, message }) => `${line}:${column} ${severity} ${message}`),
    ).toEqual(expected);
  });

  it('has no configuration to give then, but still says where definitions are', () => {
    const { config, definitions, unreadable } = load(edited(HERE, [['type: files', 'type: file']]));
    expect([config, definitions, unreadable]).toEqual([null, [folder], false]);
  });
});

describe('a clock of records', () => {
  const incidents = 'key: number, opened: opened_at, closed: resolved_at';
  const withKeys = (keys: string) => load(edited(HERE, [[incidents, `${incidents}, ${keys}`]]));
  const problems = (keys: string) =>
    withKeys(keys).problems.map(({ line, message }) => `${line}: ${message}`);

  it('is read with its hours, its pause and its due times', () => {
    writeFileSync(
      join(folder, 'days.ics'),
      ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'DTSTART;VALUE=DATE:20260517', 'END:VEVENT', 'END:VCALENDAR'].join(
        '\n',
      ),
    );
    const hours =
      'businessHours: {timeZone: Europe/Oslo, days: [mon], to: "16:00", holidays: {ics: days.ics}}';
    const keys = `ingested: at, clock: {${hours}, pausedWhile: {state: Waiting}}, due: {by: priority, table: {High: 4h}}`;
    const { config, files } = withKeys(keys);
    expect(config?.datasets.incidents).toMatchObject({
      due: null,
      dueBy: { by: 'priority', limits: { High: 4 * HOUR } },
      clock: {
        businessHours: { days: ['mon'], from: '00:00', to: '16:00', holidays: ['2026-05-17'] },
        pausedWhile: { op: 'test', field: 'state' },
      },
    });
    expect(files).toEqual([join(folder, 'days.ics')]);
  });

  it.each([
    ['clock: {pausedWhile: {state: Waiting}}', '`pausedWhile` needs to know when each version came'],
    [
      'ingested: at, clock: {pausedWhile: {state|in: {dataset: assets, field: x}}}',
      '`pausedWhile` can’t use `in`',
    ],
    ['clock: {businessHours: {timeZone: Oslo}}', 'there is no time zone "Oslo"'],
    [
      'clock: {businessHours: {timeZone: UTC, from: "16:00", to: "08:00"}}',
      'the hours end (08:00) before they begin (16:00)',
    ],
    [
      'clock: {businessHours: {timeZone: UTC, holidays: {ics: none.ics}}}',
      "none.ics: the file can't be read",
    ],
    ['due: {by: priority, table: {High: soon}}', '`High` is no duration: "soon"'],
    ['due: {by: priority, table: {}}', 'the table is empty'],
  ])('is refused: %s', (keys, message) => {
    expect(problems(keys)).toEqual([expect.stringContaining(`9: ${message}`)]);
  });
});
