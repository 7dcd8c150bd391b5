/** What there is to make datasets of, for `clause9 init`: data streams, and indices by the pattern that their names follow. */
import { ConnectorError } from '../../../src/core/errors.ts';
import type { Candidate } from '../../../src/ports/connector.ts';
import { readSchema } from './caps.ts';
import type { Engine } from './engine.ts';
import { at, listAt, numberOrNullAt, textAt, textsAt } from './json.ts';
import { portTypes, type Schema } from './schema.ts';
import { openSession, search } from './search.ts';

const MOST = 200;
/** Dates (`-2026.03.29`, `-2026.03`) and generations (`-000001`) that names end in. */
const SUFFIX = /[-_.](?:\d{4}[.-]\d{2}(?:[.-]\d{2})?(?:-\d{6})?|\d{6})$/;

export async function discover(engine: Engine, signal: AbortSignal): Promise<Candidate[]> {
  const { body } = await engine.call(
    { method: 'GET', path: '/_resolve/index/*', query: { expand_wildcards: 'open' } },
    signal,
  );
  const streams = listAt(body, 'data_streams').map((stream) => textAt(stream, 'name'));
  const indices = listAt(body, 'indices')
    .filter(
      (index) => at(index, 'data_stream') === undefined && !textsAt(index, 'attributes').includes('closed'),
    )
    .map((index) => textAt(index, 'name'));
  const patterns = indices.map((name) => (SUFFIX.test(name) ? `${name.replace(SUFFIX, '')}-*` : name));
  const names = [...new Set([...streams, ...patterns])].filter((name) => !name.startsWith('.')).sort();
  const candidates: Candidate[] = [];
  for (const index of names.slice(0, MOST)) {
    const candidate = await look(engine, index, signal);
    if (candidate !== null) candidates.push(candidate);
  }
  return candidates;
}

/** Null for what is gone meanwhile, or can't be read whole. */
async function look(engine: Engine, index: string, signal: AbortSignal): Promise<Candidate | null> {
  try {
    const session = openSession(engine, index, index, signal);
    const schema = await readSchema(session);
    const time = firstTime(schema, ['@timestamp', 'timestamp', 'time', 'event.created']);
    const ingested = firstTime(schema, ['event.ingested', 'ingested', 'ingest_timestamp'], false);
    const aggs = time === null ? {} : { aggs: { newest: { max: { field: time } } } };
    const { aggregations, total } = await search(session, { size: 0, query: { match_all: {} }, ...aggs });
    const newest = time === null ? null : numberOrNullAt(aggregations, 'newest', 'value');
    const name = index.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
    return { name, options: { index }, time, ingested, types: portTypes(schema), events: total, newest };
  } catch (error) {
    if (error instanceof ConnectorError) return null;
    throw error;
  }
}

function firstTime({ fields }: Schema, preferred: readonly string[], anyOther = true): string | null {
  const times = [...fields].filter(([, { family }]) => family === 'time').map(([name]) => name);
  const named = preferred.find((name) => times.includes(name));
  return named ?? (anyOther ? (times[0] ?? null) : null);
}
