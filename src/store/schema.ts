/** The tables as Kysely sees them, and the migrations that make them. Times are UTC ms; JSON is text. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { takeOutTexts } from './texts.ts';

interface SliceRow {
  series: number;
  start: number;
  revision: number;
  read: number;
  as_of: number;
  quality: 'complete' | 'partial';
  notes: string;
  tallies: string;
  /** Control series only. */
  max_ingested: number | null;
  digest: string | null;
}

export interface Tables {
  definition: {
    kpi: string;
    measurement_hash: string;
    evaluation_hash: string;
    body: string;
    first_loaded: number;
  };
  kpi_state: {
    kpi: string;
    measurement_hash: string;
    evaluation_hash: string;
    first_loaded: number;
    wanted_from: number;
    evaluated_from: number | null;
    evaluated_to: number | null;
  };
  series: { id: number; dataset: string; grain: number; fingerprint: string };
  coverage: { series: number; start: number; end: number };
  cursor: { key: string; value: string };
  read: {
    id: number;
    dataset: string;
    as_of: number;
    start: number | null;
    end: number | null;
    /** JSON of the evidence without query and parameters, whose text with blanks is kept once in `text`. */
    evidence: string;
    text: number;
    /** JSON list: what stands in the blanks. */
    blanks: string;
  };
  text: { id: number; hash: string; body: string };
  slice: SliceRow;
  slice_history: SliceRow;
  block: {
    series: number;
    start: number;
    /** An hour or a day, in milliseconds. */
    length: number;
    tallies: string;
    partial: number;
    events: string | null;
  };
  rolled: {
    series: number;
    start: number;
    /** An hour or a day, in milliseconds. */
    length: number;
    as_of: number;
    /** Hash of the reads of its slices, in time order. */
    reads: string;
    tallies: string;
    partial: number;
    events: string | null;
    notes: string;
  };
  record_set: {
    id: number;
    dataset: string;
    fingerprint: string;
    cursor: string | null;
    as_of: number | null;
    quality: 'complete' | 'partial';
  };
  record: {
    record_set: number;
    key: string;
    hash: number;
    ingested: number;
    lo: number;
    hi: number;
    latest: number;
    read: number;
    ord: number;
    body: string;
  };
  snapshot: {
    key: string;
    as_of: number;
    checked_at: number;
    hash: string;
    quality: 'complete' | 'partial';
    rows: string;
    read: number;
  };
  query: { id: number; dataset: string; fingerprint: string };
  answer: {
    query: number;
    start: number;
    end: number;
    revision: number;
    as_of: number;
    checked_at: number;
    quality: 'complete' | 'partial';
    notes: string;
    /** JSON object: name → number or null. */
    numbers: string;
    read: number;
    newest: number;
  };
  touched: { id: number; input: string; kind: string; fields: string | null; start: number; end: number };
  deferred: { kpi: string; measurement_hash: string; start: number; end: number };
  result: {
    id: number;
    kpi: string;
    measurement_hash: string;
    evaluation_hash: string;
    /** JSON object of the group, `''` for the KPI's own result. */
    grp: string;
    start: number;
    end: number;
    value: number | null;
    lower: number | null;
    upper: number | null;
    sample: number;
    undecided: number;
    quality: string;
    verdict: string;
    reason: string | null;
    final: number;
    due_at: number | null;
    as_of: number;
    supersedes: number | null;
    retroactive: number;
    measures: string;
    inputs: string;
    newest: number;
  };
}

const first: Migration = {
  async up(db: Kysely<unknown>) {
    const statements = [
      `create table definition (kpi text not null, measurement_hash text not null, evaluation_hash text not null,
        body text not null, first_loaded integer not null, primary key (kpi, measurement_hash, evaluation_hash)) without rowid`,
      `create table kpi_state (kpi text not null, measurement_hash text not null, evaluation_hash text not null,
        first_loaded integer not null, wanted_from integer not null, evaluated_from integer, evaluated_to integer,
        primary key (kpi, measurement_hash)) without rowid`,
      `create table series (id integer primary key, dataset text not null, grain integer not null, fingerprint text not null,
        unique (fingerprint, grain))`,
      `create table coverage (series integer not null, start integer not null, end integer not null,
        primary key (series, start)) without rowid`,
      'create table cursor (key text primary key, value text not null) without rowid',
      `create table read (id integer primary key, dataset text not null, as_of integer not null, start integer, end integer,
        evidence text not null)`,
      'create index read_dataset on read (dataset, as_of)',
      ...['slice', 'slice_history'].map(
        (
          name,
        ) => `create table ${name} (series integer not null, start integer not null, revision integer not null,
          read integer not null, as_of integer not null, quality text not null, notes text not null, tallies text not null,
          max_ingested integer, digest text,
          primary key (series, start${name === 'slice' ? '' : ', revision'})) without rowid`,
      ),
      `create table block (series integer not null, start integer not null, tallies text not null, partial integer not null,
        events text, primary key (series, start)) without rowid`,
      `create table record_set (id integer primary key, dataset text not null, fingerprint text not null, cursor text,
        as_of integer, quality text not null, unique (dataset, fingerprint))`,
      `create table record (record_set integer not null, key text not null, hash integer not null, ingested integer not null,
        lo integer not null, hi integer not null, latest integer not null, read integer not null, ord integer not null, body text not null)`,
      'create unique index record_version on record (record_set, key, hash)',
      'create index record_latest on record (record_set, hi, lo) where latest = 1',
      'create index record_ingested on record (record_set, ingested)',
      `create table snapshot (key text not null, as_of integer not null, checked_at integer not null, hash text not null,
        quality text not null, rows text not null, read integer not null, primary key (key, as_of)) without rowid`,
      `create table touched (id integer primary key autoincrement, input text not null, kind text not null,
        fields text, start integer not null, end integer not null)`,
      `create table deferred (kpi text not null, measurement_hash text not null, start integer not null, end integer not null,
        primary key (kpi, measurement_hash, start)) without rowid`,
      `create table result (id integer primary key, kpi text not null, measurement_hash text not null, evaluation_hash text not null,
        grp text not null, start integer not null, end integer not null, value real, lower real, upper real,
        sample integer not null, undecided integer not null, quality text not null, verdict text not null, reason text,
        final integer not null, due_at integer, as_of integer not null, supersedes integer, retroactive integer not null,
        measures text not null, inputs text not null, newest integer not null)`,
      'create index result_window on result (kpi, measurement_hash, end, grp, as_of)',
      'create unique index result_newest on result (kpi, measurement_hash, end, grp) where newest = 1',
      'create index result_due on result (due_at) where newest = 1 and due_at is not null',
    ];
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const queryAnswers: Migration = {
  async up(db: Kysely<unknown>) {
    const statements = [
      'create table query (id integer primary key, dataset text not null, fingerprint text not null unique)',
      `create table answer (query integer not null, start integer not null, end integer not null, revision integer not null,
        as_of integer not null, checked_at integer not null, quality text not null, notes text not null, numbers text not null,
        read integer not null, newest integer not null, primary key (query, end, start, revision)) without rowid`,
    ];
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const retention: Migration = {
  async up(db: Kysely<unknown>) {
    const statements = [
      `create table rolled (series integer not null, start integer not null, length integer not null, as_of integer not null,
        reads text not null, tallies text not null, partial integer not null, events text, notes text not null,
        primary key (series, start, length)) without rowid`,
      'create table text (id integer primary key, hash text not null unique, body text not null)',
      'alter table read add column text integer not null default 0',
      "alter table read add column blanks text not null default '[]'",
      'create index read_text on read (text)',
    ];
    for (const statement of statements) await sql.raw(statement).execute(db);
    await takeOutTexts(db);
  },
};

const blocksOfHours: Migration = {
  async up(db: Kysely<unknown>) {
    const statements = [
      `create table blocks (series integer not null, start integer not null, length integer not null, tallies text not null,
        partial integer not null, events text, primary key (series, length, start)) without rowid`,
      'insert into blocks select series, start, 86400000, tallies, partial, events from block',
      'drop table block',
      'alter table blocks rename to block',
    ];
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

export const migrations: Record<string, Migration> = {
  '0001-first': first,
  '0002-query-answers': queryAnswers,
  '0003-retention': retention,
  '0004-blocks-of-hours': blocksOfHours,
};
