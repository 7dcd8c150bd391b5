/**
 * What a source's account may see (roles, rights, filters, peers), as the source tells it: a change of it may change
 * numbers without any event, so it is told in the log, beside the evidence of what is then read, and in `explain`.
 */
import type { Dataset } from '../../config/model.ts';
import type { Instant } from '../../core/time/interval.ts';
import { formatInstant } from '../../core/time/interval.ts';
import type { Evidence, Probe } from '../../ports/connector.ts';
import type { Store } from '../../ports/store.ts';
import type { LoopContext } from '../context.ts';

export interface AccessChange {
  readonly at: Instant;
  readonly before: string | null;
  readonly after: string | null;
}

/** So many changes of a dataset are kept, the newest. */
const KEPT = 50;

const keyOf = (dataset: string): string => `access ${dataset}`;

/** The changes known of a dataset, oldest first. */
export async function accessChanges(
  store: Pick<Store, 'cursor'>,
  dataset: string,
): Promise<readonly AccessChange[]> {
  const text = await store.cursor(keyOf(dataset));
  return text === null ? [] : JSON.parse(text);
}

/** Keeps and logs a change; null where there is none. */
export async function noteAccess(
  { store, log }: LoopContext,
  { name, source }: Dataset,
  before: Probe,
  after: Probe,
  at: Instant,
): Promise<AccessChange | null> {
  // Probes of an older version did not tell it.
  if (before.access === undefined || before.access === after.access) return null;
  const change = { at, before: before.access, after: after.access };
  const kept = [...(await accessChanges(store, name)), change].slice(-KEPT);
  await store.uncover([], [], { key: keyOf(name), value: JSON.stringify(kept) });
  log.warn({ dataset: name, source }, accessSentence(change));
  return change;
}

export const accessSentence = ({ at, before, after }: AccessChange): string =>
  `what the account may see changed, as seen at ${formatInstant(at)}: before ${before ?? 'not told'}; now ${after ?? 'not told'}. Numbers read before and after may differ for that alone.`;

/** The evidence of a read, with what changed before it. */
export const withAccess = (evidence: Evidence, change: AccessChange | null | undefined): Evidence =>
  change === null || change === undefined
    ? evidence
    : { ...evidence, warnings: [...evidence.warnings, accessSentence(change)] };
