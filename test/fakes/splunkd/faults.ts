/** Every way in which a real splunkd goes wrong, as data: what happens, and at which call. Texts are Splunk's own. */
import { MESSAGES } from './messages.ts';
import type { Message } from './model.ts';

export type Phase = 'login' | 'create' | 'status' | 'results' | 'control' | 'info';

/** What becomes of a job. It also really loses what a real one would lose, so that to accept it gives a wrong number. */
export interface JobEffect {
  readonly at: 'job';
  readonly messages?: readonly Message[];
  readonly finalized?: boolean;
  readonly failed?: boolean;
  readonly zombie?: boolean;
  /** The last peer's events, the older half of the events, or the first index. */
  readonly loses?: 'peer' | 'older-half' | 'index';
  /** A lost peer is not named in searchProviders. */
  readonly hidesPeer?: boolean;
  /** `allow_partial_results=false` makes the job fail instead. */
  readonly partial?: boolean;
  /** The range begins this many seconds later than asked, silently. */
  readonly clampSeconds?: number;
  readonly doneProgress?: number;
  /** It stays in this state. */
  readonly stuck?: 'not-ready' | 'QUEUED' | 'RUNNING' | 'PAUSE';
  /** Only the first rows of the result are kept. */
  readonly keepsRows?: number;
}

export type Answer =
  | { readonly kind: 'reset' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'silence' }
  | { readonly kind: 'raw'; readonly status: number; readonly type: string; readonly body: string }
  | { readonly kind: 'messages'; readonly status: number; readonly messages: readonly Message[] }
  | { readonly kind: 'cut'; readonly bytes: number };

/** The answer to a call is another one. `did`: what was asked for is done all the same. */
export interface AnswerEffect {
  readonly at: 'answer';
  readonly on: Phase;
  readonly did: boolean;
  readonly answer: Answer;
}

export interface SidEffect {
  readonly at: 'sid';
}

/** A page of results is not what it says. */
export interface PageEffect {
  readonly at: 'page';
  readonly page:
    | 'short'
    | 'first-again'
    | 'offset-zero'
    | 'preview'
    | 'no-fields'
    | 'nulls'
    | 'empty-texts'
    | 'odd-numbers'
    | 'single-values';
  /** Pages that start at 0 are left alone. */
  readonly laterOnly?: boolean;
  readonly messages?: readonly Message[];
}

export type Effect = JobEffect | AnswerEffect | SidEffect | PageEffect;

const job = (effect: Omit<JobEffect, 'at'>): JobEffect => ({ at: 'job', ...effect });
const page = (kind: PageEffect['page'], laterOnly = false): PageEffect => ({
  at: 'page',
  page: kind,
  laterOnly,
});
const answer = (on: Phase, what: Answer, did = false): AnswerEffect => ({
  at: 'answer',
  on,
  did,
  answer: what,
});
const refuse = (status: number, ...messages: readonly Message[]): AnswerEffect =>
  answer('create', { kind: 'messages', status, messages });
const finalized = (message: Message): JobEffect =>
  job({ finalized: true, loses: 'older-half', messages: [message] });
const lostPeer = (message: Message): JobEffect => job({ partial: true, loses: 'peer', messages: [message] });
const failed = (...messages: readonly Message[]): JobEffect => job({ failed: true, messages });
const noted = (message: Message, loses?: JobEffect['loses']): JobEffect =>
  job({ messages: [message], ...(loses === undefined ? {} : { loses }) });

const HTML: Answer = {
  kind: 'raw',
  status: 200,
  type: 'text/html',
  body: '<html><body>Please sign in</body></html>',
};

export const FAULTS = {
  // refused at the door
  'quota-instance': refuse(503, MESSAGES.quotaInstance),
  'quota-user': refuse(503, MESSAGES.quotaUser),
  'quota-role': refuse(503, MESSAGES.quotaRole),
  'quota-disk': refuse(503, MESSAGES.quotaDisk),
  'quota-queue': refuse(503, MESSAGES.quotaQueue),
  'free-disk': refuse(503, MESSAGES.freeDisk),
  detention: refuse(503, MESSAGES.detention),
  'peers-overloaded': refuse(503, MESSAGES.peersOverloaded),
  'workload-denied': refuse(400, MESSAGES.workloadDenied),
  'not-allowed': refuse(403, MESSAGES.notAllowed),
  // finalised: DONE, and yet not all
  'finalized-time': finalized(MESSAGES.finalizedTime),
  'finalized-disk': finalized(MESSAGES.finalizedDisk),
  'finalized-events': finalized(MESSAGES.finalizedEvents),
  'finalized-by-someone': finalized(MESSAGES.finalized),
  'finalized-workload': finalized(MESSAGES.finalizedWorkload),
  'finalized-unsaid': job({ finalized: true, loses: 'older-half' }),
  // a peer lost
  'peer-timeout': lostPeer(MESSAGES.peerTimeout),
  'peer-ended': lostPeer(MESSAGES.peerEnded),
  'peer-reading': lostPeer(MESSAGES.peerReading),
  'peer-down': lostPeer(MESSAGES.peerDown),
  'peer-quarantined': lostPeer(MESSAGES.peerQuarantined),
  'peer-slow': lostPeer(MESSAGES.peerSlow),
  'peer-rate': lostPeer(MESSAGES.peerRate),
  'peer-unrecovered': lostPeer(MESSAGES.peerUnrecovered),
  'bucket-fixup': noted(MESSAGES.bucketFixup, 'peer'),
  'bucket-repairs': noted(MESSAGES.bucketRepairs, 'peer'),
  'peer-unsaid': job({ loses: 'peer', hidesPeer: true }),
  // failed
  'failed-peer': failed(MESSAGES.failedPeer),
  'failed-not-searchable': failed(MESSAGES.failedNotSearchable),
  'failed-unstable': failed(MESSAGES.failedUnstable),
  'failed-memory': failed(MESSAGES.failedMemory),
  'failed-forced': failed(MESSAGES.failedForced),
  'failed-dag': failed(MESSAGES.failedDag),
  'failed-licence': failed(MESSAGES.failedLicence),
  zombie: job({ failed: true, zombie: true, messages: [MESSAGES.zombie] }),
  // truncated
  'truncated-subsearch': noted(MESSAGES.subsearchTruncated, 'older-half'),
  'truncated-subsearch-limit': noted(MESSAGES.subsearchLimit, 'older-half'),
  'truncated-stats': noted(MESSAGES.statsTruncated, 'older-half'),
  'truncated-values': noted(MESSAGES.valuesTruncated),
  'truncated-memory': noted(MESSAGES.memoryLimit, 'older-half'),
  'subsearch-timeout': noted(MESSAGES.subsearchTimeout, 'older-half'),
  'field-limit': noted(MESSAGES.fieldLimit),
  'message-limit': noted(MESSAGES.messageLimit),
  'minified-buckets': noted(MESSAGES.minifiedBuckets, 'older-half'),
  'tstats-ranges': noted(MESSAGES.tstatsRanges),
  // permission
  'indexes-removed': noted(MESSAGES.indexesRemoved, 'index'),
  'no-matching-indexes': failed(MESSAGES.noMatchingIndexes),
  'time-denied': failed(MESSAGES.timeDenied),
  // silent
  clamped: job({ clampSeconds: 600, loses: 'older-half' }),
  'index-dropped': job({ loses: 'index' }),
  'rows-dropped': job({ keepsRows: 1 }),
  'progress-short': job({ doneProgress: 0.5 }),
  'benign-noise': job({ messages: MESSAGES.benign }),
  'unknown-text': noted({ type: 'INFO', text: 'Something that no message list knows has happened.' }),
  'page-short': page('short'),
  'page-two-short': page('short', true),
  'page-again': page('first-again', true),
  'page-offset': page('offset-zero', true),
  'page-preview': page('preview'),
  'page-without-fields': page('no-fields'),
  'cells-null': page('nulls'),
  'cells-empty': page('empty-texts'),
  'cells-single': page('single-values'),
  'numbers-odd': page('odd-numbers'),
  'sid-reused': { at: 'sid' },
  // the job and the clock
  'never-ready': job({ stuck: 'not-ready' }),
  'queued-forever': job({ stuck: 'QUEUED' }),
  'running-forever': job({ stuck: 'RUNNING' }),
  'paused-forever': job({ stuck: 'PAUSE' }),
  // the wire
  'status-unauthorized': answer('status', {
    kind: 'messages',
    status: 401,
    messages: [MESSAGES.unauthorized],
  }),
  'status-unknown-sid': answer('status', { kind: 'messages', status: 404, messages: [MESSAGES.unknownSid] }),
  'status-not-ready': answer('status', { kind: 'raw', status: 204, type: 'text/plain', body: '' }),
  'status-empty': answer('status', { kind: 'raw', status: 200, type: 'application/json', body: '' }),
  'status-html': answer('status', HTML),
  'status-cut': answer('status', { kind: 'cut', bytes: 120 }, true),
  'status-slow': answer('status', { kind: 'slow', ms: 300 }, true),
  'status-reset': answer('status', { kind: 'reset' }),
  'create-reset': answer('create', { kind: 'reset' }, true),
  'create-reset-undone': answer('create', { kind: 'reset' }),
  'create-silence': answer('create', { kind: 'silence' }, true),
  'create-html': answer('create', HTML),
  'create-unauthorized': answer('create', {
    kind: 'messages',
    status: 401,
    messages: [MESSAGES.unauthorized],
  }),
  'create-server-error': answer('create', {
    kind: 'messages',
    status: 500,
    messages: [MESSAGES.serverError],
  }),
  'results-unauthorized': answer('results', {
    kind: 'messages',
    status: 401,
    messages: [MESSAGES.unauthorized],
  }),
  'results-unknown-sid': answer('results', {
    kind: 'messages',
    status: 404,
    messages: [MESSAGES.unknownSid],
  }),
  'results-not-ready': answer('results', { kind: 'raw', status: 204, type: 'text/plain', body: '' }),
  'results-empty': answer('results', { kind: 'raw', status: 200, type: 'application/json', body: '' }),
  'results-html': answer('results', HTML),
  'results-cut': answer('results', { kind: 'cut', bytes: 60 }, true),
  'results-slow': answer('results', { kind: 'slow', ms: 300 }, true),
  'results-silence': answer('results', { kind: 'silence' }),
  'results-reset': answer('results', { kind: 'reset' }),
  'results-new-error': answer('results', {
    kind: 'raw',
    status: 500,
    type: 'application/json',
    body: '{"code":"internal_error","message":"The results could not be read.","details":null}',
  }),
  'login-failed': answer('login', { kind: 'messages', status: 401, messages: [MESSAGES.loginFailed] }),
  'info-html': answer('info', HTML),
  'info-server-error': answer('info', { kind: 'messages', status: 500, messages: [MESSAGES.serverError] }),
  'control-reset': answer('control', { kind: 'reset' }),
} as const satisfies Readonly<Record<string, Effect>>;

export type FaultName = keyof typeof FAULTS;

export interface FaultOptions {
  /** How many calls (or jobs) it strikes; default 1. */
  readonly times?: number | 'forever';
  /** How many calls (or jobs) of its kind pass before. */
  readonly after?: number;
}

export interface Faults {
  /** Arms a fault, by name or as an effect of the test's own. Gives back what disarms it. */
  readonly next: (fault: FaultName | Effect, options?: FaultOptions) => () => void;
  readonly clear: () => void;
  /** How often a fault has struck since the start. */
  readonly struck: () => number;
}

interface Armed {
  readonly effect: Effect;
  times: number;
  after: number;
}

export interface FaultState extends Faults {
  /** The effect that strikes this call, if any. A later-armed one waits for the earlier. */
  readonly take: <E extends Effect>(is: (effect: Effect) => effect is E) => E | null;
}

export function createFaults(): FaultState {
  let armed: Armed[] = [];
  let struck = 0;
  return {
    next: (fault, options = {}) => {
      const effect = typeof fault === 'string' ? FAULTS[fault] : fault;
      const times = options.times === 'forever' ? Number.POSITIVE_INFINITY : (options.times ?? 1);
      const one: Armed = { effect, times, after: options.after ?? 0 };
      armed.push(one);
      return () => {
        armed = armed.filter((other) => other !== one);
      };
    },
    clear: () => {
      armed = [];
    },
    struck: () => struck,
    take: (is) => {
      for (const one of armed) {
        if (!is(one.effect) || one.times <= 0) continue;
        if (one.after > 0) {
          one.after--;
          return null;
        }
        one.times--;
        struck++;
        return one.effect;
      }
      return null;
    },
  };
}
