/**
 * What stands between the loop and one source: how many calls at a time, how long one may be silent, and when the
 * source is left alone for a while. cockatiel does it.
 */
import {
  type BulkheadPolicy,
  bulkhead,
  type CircuitBreakerPolicy,
  CircuitState,
  circuitBreaker,
  handleWhen,
  type IBackoff,
  type IBackoffFactory,
  type IHalfOpenAfterBackoffContext,
} from 'cockatiel';
import { ConnectorError } from '../../core/errors.ts';
import { formatDuration, MINUTE } from '../../core/time/interval.ts';
import type { LoopContext, Pace } from '../context.ts';
import { meterOf } from './pace.ts';

/** Requests that may wait behind those under way: more would be a bug in planning. */
const QUEUE = 100_000;
const DEADLINE = 2 * MINUTE;

export interface Lane {
  readonly bound: BulkheadPolicy;
  readonly breaker: CircuitBreakerPolicy;
  readonly deadlineMs: number;
  /** Told before an error that the source did not answer at all: it is left alone at once. */
  hung(): void;
}

/** The source was silent for longer than its `deadline`. */
export class DeadlineError extends ConnectorError {}

export const isRetryable = (error: unknown): boolean => error instanceof ConnectorError && error.retryable;

/** The source's lane: `maxConcurrentSearches` at a time, behind a breaker that its meter shows. */
export function createLane(context: LoopContext, source: string, pace: Pace): Lane {
  const { maxConcurrentSearches = 1, deadlineMs = DEADLINE } = context.config.sources[source] ?? {};
  let failures = 0;
  let hasHung = false;
  let isTold = false;
  const forget = () => {
    failures = 0;
    hasHung = false;
  };
  const breaker = circuitBreaker(handleWhen(isRetryable), {
    halfOpenAfter: trials(pace.reopenAfterMs),
    breaker: {
      state: null,
      success: forget,
      failure: () => ++failures >= pace.breakAfter || hasHung,
    },
  });
  breaker.onStateChange((state) => {
    meterOf(context.meter, source).breaker =
      state === CircuitState.Closed ? 'closed' : state === CircuitState.HalfOpen ? 'half-open' : 'open';
  });
  breaker.onBreak(() => {
    if (isTold) return;
    isTold = true;
    context.log.warn(
      { source },
      `the source "${source}" fails again and again: it is left alone for a while`,
    );
  });
  breaker.onReset(() => {
    forget();
    isTold = false;
    context.log.info({ source }, `the source "${source}" answers again`);
  });
  const hung = () => {
    hasHung = true;
  };
  return { bound: bulkhead(maxConcurrentSearches, QUEUE), breaker, deadlineMs, hung };
}

/** Calls that try whether a source answers again, each after the other, before it is left alone for longer. */
const TRIALS = 3;

/**
 * How long to wait before the next trial. Several in a row, as one dataset that can't be read says nothing of the
 * others; but only one where the source did not answer at all, since that takes its deadline.
 */
function trials(firstMs: number): IBackoffFactory<IHalfOpenAfterBackoffContext> {
  const next = ({
    attempt,
    result,
  }: IHalfOpenAfterBackoffContext): IBackoff<IHalfOpenAfterBackoffContext> => {
    const hasHung = 'error' in result && result.error instanceof DeadlineError;
    const round = hasHung ? attempt - 1 : Math.floor((attempt - 1) / TRIALS);
    const isFirst = hasHung || (attempt - 1) % TRIALS === 0;
    return { duration: isFirst ? Math.min(firstMs * 2 ** Math.min(round, 20), 10 * MINUTE) : 0, next };
  };
  return { next };
}

/** Runs the work; after a silence of the source's deadline its signal is aborted, and an error thrown. */
export async function withDeadline<T>(
  lane: Lane,
  source: string,
  signal: AbortSignal,
  work: (signal: AbortSignal, alive: () => void) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const late = () => {
    lane.hung();
    deadline.abort(
      new DeadlineError(`gave no answer within ${formatDuration(lane.deadlineMs)}`, {
        where: source,
        retryable: true,
        help: 'What it was doing was cancelled. Look at its load, or raise `deadline` of the source.',
      }),
    );
  };
  let timer: NodeJS.Timeout | null = setTimeout(late, lane.deadlineMs);
  const alive = () => {
    if (!deadline.signal.aborted) timer?.refresh();
  };
  try {
    return await work(AbortSignal.any([signal, deadline.signal]), alive);
  } catch (error) {
    // However the connector puts it that it was stopped.
    signal.throwIfAborted();
    deadline.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    timer = null;
  }
}
