import type { SidEffect } from './effects.ts';
import { type Exchange, sendEntry, sendFeed, sendMessages, sendText, sendValue } from './exchange.ts';
import { createJob } from './job-create.ts';
import { entryOf } from './job-entry.ts';
import { pageRequest, printOptions, results, sendPage, stepOf } from './job-results.ts';
import { type Job, messagesOf, stateOf } from './jobs.ts';
import { MESSAGES } from './messages.ts';
import { exportLines, makePage } from './results.ts';
import { liveJobs } from './state.ts';

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

export function list(exchange: Exchange): undefined {
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

function look(job: Job): void {
  job.looks++;
}

function show(exchange: Exchange, job: Job): undefined {
  look(job);
  const step = stepOf(exchange, job);
  if (step === 'not-ready') return exchange.send(204, '', '');
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

function searchLog({ state }: Exchange, job: Job): string {
  const time = new Date(job.createdMs).toISOString();
  const lines = messagesOf(job, stateOf(job, state.settings.lifecycle, state.settings.nowMs()));
  return [
    `${time} INFO  dispatchRunner - search=${job.expanded}`,
    ...lines.map(({ type, text }) => `${time} ${type} SearchMessages - ${text}`),
  ].join('\n');
}
