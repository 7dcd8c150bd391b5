/** Which fields there are: what a sample of events shows, and for a rarer one a look for it alone. */
import type { Dataset } from '../../src/config/model.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { didYouMean } from '../../src/core/filter/suggest.ts';
import type { FieldTypes } from '../../src/ports/connector.ts';
import { baseOf, INDEX_TIME, optionsOf, TIME, TIME_NAMES } from './base.ts';
import { createColumns } from './columns.ts';
import { runSearch } from './job.ts';
import { numberIn, type ResultRow, textIn } from './row.ts';
import type { Source } from './source.ts';
import { type Spl, spl, text } from './spl.ts';

export const FIELDS = spl` | head 5000 | fieldsummary maxvals=1 | table field count`;

/** The fields that the rows of `FIELDS` tell of. */
export const textsIn = (rows: readonly ResultRow[]): Record<string, FieldTypes[string]> =>
  Object.fromEntries(
    rows
      .filter((row) => (numberIn(row, 'count') ?? 0) > 0)
      .map((row) => [textIn(row, 'field'), 'text'] as const),
  );

/** What every event has, sampled or not. */
const OWN_TIMES = [...TIME_NAMES, INDEX_TIME];

/** What a dataset's events are found by: its search, or its lookup. */
export function rowsOf(dataset: Dataset): Spl {
  const { lookup } = optionsOf(dataset);
  return lookup === undefined ? baseOf(dataset).search : spl`| inputlookup ${text(lookup)}`;
}

export interface Sampled {
  /** Splunk holds texts; only its own times are anything else. */
  readonly types: FieldTypes;
  /** The search that found them, as Splunk ran it. */
  readonly resolved: string | null;
  readonly providers: readonly string[];
}

export async function sampleFields(source: Source, dataset: Dataset, signal: AbortSignal): Promise<Sampled> {
  const { rows, resolved, providers } = await runSearch(
    source,
    { dataset, spl: spl`${rowsOf(dataset)}${FIELDS}`, verbose: true },
    signal,
  );
  const types = textsIn(rows);
  const isThere = (name: string) => OWN_TIMES.includes(name) || Object.hasOwn(types, name);
  for (const name of timesOf(dataset).filter(isThere)) types[name] = 'time';
  return { types, resolved, providers };
}

/** The fields that the dataset declares to be times. */
export function timesOf(dataset: Dataset): string[] {
  if (dataset.kind === 'snapshot') return [];
  const own = dataset.kind === 'events' ? [dataset.time] : [dataset.opened, ...dataset.closed, dataset.due];
  return [...new Set([TIME, INDEX_TIME, ...own, dataset.ingested])].filter((name) => name !== null);
}

/** A field that no event has is a slip of the pen, and would match nothing for ever. */
export async function requireFields(
  source: Source,
  dataset: Dataset,
  fields: Iterable<string>,
  types: FieldTypes,
  signal: AbortSignal,
): Promise<void> {
  for (const field of new Set(fields)) {
    if (Object.hasOwn(types, field) || (await occurs(source, dataset, field, signal))) continue;
    throw new ConnectorError(`No event has a field "${field}"`, {
      retryable: false,
      where: dataset.name,
      help: didYouMean(field, Object.keys(types)) ?? 'Look at what Splunk extracts, and map it in `fields`.',
    });
  }
}

/** Looks through all events for one that has the field. */
async function occurs(
  source: Source,
  dataset: Dataset,
  field: string,
  signal: AbortSignal,
): Promise<boolean> {
  const columns = createColumns();
  const value = columns.field(field);
  const { rows } = await runSearch(
    source,
    {
      dataset,
      spl: spl`${rowsOf(dataset)}${columns.evals()} | where isnotnull(${value}) | head 1 | stats count AS c9_n`,
      control: 'events',
    },
    signal,
  );
  return rows.some((row) => numberIn(row, 'c9_n') === 1);
}
