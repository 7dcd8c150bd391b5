/** What a folder holds that could become a dataset: files that differ only in the digits of their names, together. */
import type { EventsDataset, SnapshotDataset } from '../../src/config/model.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { MINUTE } from '../../src/core/time/interval.ts';
import type { Candidate, FieldTypes } from '../../src/ports/connector.ts';
import { hasValue } from './field.ts';
import { findFiles } from './glob.ts';
import { ALWAYS, inspect } from './inspect.ts';
import { formatByName } from './manifest.ts';
import { openScope } from './scope.ts';
import { openDataset, readable, type Source } from './source.ts';
import { known, sql } from './sql.ts';

/** Names of time fields, the likeliest first. */
const TIMES = [
  /^@timestamp$/,
  /^timestamp$/i,
  /^_?time$/i,
  /^(event_?time|timecreated|datetime|date|ts)$/i,
  /_at$/i,
];
const ARRIVALS = [
  /^event\.ingested$/,
  /^@?ingest(ed)?(_?(at|time|ts))?$/i,
  /^_?indexed?_?(at|time)$/i,
  /^received(_?(at|time))?$/i,
];

export async function discover(source: Source, signal: AbortSignal): Promise<Candidate[]> {
  const names = [...(await findFiles(source.folder, '**/*'))].filter(
    (name) => formatByName(name) !== undefined,
  );
  const patterns = [...new Set(names.sort().map(patternOf))];
  const candidates: Candidate[] = [];
  for (const pattern of patterns) candidates.push(await candidateOf(source, pattern, signal));
  return candidates;
}

/** `auth/2026-01-31.ndjson.gz` is one of `auth/*-*-*.ndjson*`: rotation may compress it. */
function patternOf(name: string): string {
  const folders = name.split('/');
  const file = folders.pop() ?? '';
  const wild = escaped(file.replace(/\.gz$/, '').replace(/\.[0-9]+$/, '')).replace(/[0-9]+/g, '*');
  const rotates = /\.(gz|[0-9]+)$/.test(file) ? '*' : '';
  return [...folders.map(escaped), `${wild}${rotates}`].join('/');
}

const escaped = (text: string): string => text.replace(/[[*?]/g, '[$&]');

async function candidateOf(source: Source, pattern: string, signal: AbortSignal): Promise<Candidate> {
  const name = nameOf(pattern);
  const common = {
    name,
    source: source.name,
    fields: {},
    values: {},
    filter: null,
    settleMs: 0,
    reviseForMs: 0,
  };
  const options = { files: pattern };
  const list: SnapshotDataset = { ...common, kind: 'snapshot', everyMs: 0, options };
  const nothing = { name, options, time: null, ingested: null, types: {}, events: 0, newest: null };
  try {
    const types = await typesOf(source, list, signal);
    const time = await timeAmong(source, list, likely(types, TIMES), signal);
    if (time === null) return { ...nothing, types, events: (await inspect(source, list, signal)).events };
    const arrivals = likely(types, ARRIVALS).filter((field) => field !== time);
    const ingested = await timeAmong(source, list, arrivals, signal);
    const dataset: EventsDataset = { ...common, kind: 'events', time, ingested, expectEvents: null, options };
    const { events, newest } = await inspect(source, dataset, signal);
    const times = [time, ...(ingested === null ? [] : [ingested])].map((field) => [field, 'time'] as const);
    return {
      name,
      options,
      time,
      ingested,
      types: { ...types, ...Object.fromEntries(times) },
      events,
      newest,
    };
  } catch (error) {
    // One broken file must not hide the others: it is named, with nothing known of it.
    if (error instanceof ConnectorError) return nothing;
    throw error;
  }
}

function nameOf(pattern: string): string {
  const plain = pattern.replace(/\.(ndjson|jsonl|json|csv|tsv|parquet)\b.*$/i, '').toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'data';
}

async function typesOf(source: Source, dataset: SnapshotDataset, signal: AbortSignal): Promise<FieldTypes> {
  const opened = await openDataset(source, dataset, signal);
  try {
    return await opened.described.types();
  } finally {
    await opened.session.close();
  }
}

function likely(types: FieldTypes, names: readonly RegExp[]): string[] {
  const fields = Object.keys(types).filter((field) => types[field] !== 'boolean');
  return [...new Set(names.flatMap((pattern) => fields.filter((field) => pattern.test(field))))];
}

/** The first of them that is there in nearly every row, and a time wherever it is. */
async function timeAmong(
  source: Source,
  list: SnapshotDataset,
  fields: readonly string[],
  signal: AbortSignal,
): Promise<string | null> {
  for (const time of fields) {
    const dataset: EventsDataset = { ...list, kind: 'events', time, ingested: null, expectEvents: null };
    const opened = await openDataset(source, dataset, signal);
    try {
      const { relation } = await openScope(opened, dataset, ALWAYS, ALWAYS.end, MINUTE, [time]);
      const has = known(hasValue(relation.field(time)));
      const [[rows, present, times] = []] = await opened.session.look(
        sql`SELECT count(*), count(*) FILTER (WHERE ${has}), count(${relation.instant(time)}) FROM ${relation.from} WHERE ${readable(relation, [])}`,
      );
      const isUsual = Number(present) > 0 && Number(present) >= 0.9 * Number(rows);
      if (isUsual && present === times) return time;
    } finally {
      await opened.session.close();
    }
  }
  return null;
}
