/** The only place that knows what time it is. */
import type { Instant } from '../core/time/interval.ts';

export interface Clock {
  now(): Instant;
}
