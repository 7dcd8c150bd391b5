/** How patient the loop is with its sources, and the meter of what it asked them. */
import { SECOND } from '../../core/time/interval.ts';
import type { LoopContext, Pace, SourceMeter } from '../context.ts';

const PACE: Pace = {
  retries: 3,
  retryAfterMs: 200,
  breakAfter: 5,
  reopenAfterMs: 30 * SECOND,
  probePatienceMs: 5 * SECOND,
  cycleMs: Number.POSITIVE_INFINITY,
};

export const paceOf = (context: LoopContext): Pace => ({ ...PACE, ...context.pace });

/** The source's meter, which is there once it is asked for. */
export function meterOf(meters: Map<string, SourceMeter>, source: string): SourceMeter {
  const meter = meters.get(source) ?? {
    searches: 0,
    failures: 0,
    searchSeconds: 0,
    lastError: null,
    breaker: 'closed',
    putOff: 0,
    refused: 0,
  };
  meters.set(source, meter);
  return meter;
}
