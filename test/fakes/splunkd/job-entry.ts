/** A job as its entry tells it: some seventy keys, loosely typed as in Splunk. */
import type { Content, Entry } from './atom.ts';
import type { Exchange } from './exchange.ts';
import {
  type DispatchState,
  failedByFault,
  isFinalized,
  type Job,
  messagesOf,
  resultCount,
  ttlLeft,
} from './jobs.ts';
import type { Message } from './model.ts';
import { isoTime } from './spl/time.ts';

/** Messages are a list in JSON, a list by level in XML. */
function messageContent(messages: readonly Message[], json: boolean): Content {
  if (json) return messages.map(({ type, text }) => ({ type, text }));
  const levels = new Map<string, string[]>();
  for (const { type, text } of messages)
    levels.set(type.toLowerCase(), [...(levels.get(type.toLowerCase()) ?? []), text]);
  return Object.fromEntries(levels);
}

export function entryOf(exchange: Exchange, job: Job, step: DispatchState | 'not-ready'): Entry {
  const { state, params } = exchange;
  const { nowMs } = state.settings;
  const timeZone = state.settings.users.get(job.user)?.timeZone ?? 'UTC';
  const root = exchange.base.replace(/\/jobs(\/.*)?$/, '/jobs');
  const json = (params.output_mode ?? '').startsWith('json');
  return {
    name: step === 'PARSING' || step === 'QUEUED' ? '' : job.search,
    path: `${root}/${encodeURIComponent(job.sid)}`,
    author: job.user,
    updated: isoTime(nowMs() / 1000, timeZone),
    published: isoTime(job.createdMs / 1000, timeZone),
    links: linksOf(state.settings.version),
    content: contentOf(exchange, job, step, json, timeZone),
    acl: {
      perms: { read: [job.user], write: [job.user] },
      owner: job.user,
      modifiable: true,
      sharing: 'global',
      app: job.app,
      can_write: true,
      ttl: '600',
    },
  };
}

const PROGRESS: Readonly<Record<string, number>> = {
  QUEUED: 0,
  PARSING: 0,
  RUNNING: 0.5,
  PAUSE: 0.5,
  FINALIZING: 1,
  DONE: 1,
  FAILED: 1,
};

function contentOf(
  { state }: Exchange,
  job: Job,
  step: string,
  json: boolean,
  timeZone: string,
): Readonly<Record<string, Content>> {
  const { outcome, effect } = job;
  const over = step === 'DONE' || step === 'FAILED';
  const failed = step === 'FAILED';
  const shown = over && !failedByFault(job);
  const request = Object.fromEntries(Object.entries(job.params).filter(([name]) => name !== 'output_mode'));
  const { earliest, latest } = outcome.range;
  return {
    canSummarize: false,
    cursorTime: isoTime(0, timeZone),
    defaultSaveTTL: '604800',
    defaultTTL: '600',
    delegate: '',
    diskUsage: job.diskUsage,
    dispatchState: step,
    doneProgress: effect?.doneProgress ?? PROGRESS[step] ?? 0,
    dropCount: 0,
    earliestTime: isoTime(earliest ?? 0, timeZone),
    ...(earliest === null ? {} : { searchEarliestTime: earliest }),
    ...(latest === null ? {} : { latestTime: isoTime(latest, timeZone), searchLatestTime: String(latest) }),
    eventAvailableCount: outcome.transforming ? 0 : outcome.eventCount,
    eventCount: shown ? outcome.eventCount : 0,
    eventFieldCount: 0,
    eventIsStreaming: true,
    eventIsTruncated: outcome.transforming,
    eventSearch: job.expanded.split('|')[0]?.trim() ?? '',
    eventSorting: outcome.transforming ? 'none' : 'desc',
    isBatchModeSearch: true,
    isDone: over,
    isEventsPreviewEnabled: false,
    isFailed: failed,
    isFinalized: over && isFinalized(job),
    isPaused: step === 'PAUSE',
    isPreviewEnabled: false,
    isRealTimeSearch: false,
    isRemoteTimeline: false,
    isSaved: false,
    isSavedSearch: false,
    isTimeCursored: true,
    isZombie: over && effect?.zombie === true,
    keywords: '',
    label: '',
    messages: messageContent(messagesOf(job, over ? (failed ? 'FAILED' : 'DONE') : 'not-ready'), json),
    normalizedSearch: `litsearch ${job.expanded.replace(/^search /, '')}`,
    numPreviews: 0,
    optimizedSearch: `| ${job.expanded.replace(/^\|\s*/, '')}`,
    pid: '7395',
    priority: 5,
    provenance: 'UI:Search',
    remoteSearch: `litsearch ${
      job.expanded
        .replace(/^search /, '')
        .split('|')[0]
        ?.trim() ?? ''
    }`,
    reportSearch: outcome.transforming ? job.expanded.split('|').slice(1).join('|').trim() : '',
    request,
    resultCount: over ? resultCount(job) : 0,
    resultIsStreaming: false,
    resultPreviewCount: over ? resultCount(job) : 0,
    runDuration: over ? 0.161 : 0,
    runtime: { auto_cancel: String(job.autoCancel), auto_pause: '0' },
    sampleRatio: '1',
    sampleSeed: '0',
    scanCount: outcome.scanCount,
    search: job.search,
    searchCanBeEventType: false,
    searchProviders: over ? [...job.providers] : [],
    searchTotalBucketsCount: 1,
    searchTotalEliminatedBucketsCount: 0,
    sid: job.sid,
    statusBuckets: Number(job.params.status_buckets ?? 0),
    ttl: ttlLeft(job, state.settings.nowMs()),
    performance: {},
  };
}

/** Telemetry came with 8. */
function linksOf(version: string): readonly string[] {
  const telemetry = Number(version.split('.')[0]) >= 8 ? ['search_telemetry.json'] : [];
  return [
    ...telemetry,
    'search.log',
    'events',
    'results',
    'results_preview',
    'timeline',
    'summary',
    'control',
  ];
}
