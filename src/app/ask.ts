/**
 * The one place where a source is asked: bounded per source, retried with backoff and jitter when the connector
 * says that it may help, metered. Nothing else in clause9 retries a read.
 */
import { type BulkheadPolicy, bulkhead, ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { Clause9Error, ConnectorError } from '../core/errors.ts';
import type { Connector } from '../ports/connector.ts';
import type { LoopContext, SourceMeter } from './context.ts';

const ATTEMPTS = 3;
/** Requests that may wait behind those under way: more would be a bug in planning. */
const QUEUE = 100_000;

export type Ask = <T>(
  source: string,
  signal: AbortSignal,
  call: (connector: Connector, signal: AbortSignal) => Promise<T>,
) => Promise<T>;

/** Bound to a context: calls the source's connector, or throws its last error. */
export function asker(context: LoopContext): Ask {
  const bounds = new Map<string, BulkheadPolicy>();
  const boundOf = (source: string): BulkheadPolicy => {
    const slots = context.config.sources[source]?.maxConcurrentSearches ?? 1;
    const bound = bounds.get(source) ?? bulkhead(slots, QUEUE);
    bounds.set(source, bound);
    return bound;
  };
  const again = retry(
    handleWhen((error) => error instanceof ConnectorError && error.retryable),
    { maxAttempts: ATTEMPTS, backoff: new ExponentialBackoff({ initialDelay: 200, maxDelay: 5_000 }) },
  );
  return (source, signal, call) => {
    const attempt = () => metered(context, source, async () => call(await context.connector(source), signal));
    // Not with the signal: a bulkhead that meets a stopped call in its queue lets nothing pass after it.
    return boundOf(source).execute(() => {
      signal.throwIfAborted();
      return again.execute(attempt, signal);
    });
  };
}

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

function meterOf(meters: Map<string, SourceMeter>, source: string): SourceMeter {
  const meter = meters.get(source) ?? { searches: 0, failures: 0, searchSeconds: 0, lastError: null };
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
    context.log.warn({ dataset: name, source, retryable: error.retryable }, sentence(error));
  }
}
