/** Events that all sources are given: random ones, a recorded attack, and a year of real incidents' first days. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { z } from 'zod';
import { DAY, type Grain, HOUR, type Instant, type Interval, MINUTE } from '../../src/core/time/interval.ts';
import { START } from './connector-data.ts';
import type { StoredRow } from './connector-harness.ts';

export interface Corpus {
  readonly name: string;
  readonly range: Interval;
  readonly grain: Grain;
  readonly events: readonly StoredRow[];
  readonly records: readonly StoredRow[];
}

const ROOT = join(import.meta.dirname, '../..');
const HOURS = 12;

/** What every source can hold as it is: no empty text, no number where a text should be. */
const anyEvent = fc.record({
  offset: fc.oneof(
    fc.integer({ min: -1, max: HOURS * HOUR }),
    fc
      .tuple(fc.integer({ min: 0, max: HOURS }), fc.constantFrom(-1, 0, 1))
      .map(([hour, ms]) => hour * HOUR + ms),
  ),
  lag: fc.constantFrom(0, 1, 1_000, HOUR, 5 * HOUR),
  fields: fc.record({
    'event.action': fc.constantFrom(
      'logon',
      'LOGON',
      'Logoff',
      'änderung',
      'a%b_c\\d',
      "o'brien",
      '😀 ok',
      'x y',
      null,
      undefined,
    ),
    'user.name': fc.oneof(
      fc.constantFrom('alice', 'Alice', 'svc-backup$', 'Grün', null, undefined),
      fc.uniqueArray(fc.constantFrom('alice', 'bob', 'carol'), { minLength: 1, maxLength: 3 }),
    ),
    'event.code': fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.constantFrom(4624, 4625, 4625, null)),
    // Nine orders of magnitude: a sketch by ranges, as some servers must make it, has a bucket for each of their steps.
    'http.bytes': fc.oneof(
      fc.integer({ min: -1e9, max: 1e9 }).map((thousandths) => thousandths / 1_000),
      fc.constantFrom(0, 1, 0.1, 1e6, null),
    ),
    'source.ip': fc.constantFrom('10.0.0.1', '10.200.3.4', '192.168.1.77', '2001:db8::1', null),
    flag: fc.constantFrom(true, false, null),
    tags: fc.uniqueArray(fc.constantFrom('a', 'B', 'é'), { minLength: 1, maxLength: 3 }),
  }),
});

function randomEvents(): StoredRow[] {
  const [events = []] = fc.sample(fc.array(anyEvent, { minLength: 400, maxLength: 400 }), {
    seed: 20260329,
    numRuns: 1,
  });
  return events.map(({ offset, lag, fields }) => ({
    times: { '@timestamp': START + offset, 'event.ingested': START + offset + lag },
    fields,
  }));
}

function randomRecords(): StoredRow[] {
  const anyCase = fc.record({
    opened: fc.integer({ min: 0, max: HOURS }),
    hours: fc.integer({ min: 0, max: 9 }),
    state: fc.constantFrom('New', 'Active', 'Closed'),
    priority: fc.integer({ min: 1, max: 4 }),
    team: fc.constantFrom('blue', 'Grün', null),
  });
  const [cases = []] = fc.sample(fc.array(anyCase, { minLength: 80, maxLength: 80 }), {
    seed: 7,
    numRuns: 1,
  });
  return cases.map(({ opened, hours, state, priority, team }, i) => {
    const from = START + opened * HOUR + i;
    return {
      times: {
        opened: from,
        closed: state === 'Closed' ? from + hours * HOUR : null,
        due: priority < 3 ? from + 4 * HOUR : null,
        updated: from + (i % 3) * HOUR,
      },
      fields: { id: `case-${i % 50}`, revision: i, state, priority, 'team.name': team },
    };
  });
}

const windowsEvent = z.object({
  '@timestamp': z.iso.datetime(),
  EventTime: z.string(),
  Channel: z.string(),
  EventID: z.number(),
  EventType: z.string().optional(),
  Severity: z.string().optional(),
  TargetUserName: z.string().optional(),
  SubjectUserName: z.string().optional(),
  AccountName: z.string().optional(),
  IpAddress: z.string().optional(),
  ExecutionProcessID: z.number().optional(),
  Image: z.string().optional(),
  ProcessName: z.string().optional(),
  Hostname: z.string(),
});

/** Of the whole recording, an extract lies in test/fixtures. */
function windowsEvents(): StoredRow[] {
  const packed = readFileSync(join(ROOT, 'test/fixtures/windows-events/events.ndjson.gz'));
  const lines = gunzipSync(packed).toString().trimEnd().split('\n');
  return lines.map((line) => {
    const event = windowsEvent.parse(JSON.parse(line));
    const users = [event.TargetUserName, event.SubjectUserName, event.AccountName];
    return {
      times: {
        '@timestamp': Date.parse(`${event.EventTime.replace(' ', 'T')}-04:00`),
        'event.ingested': Date.parse(event['@timestamp']),
      },
      fields: {
        'event.action': event.Image ?? event.ProcessName ?? event.Channel,
        'user.name': [
          ...new Set(users.flatMap((user) => (user === undefined || user === '-' ? [] : [user]))),
        ],
        'event.code': event.EventID,
        'http.bytes': event.ExecutionProcessID ?? null,
        'source.ip': /^[0-9.]+$/.test(event.IpAddress ?? '') ? event.IpAddress : null,
        flag: event.EventType === undefined ? null : event.EventType === 'AUDIT_FAILURE',
        tags: [event.Hostname, event.Severity ?? 'NONE'],
      },
    };
  });
}

/** The incidents opened before this day: each row is an event, and a version of a record. */
async function incidents(before: string): Promise<Pick<Corpus, 'events' | 'records'>> {
  const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' });
  const connection = await instance.connect();
  const columns = ['opened_at', 'resolved_at', 'closed_at', 'sys_updated_at'].map(
    (name) => `epoch_ms(${name})`,
  );
  const reader = await connection.runAndReadAll(
    `SELECT ${columns.join(', ')}, number, ident_state, sys_mod_count, priority, assignment_group, reassignment_count, category, made_sla
     FROM read_parquet($1) WHERE opened_at < CAST($2 AS TIMESTAMP) ORDER BY sys_updated_at, number, sys_mod_count`,
    [join(ROOT, 'examples/incident-log/incidents.parquet'), before],
  );
  const rows = reader.getRowsJS();
  connection.closeSync();
  instance.closeSync();
  const time = (value: unknown): Instant | null => (value === null ? null : Number(value));
  const text = (value: unknown): string | null => (value === null ? null : String(value));
  return {
    events: rows.map(([, , , updated, number, state, , , team, moves, category, kept]) => ({
      times: { '@timestamp': time(updated), 'event.ingested': time(updated) },
      fields: {
        'event.action': text(state),
        'user.name': team === null ? null : `group ${String(team)}`,
        'event.code': category === null ? null : Number(category),
        'http.bytes': Number(moves),
        flag: kept === true,
        tags: [String(number)],
      },
    })),
    records: rows.map(([opened, resolved, closed, updated, number, state, changes, priority, team]) => ({
      times: { opened: time(opened), closed: time(resolved ?? closed), due: null, updated: time(updated) },
      fields: {
        id: String(number),
        revision: Number(changes),
        state: text(state),
        priority: Number(priority),
        'team.name': text(team),
      },
    })),
  };
}

export async function corpora(): Promise<readonly Corpus[]> {
  const attack = Date.UTC(2020, 9, 22, 8);
  const spring = Date.UTC(2016, 1, 29);
  return [
    {
      name: 'random events',
      range: { start: START, end: START + HOURS * HOUR },
      grain: HOUR,
      events: randomEvents(),
      records: randomRecords(),
    },
    {
      name: 'the Windows events of an attack',
      range: { start: attack, end: attack + HOUR },
      grain: MINUTE,
      events: windowsEvents(),
      records: [],
    },
    {
      name: 'the incident log',
      range: { start: spring, end: spring + 10 * DAY },
      grain: HOUR,
      ...(await incidents('2016-03-01 12:00')),
    },
  ];
}
