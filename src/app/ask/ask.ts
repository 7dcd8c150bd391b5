/**
 * The one place where a source is asked: bounded per source, within a deadline, retried with backoff and jitter when
 * the connector says that it may help, left alone for a while after it failed again and again, metered. Nothing else
 * in clause9 retries a read.
 */
import { ExponentialBackoff, handleWhen, isBrokenCircuitError, retry } from 'cockatiel';
import { concealSecrets } from '../../config/secrets.ts';
import { Clause9Error, ConnectorError } from '../../core/errors.ts';
import { SECOND } from '../../core/time/interval.ts';
import type { Connector } from '../../ports/connector.ts';
import type { LoopContext } from '../context.ts';
import { noteFailure } from './failures.ts';
import { createLane, isRetryable, type Lane, withDeadline } from './lane.ts';
import { meterOf, paceOf } from './pace.ts';

/**
 * Calls the source's connector, or throws its last error. The signal that the call gets is also aborted when the
 * source is silent for longer than its deadline; `alive` says that a part of the answer is there.
 */
export type Ask = <T>(
  source: string,
  signal: AbortSignal,
  call: (connector: Connector, signal: AbortSignal, alive: () => void) => Promise<T>,
) => Promise<T>;

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

/** An error as one line for logs and pages: what, where, what to do, and never a secret. */
export const sentence = (error: unknown): string => concealSecrets(wordsOf(error));

function wordsOf(error: unknown): string {
  if (!(error instanceof Clause9Error)) return error instanceof Error ? error.message : String(error);
  const message = error.where === undefined ? error.message : `${error.where}: ${error.message}`;
  if (error.help === undefined) return message;
  return `${message}${/[.!?]$/.test(message) ? '' : '.'} ${error.help}`;
}

/** Runs a dataset's work; an error is logged, kept for `explain`, and leaves the others alone. An abort goes up. */
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
    const isLeftAlone = isBrokenCircuitError(error.cause);
    const level = isLeftAlone ? 'debug' : 'warn';
    context.log[level]({ dataset: name, source, retryable: error.retryable }, sentence(error));
    if (!isLeftAlone) await noteFailure(context, name, sentence(error));
  }
}
