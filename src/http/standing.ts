/** Which values may be shown as what a KPI says now: one whose verdict is unknown for want of trust never is. */
import type { Status } from '../app/read-model.ts';
import type { Reason, Result } from '../core/result/model.ts';

/** `undecided` and `no-target` leave the value standing: its bounds are honest, only the verdict is open. */
const VALUE_STANDS: ReadonlySet<Reason | null> = new Set([null, 'undecided', 'no-target']);

export interface Standing {
  readonly value: number;
  /** null: unbounded on this side. */
  readonly lower: number | null;
  readonly upper: number | null;
}

/** The value and its bounds where they can be trusted, else null. */
export const standing = (result: Result | null, status: Pick<Status, 'reason'>): Standing | null =>
  result === null || result.value === null || !VALUE_STANDS.has(status.reason)
    ? null
    : { value: result.value, lower: result.lower, upper: result.upper };
