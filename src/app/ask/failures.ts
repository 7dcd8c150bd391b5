/** Why a dataset could not be read the last time: kept, so that `explain` and the pages say it beside what is missing. */
import { type Instant, MINUTE } from '../../core/time/interval.ts';
import type { Store } from '../../ports/store.ts';
import type { LoopContext } from '../context.ts';

export interface Failure {
  readonly at: Instant;
  readonly text: string;
}

/** The same failure is written down again only after this time: a dead source is asked often. */
const AGAIN_AFTER = 15 * MINUTE;

const keyOf = (dataset: string): string => `failure ${dataset}`;

export async function noteFailure(
  { store, clock }: Pick<LoopContext, 'store' | 'clock'>,
  dataset: string,
  text: string,
): Promise<void> {
  const at = clock.now();
  const last = await lastFailure(store, dataset);
  if (last !== null && last.text === text && at - last.at < AGAIN_AFTER && at >= last.at) return;
  await store.uncover([], [], { key: keyOf(dataset), value: JSON.stringify({ at, text }) });
}

/** The dataset's failure that explains what a result of `asOf` lacks; null where none was noted since. */
export async function failureBehind(
  store: Pick<Store, 'cursor'>,
  dataset: string,
  asOf: Instant,
): Promise<Failure | null> {
  const last = await lastFailure(store, dataset);
  return last !== null && last.at > asOf - AGAIN_AFTER ? last : null;
}

async function lastFailure(store: Pick<Store, 'cursor'>, dataset: string): Promise<Failure | null> {
  const text = await store.cursor(keyOf(dataset));
  return text === null ? null : JSON.parse(text);
}
