/**
 * Whether the dataset's indexes are there and may be searched. Splunk answers a search of a missing or forbidden index
 * with nothing, and without a word: that must not look like zero.
 */
import type { Dataset } from '../../src/config/model.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { didYouMean } from '../../src/core/filter/suggest.ts';
import { optionsOf } from './base.ts';
import { runSearch } from './job.ts';
import { textIn } from './row.ts';
import type { Source } from './source.ts';
import { join, spl, text } from './spl.ts';

/** Throws where one of them is not among those that the account sees. */
export async function requireIndexes(source: Source, dataset: Dataset, signal: AbortSignal): Promise<void> {
  const { index = [] } = optionsOf(dataset);
  if (index.length === 0) return;
  const seen = await visible(source, [...index, '*'], dataset, signal);
  const missing = index.filter((name) => !seen.some((one) => matches(name, one)));
  if (missing.length === 0) return;
  const [first = ''] = missing;
  throw new ConnectorError(`There is no index "${missing.join('", "')}" that this account may search`, {
    retryable: false,
    where: dataset.name,
    help: didYouMean(first, seen) ?? 'Check its name, and srchIndexesAllowed of the role.',
  });
}

async function visible(
  source: Source,
  names: readonly string[],
  dataset: Dataset,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const terms = names.map((name) => spl`index=${text(name)}`);
  const { rows } = await runSearch(
    source,
    { dataset, spl: spl`| eventcount summarize=false ${join(terms, ' ')} | table index` },
    signal,
  );
  return [...new Set(rows.map((row) => textIn(row, 'index')))];
}

/** An index's name ignores case; `*` stands for any run. */
function matches(pattern: string, index: string): boolean {
  const regex = pattern
    .split('*')
    .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${regex}$`, 'i').test(index);
}
