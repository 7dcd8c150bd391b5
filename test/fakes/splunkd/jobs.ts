/** Jobs on an injected clock: from the POST through their states to their end, by deletion or by time. */
import type { Outcome } from './dispatch.ts';
import type { JobEffect } from './effects.ts';
import { MESSAGES } from './messages.ts';
import type { Message } from './model.ts';

export type Step = 'not-ready' | 'QUEUED' | 'PARSING' | 'RUNNING' | 'FINALIZING';

export interface Lifecycle {
  /** What a job goes through before DONE; empty: it is done at once. */
  readonly steps: readonly Step[];
  /** How long a step takes; absent: each look at the job is a step further. */
  readonly everyMs?: number;
}

export type DispatchState = 'QUEUED' | 'PARSING' | 'RUNNING' | 'FINALIZING' | 'PAUSE' | 'DONE' | 'FAILED';

export interface Job {
  readonly sid: string;
  readonly user: string;
  readonly app: string;
  /** As sent. */
  readonly search: string;
  readonly expanded: string;
  readonly params: Readonly<Record<string, string>>;
  readonly createdMs: number;
  readonly outcome: Outcome;
  readonly effect: JobEffect | null;
  readonly diskUsage: number;
  readonly providers: readonly string[];
  ttl: number;
  readonly autoCancel: number;
  touchedMs: number;
  looks: number;
  paused: boolean;
  finalized: boolean;
  finishedMs: number | null;
}

/** `not-ready` has no state yet: 204. */
export function stateOf(job: Job, lifecycle: Lifecycle, nowMs: number): DispatchState | 'not-ready' {
  if (job.finishedMs !== null) return ended(job);
  const { stuck } = job.effect ?? {};
  if (stuck !== undefined) return stuck;
  if (job.paused) return 'PAUSE';
  const at =
    lifecycle.everyMs === undefined ? job.looks - 1 : Math.floor((nowMs - job.createdMs) / lifecycle.everyMs);
  const step = lifecycle.steps[Math.max(0, at)];
  if (step !== undefined) return step;
  job.finishedMs = nowMs;
  return ended(job);
}

function ended(job: Job): DispatchState {
  return job.outcome.failed || failedByFault(job) ? 'FAILED' : 'DONE';
}

export function failedByFault({ effect, params }: Job): boolean {
  if (effect === null) return false;
  return effect.failed === true || (effect.partial === true && isNo(params.allow_partial_results));
}

export function isNo(text: string | undefined): boolean {
  return text !== undefined && /^(0|f|false|no)$/i.test(text);
}

export function messagesOf(job: Job, state: DispatchState | 'not-ready'): readonly Message[] {
  if (state !== 'DONE' && state !== 'FAILED') return [];
  const own = [...(job.effect?.messages ?? []), ...job.outcome.messages];
  const unstable = failedByFault(job) && job.effect?.failed !== true ? [MESSAGES.failedUnstable] : [];
  const stopped = job.finalized ? [MESSAGES.finalized] : [];
  return [...own, ...unstable, ...stopped];
}

export function isFinalized(job: Job): boolean {
  return job.finalized || job.effect?.finalized === true;
}

/** The rows that can be had: none of a job that failed. */
export function rowsOf(job: Job): Outcome['table']['rows'] {
  if (job.outcome.failed || failedByFault(job)) return [];
  const { rows } = job.outcome.table;
  return job.effect?.keepsRows === undefined ? rows : rows.slice(0, job.effect.keepsRows);
}

/** What resultCount says: a fault that drops rows doesn't tell. */
export function resultCount(job: Job): number {
  return job.outcome.failed || failedByFault(job) ? 0 : job.outcome.table.rows.length;
}

export function isOver(job: Job, nowMs: number): boolean {
  const idleMs = nowMs - job.touchedMs;
  if (job.autoCancel > 0 && job.finishedMs === null && idleMs > job.autoCancel * 1000) return true;
  return job.finishedMs !== null && idleMs > job.ttl * 1000;
}

/** Seconds until it goes. */
export function ttlLeft(job: Job, nowMs: number): number {
  return Math.max(0, Math.ceil(job.ttl - (nowMs - job.touchedMs) / 1000));
}
