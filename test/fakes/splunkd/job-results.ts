import type { PageEffect } from './effects.ts';
import { type Exchange, sendMessages, sendText } from './exchange.ts';
import { type DispatchState, type Job, stateOf } from './jobs.ts';
import { makePage, type Page, pageJson, pageJsonRows, pageXml } from './results.ts';

export function stepOf({ state }: Exchange, job: Job): DispatchState | 'not-ready' {
  return stateOf(job, state.settings.lifecycle, state.settings.nowMs());
}

export function results(exchange: Exchange, job: Job, part: string): undefined {
  const step = stepOf(exchange, job);
  const ready = step === 'DONE' || step === 'FAILED';
  if (!ready && part !== 'results_preview') return exchange.send(204, '', '');
  const request = pageRequest(exchange, part);
  const effect = exchange.state.faults.take(
    (one): one is PageEffect => one.at === 'page' && !(one.laterOnly === true && request.offset === 0),
  );
  sendPage(exchange, makePage(job, { ...request, preview: !ready }, effect, printOptions(exchange)));
}

export function pageRequest(
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

export function printOptions({ state, user }: Exchange) {
  const timeZone = state.settings.users.get(user)?.timeZone ?? 'UTC';
  return { dialect: state.settings.knowledge.dialect, timeZone, maxResultRows: state.settings.maxResultRows };
}

export function sendPage(exchange: Exchange, page: Page): undefined {
  const mode = exchange.params.output_mode ?? 'xml';
  if (mode === 'json') sendText(exchange, true, pageJson(page));
  else if (mode === 'json_rows') sendText(exchange, true, pageJsonRows(page));
  else if (mode === 'xml') sendText(exchange, false, pageXml(page));
  else sendMessages(exchange, 400, [{ type: 'FATAL', text: `Invalid output_mode specified (${mode}).` }]);
}
