/**
 * What a look at the data once a day found, and a person should know beside the numbers: told in the log, beside the
 * evidence of what is read until the next look, and in `explain`. The numbers stand.
 */
import type { Dataset } from '../../config/model.ts';
import { DAY, type Instant, type Interval } from '../../core/time/interval.ts';
import type { Store } from '../../ports/store.ts';
import type { LoopContext } from '../context.ts';

export interface Notice {
  /** `twice`: events are there more than once. `field`: fewer events have a field than before. */
  readonly about: 'twice' | 'field';
  readonly at: Instant;
  /** What was looked at. */
  readonly range: Interval;
  readonly text: string;
}

/** So many of a dataset are kept, the newest. */
const KEPT = 100;

const keyOf = (dataset: string): string => `notices ${dataset}`;

async function notices(store: Pick<Store, 'cursor'>, dataset: string): Promise<readonly Notice[]> {
  const text = await store.cursor(keyOf(dataset));
  return text === null ? [] : JSON.parse(text);
}

/** Keeps and logs them. */
export async function note(
  { store, log }: LoopContext,
  { name, source }: Dataset,
  found: readonly Notice[],
): Promise<void> {
  if (found.length === 0) return;
  for (const { text } of found) log.warn({ dataset: name, source }, text);
  const kept = [...(await notices(store, name)), ...found].slice(-KEPT);
  await store.uncover([], [], { key: keyOf(name), value: JSON.stringify(kept) });
}

/** What the last look found, until there is another. */
export async function noticesNow(store: Store, dataset: string, now: Instant): Promise<readonly string[]> {
  const kept = await notices(store, dataset);
  return kept.filter(({ at }) => at + DAY > now).map(({ text }) => text);
}

/** What may be true of a window, too: a look is at a part of a day. */
export async function noticesOf(store: Store, dataset: string, window: Interval): Promise<readonly Notice[]> {
  const kept = await notices(store, dataset);
  return kept.filter(({ range }) => range.start < window.end && range.end + DAY > window.start);
}
