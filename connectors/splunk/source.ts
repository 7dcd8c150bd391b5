/** One Splunk deployment, as all calls share it: who it is, what was found out about it, and searches still to be removed. */
import { ConnectorError } from '../../src/core/errors.ts';
import { entriesOf, jobsOf } from './answer.ts';
import type { Sampled } from './fields.ts';
import type { SourceOptions } from './options.ts';
import type { Server, Session } from './session.ts';
import { isOrphan, sidFor } from './sid.ts';

export interface Source {
  readonly name: string;
  readonly options: SourceOptions;
  readonly session: Session;
  readonly sid: (search: unknown) => string;
  /** Search peers that must take part in every search; a probe looks which there are. */
  peers: readonly string[];
  /** Whether Splunk prints numbers with all their digits; null: not asked yet. */
  allDigits: boolean | null;
  /** What a look at a dataset's indexes and fields found, by what was looked at; `at`: on this process's own clock. */
  readonly looks: Map<string, { readonly at: number; readonly found: Sampled }>;
  /** What was last read by the index and by a plain search alike, and when, on this process's own clock. */
  readonly proven: Map<string, number>;
  /** The server, met once: leftovers of dead processes are removed on the way. */
  readonly server: (signal: AbortSignal) => Promise<Server>;
  /** Removes a search at the server, whatever becomes of the call that started it. */
  readonly remove: (sid: string, after: Promise<unknown>) => Promise<void>;
  readonly close: () => Promise<void>;
}

const REMOVAL_MS = 10_000;

export function createSource(name: string, options: SourceOptions, session: Session): Source {
  let met: Server | null = null;
  const removals = new Set<Promise<void>>();
  return {
    name,
    options,
    session,
    sid: sidFor,
    peers: [],
    allDigits: null,
    looks: new Map(),
    proven: new Map(),
    server: async (signal) => {
      if (met !== null) return met;
      const server = await session.server(signal);
      await removeOrphans(session, server.jobs, signal);
      met = server;
      return server;
    },
    remove: (sid, after) => {
      const removal = after
        .then(ignore, ignore)
        .then(() => removeJob(session, met?.jobs ?? 'search/v2/jobs', sid, AbortSignal.timeout(REMOVAL_MS)))
        // Not removed, it ends by itself: it was given a time to live.
        .then(ignore, ignore)
        .finally(() => removals.delete(removal));
      removals.add(removal);
      return removal;
    },
    close: async () => {
      await Promise.all(removals);
      await session.close();
    },
  };
}

const ignore = (): void => undefined;

async function removeJob(session: Session, jobs: string, sid: string, signal: AbortSignal): Promise<void> {
  const path = `${jobs}/${encodeURIComponent(sid)}`;
  try {
    const { status } = await session.remove(path, signal);
    if (status < 500) return;
  } catch (error) {
    if (!(error instanceof ConnectorError) || !error.retryable) throw error;
  }
  await session.remove(path, signal);
}

/** Only this account's, and only those whose process is gone. */
async function removeOrphans(session: Session, jobs: string, signal: AbortSignal): Promise<void> {
  const list = await session.get(jobs, signal, { count: 0 });
  if (list.status !== 200) return;
  const user = await userOf(session, signal);
  for (const { sid, author } of jobsOf(list.data)) {
    if (author === user && isOrphan(sid)) await removeJob(session, jobs, sid, signal);
  }
}

/** The name of the account that is asked with. */
export async function userOf(session: Session, signal: AbortSignal): Promise<string> {
  const { status, data } = await session.get('/services/authentication/current-context', signal);
  const username = status === 200 ? entriesOf(data)[0]?.content.username : undefined;
  if (typeof username === 'string') return username;
  throw new ConnectorError(`Splunk does not say as whom it is asked (${status})`, { retryable: true });
}
