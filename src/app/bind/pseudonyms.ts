/** Puts the key of pseudonyms to work: datasets that ask for them say which key it is, so that no two keys are mixed. */
import type { Config, Dataset } from '../../config/model.ts';
import { resolveSecret } from '../../config/secrets.ts';
import { ConfigError } from '../../core/errors.ts';
import type { FieldValue, Row } from '../../core/filter/model.ts';
import type { RecordVersion } from '../../core/measure/record.ts';
import { pseudonymous, pseudonymsBy } from '../../core/pseudonym.ts';
import type { LoopContext } from '../context.ts';

/** The same context where no dataset asks for pseudonyms. Throws `ConfigError` where the key can't be had. */
export function withPseudonyms<T extends Pick<LoopContext, 'config'>>(context: T): T {
  const { config } = context;
  if (!Object.values(config.datasets).some(asksForThem)) return context;
  if (config.pseudonymKey === undefined) {
    throw new ConfigError('a dataset asks for pseudonyms, and there is no `pseudonymKey`', {
      help: 'Name it in the configuration: `pseudonymKey: {env: CLAUSE9_PSEUDONYM_KEY}`.',
    });
  }
  const pseudonyms = pseudonymsBy(resolveSecret(config.pseudonymKey, config.folder));
  return { ...context, config: marked(config, pseudonyms('clause9 key')), pseudonyms };
}

const asksForThem = ({ pseudonymise = [] }: Dataset): boolean => pseudonymise.length > 0;

function marked(config: Config, pseudonymKeyId: string): Config {
  const datasets = Object.entries(config.datasets).map(
    ([name, dataset]) => [name, asksForThem(dataset) ? { ...dataset, pseudonymKeyId } : dataset] as const,
  );
  return { ...config, datasets: Object.fromEntries(datasets) };
}

type Hiding = Pick<LoopContext, 'pseudonyms'>;

/** The source's own names of the fields that a dataset hides. */
export const hiddenNatives = ({ pseudonymise = [], fields }: Dataset): ReadonlySet<string> =>
  new Set(pseudonymise.map((field) => fields[field] ?? field));

/** A version of a record as it may be stored. */
export function hiddenRecord(
  record: RecordVersion,
  dataset: Extract<Dataset, { kind: 'records' }>,
  context: Hiding,
): RecordVersion {
  const { pseudonyms } = context;
  const { pseudonymise = [] } = dataset;
  if (pseudonyms === undefined || pseudonymise.length === 0) return record;
  const isKeyHidden = pseudonymise.includes(dataset.key) || hiddenNatives(dataset).has(dataset.key);
  const key = isKeyHidden ? pseudonyms(record.key) : record.key;
  return { ...record, key, fields: hiddenFields(record.fields, dataset, context) };
}

/** A row of a list as it may be stored. */
export function hiddenFields<T extends Row>(row: T, dataset: Dataset, { pseudonyms }: Hiding): T {
  const { pseudonymise = [] } = dataset;
  if (pseudonyms === undefined) return row;
  const hidden = pseudonymise
    .filter((field) => Object.hasOwn(row, field))
    .map((field): [string, FieldValue] => [field, pseudonymous(row[field], pseudonyms)]);
  return hidden.length === 0 ? row : { ...row, ...Object.fromEntries(hidden) };
}
