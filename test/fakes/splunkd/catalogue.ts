/** Every way in which a real splunkd goes wrong, as data: what happens, and at which call. Texts are Splunk's own. */

import type { Answer, AnswerEffect, Effect, JobEffect, PageEffect, Phase } from './effects.ts';
import { MESSAGES } from './messages.ts';
import type { Message } from './model.ts';

export const job = (effect: Omit<JobEffect, 'at'>): JobEffect => ({ at: 'job', ...effect });

export const page = (kind: PageEffect['page'], laterOnly = false): PageEffect => ({
  at: 'page',
  page: kind,
  laterOnly,
});

export const answer = (on: Phase, what: Answer, did = false): AnswerEffect => ({
  at: 'answer',
  on,
  did,
  answer: what,
});

const refuse = (status: number, ...messages: readonly Message[]): AnswerEffect =>
  answer('create', { kind: 'messages', status, messages });

export const finalized = (message: Message): JobEffect =>
  job({ finalized: true, loses: 'older-half', messages: [message] });

const lostPeer = (message: Message): JobEffect => job({ partial: true, loses: 'peer', messages: [message] });

export const failed = (...messages: readonly Message[]): JobEffect => job({ failed: true, messages });

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
