/**
 * Ids that clause9 gives its searches: `c9_HOSTxPIDxSTART_HASH_ATTEMPT`. So an answer that was lost on its way is
 * found again instead of searched twice, and a search that a dead process left behind can be told from one that a
 * living one waits for.
 */
import { hostname } from 'node:os';
import { hashOf } from '../../src/core/hash.ts';

const HOST = hashOf(hostname()).slice(0, 8);
const START = Math.round(performance.timeOrigin).toString(36);
const SID = /^c9_([0-9a-f]{8})x([0-9]+)x([0-9a-z]+)_[0-9a-f]{16}_[0-9]+$/;

/** Gives each search its id; the same search asked again gets the next attempt. */
export function createSids(): (search: unknown) => string {
  const attempts = new Map<string, number>();
  return (search) => {
    const hash = hashOf(search).slice(0, 16);
    const attempt = (attempts.get(hash) ?? 0) + 1;
    attempts.set(hash, attempt);
    return `c9_${HOST}x${process.pid}x${START}_${hash}_${attempt}`;
  };
}

/** Whether a process of this machine that is no more started the search. Those of other machines end by themselves. */
export function isOrphan(sid: string): boolean {
  const [, host, pid, start] = SID.exec(sid) ?? [];
  if (host !== HOST || pid === undefined) return false;
  if (Number(pid) === process.pid) return start !== START;
  return !runs(Number(pid));
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs as someone else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
