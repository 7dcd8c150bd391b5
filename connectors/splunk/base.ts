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
export const TIME_NAMES = [TIME, '@timestamp'];

export interface Base {
  readonly options: DatasetOptions;
  /** `search index=…`, with the dataset's filter and commands. */
  readonly search: Spl;
  /** The same for `tstats`, up to its `where`: null where something else than indexed fields narrows the dataset. */
  readonly tstats: ((aggregates: Spl, options?: Spl) => Spl) | null;
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
  const { indexed, datamodel } = options.data;
  if (dataset.filter !== null && (indexed !== undefined || datamodel !== undefined))
    throw new ConfigError('`filter` does not go with `indexed` or `datamodel`', {
      where: dataset.name,
      help: 'The index can not answer it: narrow the measures by `where`, or leave the other one out.',
    });
  return options.data;
}

/** The search of a dataset of events. */
export function baseOf(dataset: Dataset): Base {
  const options = optionsOf(dataset);
  const { index = [], sourcetype = [], search, datamodel } = options;
  if (index.length === 0)
    throw new ConfigError('The dataset has no `index`', { where: dataset.name, help: 'Name it.' });
  const terms = [anyOf('index', index), ...(sourcetype.length > 0 ? [anyOf('sourcetype', sourcetype)] : [])];
  const filter = dataset.filter === null ? [] : [spl`(${written(dataset.filter)})`];
  const commands = search === undefined ? spl`` : spl` ${written(search.trim())}`;
  const narrowed = spl`search ${join([...terms, ...filter], ' ')}${commands}`;
  const where = spl`where ${join(terms, ' ')}`;
  if (datamodel !== undefined) return { options, ...ofModel(datamodel, narrowed, where) };
  const plain = dataset.filter === null && search === undefined;
  return {
    options,
    search: narrowed,
    tstats: plain ? (aggregates, more = spl``) => spl`| tstats ${more}${aggregates} ${where}` : null,
  };
}

/** Summaries where they are there and of the model as it is now, the events themselves where they are not. */
const WHOLE = spl`summariesonly=false allow_old_summaries=false`;

function ofModel(datamodel: string, narrowed: Spl, where: Spl): Omit<Base, 'options'> {
  const [model = '', root = ''] = datamodel.split('.');
  return {
    search: spl`| datamodel ${written(model)} ${written(root)} search strict_fields=false ${WHOLE} | ${narrowed}`,
    tstats: (aggregates, more = spl``) =>
      spl`| tstats ${WHOLE} ${more}${aggregates} from datamodel=${written(datamodel)} ${where}`,
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
