/** Which events a call is about: the dataset's own filter, a range of its time, and what had come in by then. */
import type { Dataset, EventsDataset } from '../../../src/config/model.ts';
import { ConfigError } from '../../../src/core/errors.ts';
import type { Instant, Interval } from '../../../src/core/time/interval.ts';
import { parsedOptions } from '../options.ts';
import type { Engine } from './engine.ts';
import { exists, type Query } from './filter.ts';
import { isObject } from './json.ts';
import { type DatasetOptions, datasetOptions } from './options.ts';
import { requireTime, type Schema } from './schema.ts';
import { openSession, type Session } from './search.ts';

export function optionsOf(dataset: Dataset): DatasetOptions {
  return parsedOptions(datasetOptions, 'dataset', dataset);
}

/** The dataset's `filter`: a query of the Query DSL where it begins with `{`, else one in Lucene's syntax as Kibana has it. */
export function nativeFilter({ name, filter }: Dataset): readonly Query[] {
  if (filter === null || filter.trim() === '') return [];
  if (!filter.trim().startsWith('{')) return [{ query_string: { query: filter, analyze_wildcard: true } }];
  return [parseJson(filter, `The filter of the dataset "${name}"`, name)];
}

export function parseJson(text: string, what: string, where: string): Query {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed)) return parsed;
  } catch (cause) {
    throw new ConfigError(`${what} is no JSON`, {
      where,
      cause,
      help: 'It is read as Query DSL, as it begins with `{`.',
    });
  }
  throw new ConfigError(`${what} is no JSON object`, { where });
}

export function sessionOf(engine: Engine, dataset: Dataset, signal: AbortSignal): Session {
  return openSession(engine, dataset.name, optionsOf(dataset).index, signal);
}

export function inRange(field: string, { start, end }: Interval): Query {
  return { range: { [field]: { gte: start, lt: end, format: 'epoch_millis' } } };
}

export function before(field: string, asOf: Instant): Query {
  return { range: { [field]: { lt: asOf, format: 'epoch_millis' } } };
}

/** Known before `asOf`. Events that don't tell when they came in are neither: `arrivalUnknown`. */
export function arrived({ ingested }: { ingested: string | null }, asOf: Instant): readonly Query[] {
  return ingested === null ? [] : [before(ingested, asOf)];
}

/** The events of a range, as far as they had come in; those that don't tell when are not among them. */
export function eventsQuery(dataset: EventsDataset, range: Interval, asOf: Instant): Query[] {
  return [...nativeFilter(dataset), inRange(dataset.time, range), ...arrived(dataset, asOf)];
}

export function arrivalUnknown(ingested: string): Query {
  return { bool: { must_not: [exists(ingested)] } };
}

/** Throws where the dataset's times are not what the index has. */
export function requireTimes(schema: Schema, { time, ingested }: EventsDataset): void {
  requireTime(schema, time);
  if (ingested !== null) requireTime(schema, ingested);
}
