/** The search of a dataset: which events it holds, and which of them had come in before an instant. */
import type { Dataset, EventsDataset, RecordsDataset } from '../../src/config/model.ts';
import { ConfigError, ConnectorError } from '../../src/core/errors.ts';
import type { Instant } from '../../src/core/time/interval.ts';
import { lintPipeline } from './lint.ts';
import { type DatasetOptions, datasetOptions, nativeFilter } from './options.ts';
import { join, number, type Spl, spl, text, written } from './spl.ts';

/** Splunk's own times of an event, and the names that stand for them. */
export const TIME = '_time';
export const INDEX_TIME = '_indextime';
const TIME_NAMES = [TIME, '@timestamp'];

export interface Base {
  readonly options: DatasetOptions;
  /** `search index=…`, with the dataset's filter and commands. */
  readonly search: Spl;
  /** The same for `tstats … where`, where that can answer: nothing but indexed fields narrows the dataset. */
  readonly indexed: Spl | null;
}

export function optionsOf(dataset: Dataset): DatasetOptions {
  const options = datasetOptions.safeParse(dataset.options);
  const filter = nativeFilter.nullable().safeParse(dataset.filter);
  const cause = options.error ?? filter.error;
  if (!options.success || cause !== undefined)
    throw new ConfigError(`The dataset "${dataset.name}" is not valid`, { cause });
  const problems = lintPipeline(options.data.search ?? '|search', options.data.acceptTruncation);
  if (problems.length > 0)
    throw new ConfigError(`The dataset's \`search\` ${problems.join('; ')}`, { where: dataset.name });
  return options.data;
}

/** The search of a dataset of events. */
export function baseOf(dataset: Dataset): Base {
  const options = optionsOf(dataset);
  const { index = [], sourcetype = [], search } = options;
  if (index.length === 0)
    throw new ConfigError('The dataset has no `index`', { where: dataset.name, help: 'Name it.' });
  const terms = [anyOf('index', index), ...(sourcetype.length > 0 ? [anyOf('sourcetype', sourcetype)] : [])];
  const filter = dataset.filter === null ? [] : [spl`(${written(dataset.filter)})`];
  const commands = search === undefined ? spl`` : spl` ${written(search.trim())}`;
  return {
    options,
    search: spl`search ${join([...terms, ...filter], ' ')}${commands}`,
    indexed: dataset.filter === null && search === undefined ? join(terms, ' ') : null,
  };
}

function anyOf(field: 'index' | 'sourcetype', values: readonly string[]): Spl {
  const name = field === 'index' ? spl`index` : spl`sourcetype`;
  return spl`(${join(
    values.map((value) => spl`${name}=${text(value)}`),
    ' OR ',
  )})`;
}

/** Whole seconds: an event of the second in which `asOf` lies may have come in after it. */
export const arrivedBefore = (asOf: Instant): Spl => spl`where _indextime<${number(Math.floor(asOf / 1000))}`;

/** Splunk finds events by `_time` and knows their arrival as `_indextime`; nothing else can stand for them. */
export function requireTimes(dataset: EventsDataset | RecordsDataset): void {
  const { ingested } = dataset;
  if (dataset.kind === 'events' && !TIME_NAMES.includes(dataset.time))
    throw wrongTime(dataset.name, `\`time: ${dataset.time}\``, TIME);
  if (ingested !== null && ingested !== INDEX_TIME)
    throw wrongTime(dataset.name, `\`ingested: ${ingested}\``, INDEX_TIME);
}

function wrongTime(where: string, what: string, own: string): ConnectorError {
  return new ConnectorError(`${what} is not a time that Splunk can search by`, {
    retryable: false,
    where,
    help: `Write \`${own}\`.`,
  });
}
