/** One request and its answer: what a route reads and sends. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Entry,
  entryDocument,
  type Feed,
  feedJson,
  feedXml,
  messagesXml,
  type Place,
  responseXml,
} from './atom.ts';
import type { Answer, AnswerEffect, Phase } from './effects.ts';
import type { Message } from './model.ts';
import { isoTime } from './spl/time.ts';
import type { State } from './state.ts';

export interface Exchange {
  readonly state: State;
  readonly method: string;
  /** Behind /services or /servicesNS/OWNER/APP, without a slash at the end. */
  readonly path: readonly string[];
  /** As asked for, namespace and all: what links begin with. */
  readonly base: string;
  readonly app: string;
  readonly params: Readonly<Record<string, string>>;
  readonly user: string;
  readonly place: Place;
  readonly send: Send;
}

export type Send = (
  status: number,
  type: string,
  body: string,
  headers?: Readonly<Record<string, string>>,
) => undefined;

const XML = 'text/xml; charset=UTF-8';
const JSON_TYPE = 'application/json; charset=UTF-8';

export function wantsJson(params: Readonly<Record<string, string>>): boolean {
  return (params.output_mode ?? '').startsWith('json');
}

export function sendMessages(
  { send, params }: Pick<Exchange, 'send' | 'params'>,
  status: number,
  messages: readonly Message[],
): undefined {
  if (wantsJson(params)) send(status, JSON_TYPE, JSON.stringify({ messages }));
  else send(status, XML, messagesXml(messages));
}

/** `{"sid": …}` or its XML. */
export function sendValue(
  exchange: Pick<Exchange, 'send' | 'params'>,
  status: number,
  name: string,
  value: string,
  headers: Readonly<Record<string, string>> = {},
): undefined {
  if (wantsJson(exchange.params))
    exchange.send(status, JSON_TYPE, JSON.stringify({ [name]: value }), headers);
  else exchange.send(status, XML, responseXml(name, value, name !== 'sessionKey'), headers);
}

export function sendFeed({ send, params, place }: Exchange, feed: Feed): undefined {
  if (wantsJson(params)) send(200, JSON_TYPE, feedJson(feed, place));
  else send(200, XML, feedXml(feed, place));
}

/** A lone entry: in XML without a feed around it. */
export function sendEntry(exchange: Exchange, title: string, entry: Entry): undefined {
  const { send, params, place, base } = exchange;
  if (wantsJson(params)) {
    send(
      200,
      JSON_TYPE,
      feedJson({ title, path: base, entries: [entry], total: 1, offset: 0, messages: [] }, place),
    );
  } else send(200, XML, entryDocument(entry, place));
}

export function sendText({ send }: Pick<Exchange, 'send'>, json: boolean, body: string): undefined {
  send(200, json ? JSON_TYPE : XML, body);
}

export function placeOf(state: State, origin: string, timeZone: string): Place {
  const { version, build, nowMs } = state.settings;
  return { origin, version, build, updated: isoTime(nowMs() / 1000, timeZone) };
}

/** splunkd closes after each answer, and says so. */
export function sender(response: ServerResponse, cutAt: number | null): Send {
  return (status, type, body, headers = {}) => {
    const bytes = Buffer.from(body, 'utf8');
    const sent = cutAt === null ? bytes : bytes.subarray(0, cutAt);
    response.writeHead(status, {
      Connection: 'Close',
      'Cache-Control': 'no-store, must-revalidate, no-cache, max-age=0',
      Expires: 'Thu, 26 Oct 1978 00:00:00 GMT',
      Server: 'Splunkd',
      'X-Content-Type-Options': 'nosniff',
      ...(status === 204 ? {} : { 'Content-Type': type, 'Content-Length': sent.length }),
      ...headers,
    });
    response.end(status === 204 ? undefined : sent);
  };
}

/** The fault that strikes this call. */
export function takeAnswer(state: State, phase: Phase): AnswerEffect | null {
  return state.faults.take((effect): effect is AnswerEffect => effect.at === 'answer' && effect.on === phase);
}

/** Gives an answer that isn't the asked one; false: the call goes on. */
export function answerInstead(
  answer: Answer,
  request: IncomingMessage,
  exchange: Pick<Exchange, 'send' | 'params'>,
): boolean {
  switch (answer.kind) {
    case 'reset':
      request.socket.resetAndDestroy();
      return true;
    case 'silence':
      return true;
    case 'raw':
      exchange.send(answer.status, answer.type, answer.body);
      return true;
    case 'messages':
      sendMessages(exchange, answer.status, answer.messages);
      return true;
    default:
      return false;
  }
}
