/**
 * What a person writes in clause9.yaml: the parts that every source type shares. What only one type understands is
 * checked by that connector's own schema (`datasets.ts`, `sources.ts`).
 */
import { z } from 'zod';
import { count, date, duration, map, text, texts, where } from '../core/definition/schema-words.ts';
import { secretRef } from './secrets.ts';

const clock = (description: string) =>
  z
    .string()
    .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be a time of day\nWrite it in quotes as "08:00".')
    .describe(description);

export const businessHoursSchema = z.strictObject({
  timeZone: text('IANA time zone of the hours and days.'),
  days: z
    .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
    .min(1)
    .describe('Days of the week. Default: all.')
    .optional(),
  from: clock('First minute of the day that counts. Default: "00:00".').optional(),
  to: clock('End of the hours that count. Default: "24:00".').optional(),
  holidays: z
    .union([
      z.array(date('A day off.')).max(10_000),
      z.strictObject({ ics: text('iCalendar file with a whole-day event for each holiday.') }),
    ])
    .describe('Days that do not count: a list, or {ics: holidays.ics}.')
    .optional(),
});

export const expectEventsSchema = z
  .strictObject({
    atLeast: count('At least so many events.', 1, 1_000_000_000),
    every: duration('In each stretch of this length, e.g. 1h.'),
    during: businessHoursSchema.describe('Only in these hours. Left out: always.').optional(),
  })
  .describe('No event at all where there should be some is silence, not zero: {atLeast: 1, every: 1h}.');

const dueTable = z
  .strictObject({
    by: text('Field whose value decides.'),
    table: map(duration('So long after opening, on the clock: 4h.')).describe('Value → time from opening.'),
  })
  .describe('A due time from a table: {by: priority, table: {"1 - Critical": 4h}}.');

export const recordClockSchema = z
  .strictObject({
    businessHours: businessHoursSchema.describe('Only these hours count. Left out: all.').optional(),
    pausedWhile: where(
      'Time during which the latest version known matched does not count: {state: Awaiting User Info}.',
    ).optional(),
  })
  .describe('Which time counts between opening and closing. Left out: all of it.');

const logSource = z
  .strictObject({
    category: text('e.g. authentication').optional(),
    product: text('e.g. windows').optional(),
    service: text('e.g. security').optional(),
  })
  .describe('A log source of Sigma rules that this dataset holds.');

const oneOrMore = (description: string) =>
  z.union([text('Field.'), texts('Fields.').min(1)]).describe(description);

const common = {
  source: text('Name of a source.'),
  fields: map(text("The source's own name."))
    .describe("Standard field → the source's own name, where they differ.")
    .optional(),
  values: map(map(z.union([text("The source's own value."), texts("The source's own values.")])))
    .describe("Standard field → standard value → the source's own values.")
    .optional(),
  filter: text("A filter in the source's own language, narrowing the dataset.").optional(),
  settle: duration('Do not read a slice before it is over for this long. Default: 5m.').optional(),
  reviseFor: duration('Look for late data this far back. Default: 7d.').optional(),
  pseudonymise: texts('Fields whose values are stored as pseudonyms only, by their standard names.')
    .min(1)
    .optional(),
  logsource: z
    .union([logSource, z.array(logSource)])
    .describe('Log sources of Sigma rules that this dataset holds.')
    .optional(),
};

const ingested = text('Field with the time at which an event came in; finds late data.').optional();

/** By kind of dataset: the keys that every source type shares. */
export const datasetShapes = {
  events: {
    kind: z.literal('events').describe('Events, each with its time.'),
    ...common,
    time: text('Field with the event\'s time. Default: "@timestamp".').optional(),
    id: text(
      "Field with the event's own id, by its standard name; finds events that are there twice.",
    ).optional(),
    ingested,
    expectEvents: expectEventsSchema.optional(),
  },
  records: {
    kind: z.literal('records').describe('Cases that are opened and closed, one row a version.'),
    ...common,
    key: text('Field that names the case.'),
    version: oneOrMore('Fields that order the versions of a case.').optional(),
    opened: text('Field with the time of opening.'),
    closed: oneOrMore('Fields with the time of closing; the first that is known counts.'),
    due: z
      .union([text('Field with the time by which it is due.'), dueTable])
      .describe(
        'Field with the time by which it is due, or how long after opening: {by: priority, table: {"1 - Critical": 4h}}.',
      )
      .optional(),
    clock: recordClockSchema.optional(),
    ingested,
    expectEvents: expectEventsSchema.optional(),
  },
  snapshot: {
    kind: z.literal('snapshot').describe('A list: assets, people, known vulnerabilities.'),
    ...common,
    every: duration('Read it again this often. Default: 1d.').optional(),
  },
} as const;

export type DatasetKind = keyof typeof datasetShapes;

/** The keys of a source that every type shares. */
export const sourceShape = {
  type: text('Source type: files, splunk, elasticsearch, opensearch.'),
  maxConcurrentSearches: count('Searches at a time. Default: 2.', 1, 100).optional(),
  maxSearchesPerCycle: count(
    'Searches in one cycle; reads of slices beyond it wait for the next, newest first. Default: no limit.',
    1,
    1_000_000,
  ).optional(),
  maxRange: duration(
    'Longest range of one read of slices. Default: 72 slices, 6h at least; for files no limit.',
  ).optional(),
  deadline: duration('A call that is silent for this long is cancelled. Default: 2m.').optional(),
};

const person = z
  .strictObject({ name: text('Name.'), email: text('Mail address.').optional() })
  .describe('A person or team that roles name.');

const address = (description: string) => text(description).optional();

export const configShape = {
  listen: address('Address of API and console, as HOST:PORT. Default: 127.0.0.1:8080.'),
  metricsListen: address('Address of /metrics and health, as HOST:PORT. Default: 127.0.0.1:9464.'),
  store: text('SQLite file of the results. Default: ./clause9.db.').optional(),
  definitions: z
    .union([text('File or folder.'), texts('Files and folders.')])
    .describe('Where the KPI definitions are. Default: ./kpi-definitions.')
    .optional(),
  schedule: text(
    'When to look for work: a cron expression in UTC. Default: "* * * * *", every minute.',
  ).optional(),
  people: map(person).describe('Persons and teams, by the key that roles use.').optional(),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .describe('Default: info.')
    .optional(),
  maxBuckets: count(
    'Largest number of slices × measures in one request. Default: 50000.',
    100,
    1_000_000,
  ).optional(),
  pseudonymKey: secretRef
    .describe('Key of the pseudonyms that datasets ask for (`pseudonymise`): {env: NAME} or {file: PATH}.')
    .optional(),
  retention: z
    .strictObject({
      slices: duration('Slices finer than an hour are merged to hours after this. Default: 90d.').optional(),
      hours: duration('Hours are merged to days after this. Default: 730d.').optional(),
      evidence: duration(
        'What was asked of sources is dropped after this, where nothing that is stored came from it. Default: 400d.',
      ).optional(),
    })
    .describe('How long data is kept in detail; results are kept for ever.')
    .optional(),
  startFrom: text('Read nothing before this day or instant. Default: what the windows need.').optional(),
} as const;

/** The frame: sources and datasets are checked one by one, as their keys depend on the source type. */
export const configSchema = z
  .strictObject({
    ...configShape,
    sources: map(z.unknown()).describe('Connections, by name.'),
    datasets: map(z.unknown()).describe('Named bodies of data, by name.'),
  })
  .describe('The configuration of clause9 (clause9.yaml).');
