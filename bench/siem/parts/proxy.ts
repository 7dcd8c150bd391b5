/** Counts what a client asks of the server: an HTTP proxy in a process of its own, so that its work is nobody else's. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';

const trafficSchema = z.object({
  /** By the last part of the path: `_search`, `_count`, `_msearch`, `_bulk` … */
  requests: z.record(z.string(), z.number()),
  sentBytes: z.number(),
  receivedBytes: z.number(),
  /** Documents that the queries of `_search` matched, as the server counted them. */
  matched: z.number(),
  /** From the first request to the end of the last answer. */
  spanMs: z.number(),
  /** `Date.now()` at the first request; 0: there was none. */
  firstAt: z.number(),
});

export type Traffic = z.infer<typeof trafficSchema>;

export interface CountingProxy {
  readonly url: string;
  /** What went through since the last call. */
  take(): Promise<Traffic>;
  /** The same, without forgetting it. */
  look(): Promise<Traffic>;
  stop(): Promise<void>;
}

export async function startProxy(target: string): Promise<CountingProxy> {
  const child = fork(join(import.meta.dirname, 'proxy-process.ts'), [target]);
  const reply = async (): Promise<unknown> => (await once(child, 'message'))[0];
  const url = z.string().parse(await reply());
  const ask = async (what: 'take' | 'look'): Promise<Traffic> => {
    child.send(what);
    return trafficSchema.parse(await reply());
  };
  return {
    url,
    take: () => ask('take'),
    look: () => ask('look'),
    stop: async () => {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/** Searches and counts, however they are asked for; an `_msearch` is one. */
export const searchesOf = ({ requests }: Traffic): number =>
  ['_search', '_count', '_msearch'].reduce((sum, name) => sum + (requests[name] ?? 0), 0);

export const othersOf = (traffic: Traffic): number =>
  Object.values(traffic.requests).reduce((sum, count) => sum + count, 0) - searchesOf(traffic);
