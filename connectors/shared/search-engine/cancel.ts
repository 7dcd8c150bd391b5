/**
 * Ends a search at the server when nobody waits for it any more. Closing the connection does so, too, unless a load
 * balancer between keeps its own open. Best effort: an account without the right to cancel leaves it at the closing.
 */
import { randomUUID } from 'node:crypto';
import type { Answer, Call } from './engine.ts';
import { at, listAt, numberAt, textAt } from './json.ts';

/** For looking a search up and cancelling it, in all. */
const WAIT_MS = 3_000;
const PLAIN = { accept: 'application/json' };

export type Send = (
  call: Call,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>>,
) => Promise<Answer>;

export interface Searches {
  /** Sends as it is told to, each search under an id of its own. */
  readonly send: Send;
  /** Resolves when no cancelling is under way. */
  settled(): Promise<void>;
}

export function cancelling(send: Send): Searches {
  const open = new Set<Promise<void>>();
  return {
    send: async (call, signal, headers) => {
      if (!isSearch(call)) return send(call, signal, headers);
      const id = `clause9-${randomUUID()}`;
      try {
        return await send(call, signal, { ...headers, 'x-opaque-id': id });
      } catch (error) {
        if (signal.aborted || isTimeout(error)) {
          // Whoever aborted need not wait for it. Where it fails the search ends by itself.
          const ending: Promise<void> = cancel(send, id)
            .catch(() => undefined)
            .finally(() => open.delete(ending));
          open.add(ending);
        }
        throw error;
      }
    },
    settled: async () => {
      await Promise.all(open);
    },
  };
}

const isSearch = ({ path }: Call): boolean => path.endsWith('/_search') || path === '/_query';

/** Both vendors' clients call theirs so. */
const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError';

async function cancel(send: Send, id: string): Promise<void> {
  const signal = AbortSignal.timeout(WAIT_MS);
  const query = { actions: 'indices:data/read/*', group_by: 'none' };
  const { body } = await send({ method: 'GET', path: '/_tasks', query }, signal, PLAIN);
  for (const task of listAt(body, 'tasks')) {
    // What it does on its shards ends with it.
    if (at(task, 'headers', 'X-Opaque-Id') !== id || at(task, 'parent_task_id') !== undefined) continue;
    const name = encodeURIComponent(`${textAt(task, 'node')}:${numberAt(task, 'id')}`);
    await send({ method: 'POST', path: `/_tasks/${name}/_cancel` }, signal, PLAIN);
  }
}
