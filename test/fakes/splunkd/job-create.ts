import { dispatch } from './dispatch.ts';
import type { JobEffect } from './effects.ts';
import { type Exchange, sendMessages } from './exchange.ts';
import type { Job } from './jobs.ts';
import { MESSAGES } from './messages.ts';
import type { Message } from './model.ts';
import { checkSearch, expandMacros } from './spl/run.ts';
import { SplError } from './spl/value.ts';
import { effectiveRole, isRunning, liveJobs } from './state.ts';

/** Makes the job, or says why not. */
export function createJob(exchange: Exchange): Job | null {
  const { state, params, user } = exchange;
  const { settings } = state;
  const refusal = checkQuota(exchange);
  if (refusal !== null) {
    sendMessages(exchange, 503, [refusal]);
    return null;
  }
  const nowMs = settings.nowMs();
  const sid = params.id ?? `${Math.floor(nowMs / 1000)}.${++state.serial}`;
  if (state.jobs.has(sid)) {
    sendMessages(exchange, 400, [{ type: 'FATAL', text: `Invalid search ID '${sid}'.` }]);
    return null;
  }
  const taken = state.faults.take((one): one is JobEffect => one.at === 'job');
  const effect = taken !== null && !settings.honoursPartial ? { ...taken, partial: false } : taken;
  try {
    const job = runJob(exchange, sid, nowMs, effect);
    state.jobs.set(sid, job);
    state.searches.push(job.search);
    return job;
  } catch (error) {
    if (!(error instanceof SplError)) throw error;
    sendMessages(exchange, 400, [{ type: 'FATAL', text: error.message }]);
    return null;
  } finally {
    if (user === '') state.jobs.delete(sid);
  }
}

function runJob(exchange: Exchange, sid: string, nowMs: number, effect: JobEffect | null): Job {
  const { state, params, user, app } = exchange;
  const { settings, store } = state;
  const sent = (params.search ?? '').trim();
  if (!/^(\||search\b)/i.test(sent)) {
    const word = /^\S+/.exec(sent)?.[0] ?? '';
    throw new SplError('refusal', sent === '' ? 'Empty search.' : `Unknown search command '${word}'.`);
  }
  const expanded = expandMacros(sent, settings.macros);
  checkSearch(expanded);
  const timeZone = settings.users.get(user)?.timeZone ?? 'UTC';
  const role = effectiveRole(state, user);
  const outcome = dispatch(
    { sid, search: expanded, params, role, timeZone, now: nowMs / 1000, effect },
    store,
    settings.knowledge,
  );
  const peers = effect?.hidesPeer === true ? settings.peers.slice(0, -1) : settings.peers;
  return {
    sid,
    user,
    app,
    search: sent,
    expanded,
    params,
    createdMs: nowMs,
    outcome,
    effect,
    diskUsage: settings.diskUsageOf(outcome.table.rows.length),
    providers: [settings.serverName, ...peers],
    ttl: Number(params.timeout ?? 600),
    autoCancel: Number(params.auto_cancel ?? 0),
    touchedMs: nowMs,
    looks: 0,
    paused: false,
    finalized: false,
    finishedMs: null,
  };
}

/** The texts carry the user's own name and numbers. */
function checkQuota({ state, user }: Exchange): Message | null {
  const role = effectiveRole(state, user);
  if (!role.capabilities.includes('search')) return MESSAGES.notAllowed;
  const mine = liveJobs(state).filter((job) => job.user === user);
  const running = mine.filter((job) => isRunning(state, job)).length;
  if (running >= role.srchJobsQuota) {
    const text = MESSAGES.quotaUser.text
      .replace(/current_concurrency=\d+/, `current_concurrency=${running}`)
      .replace(/concurrency_limit=\d+/, `concurrency_limit=${role.srchJobsQuota}`);
    return { type: 'FATAL', text };
  }
  const megabytes = mine.reduce((sum, job) => sum + job.diskUsage, 0) / 1024 ** 2;
  if (megabytes <= role.srchDiskQuota) return null;
  const text = MESSAGES.quotaDisk.text
    .replace('"u"', `"${user}"`)
    .replace('usage=101MB, quota=100MB', `usage=${Math.ceil(megabytes)}MB, quota=${role.srchDiskQuota}MB`);
  return { type: 'FATAL', text };
}
