/** Asking while a person waits: once, within the source's bound, and not for long. What fails is told, not tried again. */
import { type BulkheadPolicy, bulkhead } from 'cockatiel';
import type { Config } from '../../config/model.ts';
import { ConnectorError } from '../../core/errors.ts';
import { formatDuration } from '../../core/time/interval.ts';
import type { LoopContext } from '../context.ts';
import { type Ask, orAborted } from './ask.ts';

const QUEUE = 100_000;

/** Each call may take so long, from when it is its turn. */
export function askOnce(
  { config, connector }: Pick<LoopContext, 'connector'> & { readonly config: Pick<Config, 'sources'> },
  patienceMs: number,
): Ask {
  const bounds = new Map<string, BulkheadPolicy>();
  const boundOf = (source: string): BulkheadPolicy => {
    const bound = bounds.get(source) ?? bulkhead(config.sources[source]?.maxConcurrentSearches ?? 1, QUEUE);
    bounds.set(source, bound);
    return bound;
  };
  return (source, signal, call) =>
    boundOf(source).execute(async () => {
      signal.throwIfAborted();
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(tooSlow(source, patienceMs)), patienceMs);
      const limited = AbortSignal.any([signal, late.signal]);
      try {
        return await orAborted(
          connector(source).then((one) => call(one, limited, () => {})),
          limited,
        );
      } catch (error) {
        // However the connector puts it that it was stopped.
        limited.throwIfAborted();
        throw error;
      } finally {
        clearTimeout(timer);
      }
    });
}

const tooSlow = (source: string, patienceMs: number): ConnectorError =>
  new ConnectorError(`gave no answer within ${formatDuration(patienceMs)}`, {
    where: source,
    retryable: true,
    help: 'Look at its load, and at the network on the way to it.',
  });
