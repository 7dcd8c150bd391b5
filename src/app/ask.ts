/**
 * The one place where a source is asked: bounded per source, within a deadline, retried with backoff and jitter when
 * the connector says that it may help, left alone for a while after it failed again and again, metered. Nothing else
 * in clause9 retries a read.
 */
import {
  type BulkheadPolicy,
  bulkhead,
  type CircuitBreakerPolicy,
  CircuitState,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  type IBackoff,
  type IBackoffFactory,
  type IHalfOpenAfterBackoffContext,
  isBrokenCircuitError,
  retry,
} from 'cockatiel';
import { Clause9Error, ConnectorError } from '../core/errors.ts';
import { formatDuration, MINUTE, SECOND } from '../core/time/interval.ts';
import type { Connector } from '../ports/connector.ts';
import type { LoopContext, Pace, SourceMeter } from './context.ts';

/** Requests that may wait behind those under way: more would be a bug in planning. */
const QUEUE = 100_000;
const DEADLINE = 2 * MINUTE;

const PACE: Pace = {
  retries: 3,
  retryAfterMs: 200,
  breakAfter: 5,
  reopenAfterMs: 30 * SECOND,
  probePatienceMs: 5 * SECOND,
  cycleMs: Number.POSITIVE_INFINITY,
};

export const paceOf = (context: LoopContext): Pace => ({ ...PACE, ...context.pace });

/**
 * Calls the source's connector, or throws its last error. The signal that the call gets is also aborted when the
 * source is silent for longer than its deadline; `alive` says that a part of the answer is there.
 */
export type Ask = <T>(
  source: string,
  signal: AbortSignal,
  call: (connector: Connector, signal: AbortSignal, alive: () => void) => Promise<T>,
) => Promise<T>;

interface Lane {
  readonly bound: BulkheadPolicy;
  readonly breaker: CircuitBreakerPolicy;
  readonly deadlineMs: number;
  /** Told before an error that the source did not answer at all: it is left alone at once. */
  hung(): void;
}

/** Bound to a context, whose meter tells what the sources' breakers do. */
export function asker(context: LoopContext): Ask {
  const pace = paceOf(context);
  const lanes = new Map<string, Lane>();
  const laneOf = (source: string): Lane => {
    const lane = lanes.get(source) ?? createLane(context, source, pace);
    lanes.set(source, lane);
    return lane;
  };
  const again = retry(handleWhen(isRetryable), {
    maxAttempts: pace.retries,
    backoff: new ExponentialBackoff({ initialDelay: pace.retryAfterMs, maxDelay: 5 * SECOND }),
  });
  return (source, signal, call) => {
    const lane = laneOf(source);
    const work = (limited: AbortSignal, alive: () => void) =>
      again.execute(
        () =>
          metered(context, source, async () => {
            limited.throwIfAborted();
            return orAborted(call(await context.connector(source), limited, alive), limited);
          }),
        limited,
      );
    // Not with the signal: a bulkhead that meets a stopped call in its queue lets nothing pass after it.
    return lane.bound.execute(async () => {
      signal.throwIfAborted();
      try {
        return await lane.breaker.execute(() => withDeadline(lane, source, signal, work));
      } catch (error) {
        throw isBrokenCircuitError(error) ? leftAlone(context, source, error) : error;
      }
    });
  };
}

/** The source was silent for longer than its `deadline`. */
export class DeadlineError extends ConnectorError {}

const isRetryable = (error: unknown): boolean => error instanceof ConnectorError && error.retryable;

function createLane(context: LoopContext, source: string, pace: Pace): Lane {
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
async function withDeadline<T>(
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

/** The work's outcome, or the signal's reason as soon as it is aborted: also where the work does not heed it. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

const leftAlone = (context: LoopContext, source: string, cause: unknown): ConnectorError =>
  new ConnectorError('is left alone for a while, after it failed again and again', {
    where: source,
    retryable: true,
    help: `Its last error: ${meterOf(context.meter, source).lastError ?? 'none'}`,
    cause,
  });

async function metered<T>(context: LoopContext, source: string, call: () => Promise<T>): Promise<T> {
  const meter = meterOf(context.meter, source);
  const start = performance.now();
  meter.searches++;
  try {
    const answer = await call();
    meter.lastError = null;
    return answer;
  } catch (error) {
    meter.failures++;
    meter.lastError = sentence(error);
    throw error;
  } finally {
    meter.searchSeconds += (performance.now() - start) / 1000;
  }
}

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

/** An error as one line for logs and pages: what, where, what to do. */
export function sentence(error: unknown): string {
  if (!(error instanceof Clause9Error)) return error instanceof Error ? error.message : String(error);
  const message = error.where === undefined ? error.message : `${error.where}: ${error.message}`;
  if (error.help === undefined) return message;
  return `${message}${/[.!?]$/.test(message) ? '' : '.'} ${error.help}`;
}

/** Runs a dataset's work; an error is logged and leaves the others alone, an abort goes up. */
export async function guarded(
  context: LoopContext,
  dataset: { readonly name: string; readonly source: string },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    const { name, source } = dataset;
    // That a source is left alone was said when that began.
    const level = isBrokenCircuitError(error.cause) ? 'debug' : 'warn';
    context.log[level]({ dataset: name, source, retryable: error.retryable }, sentence(error));
  }
}
