/**
 * Ids that clause9 gives its searches: `c9_HOSTxPIDxSTART_HASH_NUMBER`. So an answer that was lost on its way is
 * found again instead of searched twice, and a search that a dead process left behind can be told from one that a
 * living one waits for.
 */
import { hostname } from 'node:os';
import { hashOf } from '../../src/core/hash.ts';

const HOST = hashOf(hostname()).slice(0, 8);
const START = Math.round(performance.timeOrigin).toString(36);
const SID = /^c9_([0-9a-f]{8})x([0-9]+)x([0-9a-z]+)_[0-9a-f]{16}_[0-9]+$/;

let started = 0;

/** Gives each search of this process an id of its own: two sources may be one server, and may ask it the same. */
export function sidFor(search: unknown): string {
  return `c9_${HOST}x${process.pid}x${START}_${hashOf(search).slice(0, 16)}_${++started}`;
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
