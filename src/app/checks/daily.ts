/**
 * What a source is asked once a day beside what is counted, after its slices were read: whether a filter's literals ever
 * occurred, whether fields are still there, whether events are there twice.
 */
import type { Ask } from '../ask/ask.ts';
import type { LoopContext } from '../context.ts';
import type { CollectInput, SeriesGroup } from '../series.ts';
import { checkLiterals, literalSearches } from './literals.ts';
import { checkPresence, presenceSearches } from './presence.ts';
import { checkTwice, twiceSearches } from './twice.ts';

/** By so many searches at most; each of them one, or nothing would ever be known. */
export async function checkData(
  context: LoopContext,
  ask: Ask,
  groups: readonly SeriesGroup[],
  input: CollectInput,
  searches: number,
  signal: AbortSignal,
): Promise<void> {
  if (context.trustsData === true) return;
  let left = searches;
  for (const group of groups) {
    left -= await checkLiterals(context, ask, group, input, left, signal);
    left -= await checkTwice(context, ask, group, input, signal);
    left -= await checkPresence(context, ask, group, input, left, signal);
  }
}

/** How many searches that would take at most, as far as is known before. */
export async function dataSearches(
  context: LoopContext,
  groups: readonly SeriesGroup[],
  input: CollectInput,
): Promise<number> {
  if (context.trustsData === true) return 0;
  let searches = 0;
  const seen = new Set<string>();
  for (const group of groups) {
    const { name } = group.dataset;
    searches += await literalSearches(context, group, input);
    // What is asked of a dataset is asked once, however many grains it is read by.
    if (!seen.has(name)) {
      searches += await twiceSearches(context, group, input);
      searches += await presenceSearches(context, group, input);
    }
    seen.add(name);
  }
  return searches;
}
