/** `search/jobs`: create, look, control, results, delete. v1 and v2 paths differ in nothing but their names. */
import type { Content, Entry } from './atom.ts';
import { dispatch } from './dispatch.ts';
import { type Exchange, sendEntry, sendFeed, sendMessages, sendText, sendValue } from './exchange.ts';
import type { JobEffect, PageEffect, SidEffect } from './faults.ts';
import {
  type DispatchState,
  failedByFault,
  isFinalized,
  type Job,
  messagesOf,
  resultCount,
  stateOf,
  ttlLeft,
} from './jobs.ts';
import { MESSAGES } from './messages.ts';
import type { Message } from './model.ts';
import { exportLines, makePage, type Page, pageJson, pageJsonRows, pageXml } from './results.ts';
import { checkSearch, expandMacros } from './spl/run.ts';
import { isoTime } from './spl/time.ts';
import { SplError } from './spl/value.ts';
import { effectiveRole, isRunning, liveJobs } from './state.ts';

const NOT_READY: readonly ['', ''] = ['', ''];

/** The part of a path behind `search`: `jobs…` or `v2/jobs…`. */
export function routeJobs(exchange: Exchange, path: readonly string[]): boolean {
  const version = path[0] === 'v2' ? 2 : 1;
  const [jobs, sid, part] = version === 2 ? path.slice(1) : path;
  if (jobs !== 'jobs') return false;
  if (sid === undefined) {
    if (exchange.method === 'POST') create(exchange);
    else list(exchange);
  } else if (sid === 'export' && part === undefined) exportSearch(exchange);
  else withJob(exchange, decodeURIComponent(sid), part, version);
  return true;
}

function withJob(exchange: Exchange, sid: string, part: string | undefined, version: 1 | 2): undefined {
  const job = liveJobs(exchange.state).find((one) => one.sid === sid);
  if (job === undefined) return sendMessages(exchange, 404, [MESSAGES.unknownSid]);
  job.touchedMs = exchange.state.settings.nowMs();
  const reads = part === 'results' || part === 'events' || part === 'results_preview';
  if (reads && version === 1 && !exchange.state.settings.v1Results) return gone(exchange);
  if (part === undefined && exchange.method === 'DELETE') return cancel(exchange, job);
  if (part === undefined) return show(exchange, job);
  if (part === 'control' && exchange.method === 'POST') return control(exchange, job);
  if (reads) return results(exchange, job, part);
  if (part === 'search.log') return exchange.send(200, 'text/plain', searchLog(exchange, job));
  return gone(exchange);
}

function gone(exchange: Exchange): undefined {
  sendMessages(exchange, 404, [{ type: 'ERROR', text: 'Not Found' }]);
}

/** Makes the job, or says why not. */
function createJob(exchange: Exchange): Job | null {
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

function create(exchange: Exchange): undefined {
  const { state, params, base } = exchange;
  const mode = params.exec_mode ?? 'normal';
  const job = createJob(exchange);
  if (job === null) return;
  if (mode === 'oneshot') {
    job.finishedMs = state.settings.nowMs();
    state.jobs.delete(job.sid);
    if (job.outcome.failed) return sendMessages(exchange, 400, job.outcome.messages);
    return sendPage(exchange, makePage(job, pageRequest(exchange, 'results'), null, printOptions(exchange)));
  }
  if (mode === 'blocking') job.finishedMs = state.settings.nowMs();
  const reused = state.faults.take((effect): effect is SidEffect => effect.at === 'sid');
  const sid = reused === null ? job.sid : (state.lastSid ?? job.sid);
  state.lastSid = job.sid;
  sendValue(exchange, 201, 'sid', sid, { Location: `${base}/${encodeURIComponent(sid)}` });
}

/** Errors come after the 200: as an empty body. */
function exportSearch(exchange: Exchange): undefined {
  const job = createJob(exchange);
  if (job === null) return;
  exchange.state.jobs.delete(job.sid);
  job.finishedMs = exchange.state.settings.nowMs();
  const page = makePage(job, { count: 0, offset: 0, fields: [], preview: false }, null, {
    ...printOptions(exchange),
    maxResultRows: Number.POSITIVE_INFINITY,
  });
  if (job.outcome.failed) return exchange.send(200, 'application/json; charset=UTF-8', '');
  if ((exchange.params.output_mode ?? 'xml') === 'json') return sendText(exchange, true, exportLines(page));
  sendPage(exchange, page);
}

function list(exchange: Exchange): undefined {
  const { params } = exchange;
  const offset = Number(params.offset ?? 0);
  const count = Number(params.count ?? 30);
  const jobs = liveJobs(exchange.state).filter((job) => params.id === undefined || job.sid === params.id);
  const page = count === 0 ? jobs.slice(offset) : jobs.slice(offset, offset + count);
  for (const job of page) look(job);
  const entries = page.map((job) => entryOf(exchange, job, stepOf(exchange, job)));
  sendFeed(exchange, {
    title: 'jobs',
    path: exchange.base,
    entries,
    total: jobs.length,
    offset,
    messages: [],
  });
}

function stepOf({ state }: Exchange, job: Job): DispatchState | 'not-ready' {
  return stateOf(job, state.settings.lifecycle, state.settings.nowMs());
}

function look(job: Job): void {
  job.looks++;
}

function show(exchange: Exchange, job: Job): undefined {
  look(job);
  const step = stepOf(exchange, job);
  if (step === 'not-ready') return exchange.send(204, ...NOT_READY);
  sendEntry(exchange, 'jobs', entryOf(exchange, job, step));
}

function cancel(exchange: Exchange, job: Job): undefined {
  exchange.state.jobs.delete(job.sid);
  sendMessages(exchange, 200, [MESSAGES.cancelled]);
}

function control(exchange: Exchange, job: Job): undefined {
  const { action, ttl } = exchange.params;
  switch (action) {
    case 'cancel':
      return cancel(exchange, job);
    case 'finalize':
      job.finalized = job.finishedMs === null;
      job.finishedMs ??= exchange.state.settings.nowMs();
      return sendMessages(exchange, 200, [MESSAGES.finalizedNow]);
    case 'pause':
    case 'unpause':
      job.paused = action === 'pause';
      return sendMessages(exchange, 200, [action === 'pause' ? MESSAGES.paused : MESSAGES.resumed]);
    case 'touch':
      return sendMessages(exchange, 200, [MESSAGES.touched]);
    case 'setttl':
      job.ttl = Number(ttl ?? job.ttl);
      return sendMessages(exchange, 200, [
        { type: 'INFO', text: `The ttl of the search job was changed to ${job.ttl}.` },
      ]);
    case 'setpriority':
    case 'enablepreview':
    case 'disablepreview':
    case 'save':
    case 'unsave':
      return sendMessages(exchange, 200, []);
    default:
      return sendMessages(exchange, 400, [{ type: 'ERROR', text: 'Unknown action.' }]);
  }
}

function results(exchange: Exchange, job: Job, part: string): undefined {
  const step = stepOf(exchange, job);
  const ready = step === 'DONE' || step === 'FAILED';
  if (!ready && part !== 'results_preview') return exchange.send(204, ...NOT_READY);
  const request = pageRequest(exchange, part);
  const effect = exchange.state.faults.take(
    (one): one is PageEffect => one.at === 'page' && !(one.laterOnly === true && request.offset === 0),
  );
  sendPage(exchange, makePage(job, { ...request, preview: !ready }, effect, printOptions(exchange)));
}

function pageRequest(
  { params }: Exchange,
  _part: string,
): { count: number; offset: number; fields: readonly string[]; preview: boolean } {
  return {
    count: Number(params.count ?? 100),
    offset: Number(params.offset ?? 0),
    fields: (params.f ?? '').split(',').filter((name) => name !== ''),
    preview: false,
  };
}

function printOptions({ state, user }: Exchange) {
  const timeZone = state.settings.users.get(user)?.timeZone ?? 'UTC';
  return { dialect: state.settings.knowledge.dialect, timeZone, maxResultRows: state.settings.maxResultRows };
}

function sendPage(exchange: Exchange, page: Page): undefined {
  const mode = exchange.params.output_mode ?? 'xml';
  if (mode === 'json') sendText(exchange, true, pageJson(page));
  else if (mode === 'json_rows') sendText(exchange, true, pageJsonRows(page));
  else if (mode === 'xml') sendText(exchange, false, pageXml(page));
  else sendMessages(exchange, 400, [{ type: 'FATAL', text: `Invalid output_mode specified (${mode}).` }]);
}

function searchLog({ state }: Exchange, job: Job): string {
  const time = new Date(job.createdMs).toISOString();
  const lines = messagesOf(job, stateOf(job, state.settings.lifecycle, state.settings.nowMs()));
  return [
    `${time} INFO  dispatchRunner - search=${job.expanded}`,
    ...lines.map(({ type, text }) => `${time} ${type} SearchMessages - ${text}`),
  ].join('\n');
}

/** Messages are a list in JSON, a list by level in XML. */
function messageContent(messages: readonly Message[], json: boolean): Content {
  if (json) return messages.map(({ type, text }) => ({ type, text }));
  const levels = new Map<string, string[]>();
  for (const { type, text } of messages)
    levels.set(type.toLowerCase(), [...(levels.get(type.toLowerCase()) ?? []), text]);
  return Object.fromEntries(levels);
}

function entryOf(exchange: Exchange, job: Job, step: DispatchState | 'not-ready'): Entry {
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
    links: [
      'search_telemetry.json',
      'search.log',
      'events',
      'results',
      'results_preview',
      'timeline',
      'summary',
      'control',
    ],
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
    ...(earliest === null ? {} : { earliestTime: isoTime(earliest, timeZone), searchEarliestTime: earliest }),
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
