/** One running fake: what it was started with, and what has come since. */
import { randomBytes } from 'node:crypto';
import type { Knowledge } from './dispatch.ts';
import type { FaultState } from './faults.ts';
import { isOver, type Job, type Lifecycle, stateOf } from './jobs.ts';
import { type Role, USER_ROLE, type User } from './model.ts';
import type { Macros } from './spl/run.ts';
import type { EventStore } from './store.ts';

export interface Token {
  readonly user: string;
  /** Milliseconds since the epoch; absent: never. */
  readonly expiresMs?: number;
}

export interface Settings {
  readonly version: string;
  readonly build: string;
  readonly guid: string;
  readonly serverName: string;
  readonly peers: readonly string[];
  readonly users: Map<string, User>;
  readonly roles: Map<string, Role>;
  readonly tokens: Map<string, Token>;
  readonly macros: Macros;
  readonly lifecycle: Lifecycle;
  readonly nowMs: () => number;
  readonly knowledge: Knowledge;
  readonly sessionMs: number;
  /** An older server knows no allow_partial_results: it answers with what it has. */
  readonly honoursPartial: boolean;
  /** 10.2 has no v1 results, events and export. */
  readonly v1Results: boolean;
  readonly maxResultRows: number;
  readonly diskUsageOf: (rows: number) => number;
}

export interface Session {
  readonly user: string;
  usedMs: number;
}

export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
}

export interface State {
  readonly settings: Settings;
  readonly store: EventStore;
  readonly faults: FaultState;
  readonly sessions: Map<string, Session>;
  readonly jobs: Map<string, Job>;
  readonly requests: LoggedRequest[];
  /** Every search that became a job, as it came. */
  readonly searches: string[];
  serial: number;
  lastSid: string | null;
}

export function newSession(state: State, user: string): string {
  const key = randomBytes(24).toString('hex');
  state.sessions.set(key, { user, usedMs: state.settings.nowMs() });
  return key;
}

/** The user of an Authorization header or a cookie; null: nobody. */
export function authenticate(
  state: State,
  header: string | undefined,
  cookie: string | undefined,
): string | null {
  const { users, tokens, nowMs } = state.settings;
  const [scheme = '', credential = ''] = (header ?? '').split(' ');
  switch (scheme.toLowerCase()) {
    case 'bearer': {
      const token = tokens.get(credential);
      if (token !== undefined)
        return (token.expiresMs ?? Number.POSITIVE_INFINITY) > nowMs() ? token.user : null;
      return sessionUser(state, credential);
    }
    case 'splunk':
      return sessionUser(state, credential);
    case 'basic': {
      const [name = '', ...rest] = Buffer.from(credential, 'base64').toString('utf8').split(':');
      return users.get(name)?.password === rest.join(':') ? name : null;
    }
    default: {
      const key = /(?:^|;\s*)splunkd_\d+=([^;]+)/.exec(cookie ?? '')?.[1];
      return key === undefined ? null : sessionUser(state, decodeURIComponent(key));
    }
  }
}

function sessionUser(state: State, key: string): string | null {
  const session = state.sessions.get(key);
  const now = state.settings.nowMs();
  if (session === undefined || now - session.usedMs > state.settings.sessionMs) return null;
  session.usedMs = now;
  return session.user;
}

export function rolesOf(state: State, user: string): readonly Role[] {
  const names = state.settings.users.get(user)?.roles ?? [];
  return names.flatMap((name) => state.settings.roles.get(name) ?? []);
}

const widest = (limits: readonly number[]): number =>
  limits.some((limit) => limit < 0) ? -1 : Math.max(-1, ...limits);

/** Several roles of a user are one: rights add up, the widest limit wins, filters are joined by OR. */
export function effectiveRole(state: State, user: string): Role {
  const roles = rolesOf(state, user);
  if (roles.length === 0)
    return { ...USER_ROLE, srchIndexesAllowed: [], srchIndexesDefault: [], capabilities: [] };
  const filters = roles.map((role) => role.srchFilter);
  return {
    srchIndexesAllowed: [...new Set(roles.flatMap((role) => role.srchIndexesAllowed))],
    srchIndexesDefault: [...new Set(roles.flatMap((role) => role.srchIndexesDefault))],
    srchFilter: filters.includes('') ? '' : filters.map((filter) => `(${filter})`).join(' OR '),
    srchTimeWin: widest(roles.map((role) => role.srchTimeWin)),
    srchTimeEarliest: widest(roles.map((role) => role.srchTimeEarliest)),
    srchJobsQuota: Math.max(...roles.map((role) => role.srchJobsQuota)),
    srchDiskQuota: Math.max(...roles.map((role) => role.srchDiskQuota)),
    srchMaxTime: roles[0]?.srchMaxTime ?? '100days',
    capabilities: [...new Set(roles.flatMap((role) => role.capabilities))],
    importedRoles: [...new Set(roles.flatMap((role) => role.importedRoles))],
  };
}

/** Takes away jobs whose time is over, then gives the rest. */
export function liveJobs(state: State): readonly Job[] {
  const now = state.settings.nowMs();
  for (const job of state.jobs.values()) if (isOver(job, now)) state.jobs.delete(job.sid);
  return [...state.jobs.values()];
}

export function isRunning(state: State, job: Job): boolean {
  const step = stateOf(job, state.settings.lifecycle, state.settings.nowMs());
  return step !== 'DONE' && step !== 'FAILED';
}
