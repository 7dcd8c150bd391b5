/** Arms faults, and lets them strike in turn. */

import { FAULTS, type FaultName } from './catalogue.ts';
import type { Effect } from './effects.ts';

export interface FaultOptions {
  /** How many calls (or jobs) it strikes; default 1. */
  readonly times?: number | 'forever';
  /** How many calls (or jobs) of its kind pass before. */
  readonly after?: number;
}

export interface Faults {
  /** Arms a fault, by name or as an effect of the test's own. Gives back what disarms it. */
  readonly next: (fault: FaultName | Effect, options?: FaultOptions) => () => void;
  readonly clear: () => void;
  /** How often a fault has struck since the start. */
  readonly struck: () => number;
}

interface Armed {
  readonly effect: Effect;
  times: number;
  after: number;
}

export interface FaultState extends Faults {
  /** The effect that strikes this call, if any. A later-armed one waits for the earlier. */
  readonly take: <E extends Effect>(is: (effect: Effect) => effect is E) => E | null;
}

export function createFaults(): FaultState {
  let armed: Armed[] = [];
  let struck = 0;
  return {
    next: (fault, options = {}) => {
      const effect = typeof fault === 'string' ? FAULTS[fault] : fault;
      const times = options.times === 'forever' ? Number.POSITIVE_INFINITY : (options.times ?? 1);
      const one: Armed = { effect, times, after: options.after ?? 0 };
      armed.push(one);
      return () => {
        armed = armed.filter((other) => other !== one);
      };
    },
    clear: () => {
      armed = [];
    },
    struck: () => struck,
    take: (is) => {
      for (const one of armed) {
        if (!is(one.effect) || one.times <= 0) continue;
        if (one.after > 0) {
          one.after--;
          return null;
        }
        one.times--;
        struck++;
        return one.effect;
      }
      return null;
    },
  };
}
