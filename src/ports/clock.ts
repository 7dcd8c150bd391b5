/** The only place that knows what time it is. */
import type { Instant } from '../core/time/interval.ts';

export interface Clock {
  now(): Instant;
  /** Resolves after `ms`, or rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
