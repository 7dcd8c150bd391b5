/** `clause9 demo`: the production loop under a clock that steps through recorded time. */

import { DAY, type Instant } from '../core/time/interval.ts';
import { windowsEndingIn } from '../core/time/window.ts';
import type { Clock } from '../ports/clock.ts';
import type { Loop } from './loop/loop.ts';

/** A clock that is set by hand. */
export interface SteppedClock extends Clock {
  set(now: Instant): void;
}

export function steppedClock(start: Instant): SteppedClock {
  let now = start;
  return {
    now: () => now,
    set: (instant) => {
      now = instant;
    },
  };
}

/** Every Monday and every first of a month, 00:00 UTC, from `from` to `to` (both may be steps). */
export function demoSteps(from: Instant, to: Instant): Instant[] {
  const range = { start: from - 1, end: to };
  const weeks = windowsEndingIn({ kind: 'calendar', unit: 'week', timeZone: 'UTC' }, range);
  const months = windowsEndingIn({ kind: 'calendar', unit: 'month', timeZone: 'UTC' }, range);
  return [...new Set([...weeks, ...months].map((window) => window.end))].sort((a, b) => a - b);
}

/** One pass a step; nothing else than what a service would have done at those times. */
export async function runSteps(
  loop: Loop,
  clock: SteppedClock,
  steps: readonly Instant[],
  signal: AbortSignal,
  onStep: (done: number, total: number) => void,
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    clock.set(step);
    await loop.pass({ signal });
    onStep(index + 1, steps.length);
  }
}

export const DEMO = {
  config: 'examples/incident-log/clause9.yaml',
  from: Date.UTC(2016, 1, 29) + DAY,
  to: Date.UTC(2017, 2, 1),
} as const;
