/**
 * Asking splunkd as a certain user in a certain app: paths, forms, logging in and its renewal are splunk-sdk's, over
 * our own transport (docs/adr). A refusal comes back as its status, so that who asked can say what it means.
 */
import Context from 'splunk-sdk/lib/context.js';
import Http from 'splunk-sdk/lib/http.js';
import { forgetSecret, keepSecret, resolveSecret } from '../../src/config/secrets.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { messagesOf, type SplunkMessage, serverInfo } from './answer.ts';
import type { SourceOptions } from './options.ts';
import type { HttpAnswer, Transport } from './transport.ts';

export interface Answer {
  readonly status: number;
  readonly data: unknown;
  readonly messages: readonly SplunkMessage[];
  readonly date: number | null;
}

export type Parameters = Readonly<Record<string, string | number>>;

export interface Server {
  readonly guid: string;
  readonly version: string;
  /** `search/v2/jobs`, before 9.0.2 `search/jobs`. */
  readonly jobs: string;
  readonly now: number | null;
}

export interface Session {
  /** Any status but 401 and those of a server that is not there comes back. */
  get(path: string, signal: AbortSignal, parameters?: Parameters): Promise<Answer>;
  post(path: string, signal: AbortSignal, parameters: Parameters): Promise<Answer>;
  remove(path: string, signal: AbortSignal): Promise<Answer>;
  /** Asked anew each time: its clock and version are those of now. */
  server(signal: AbortSignal): Promise<Server>;
  close(): Promise<void>;
}

export function openSession(options: SourceOptions, folder: string, transport: Transport): Session {
  const url = new URL(options.url);
  const { auth, app, owner } = options;
  /** A session key that one call got serves the next. */
  let sessionKey = 'token' in auth ? resolveSecret(auth.token, folder) : '';
  const credentials =
    'token' in auth
      ? { authorization: 'Bearer', autologin: false }
      : { username: auth.username, password: resolveSecret(auth.password, folder), autologin: true };

  const contextOver = (signal: AbortSignal, keep: (answer: HttpAnswer) => void): Context =>
    new Context(new (httpOver(transport, signal, keep))(), {
      scheme: url.protocol.slice(0, -1),
      host: url.hostname,
      port: url.port || (url.protocol === 'https:' ? '443' : '80'),
      app,
      owner,
      sessionKey,
      ...credentials,
    });
  const call = async (
    signal: AbortSignal,
    ask: (context: Context) => Promise<{ readonly data: unknown; readonly status: number }>,
  ): Promise<Answer> => {
    let last: HttpAnswer = { status: 0, data: null, date: null };
    const context = contextOver(signal, (answer) => {
      last = answer;
    });
    try {
      await ask(context);
    } catch (error) {
      if (error instanceof ConnectorError || signal.aborted) throw error;
      // The SDK rejects with the answer itself where its status is 400 or more, else something is wrong in it.
      if (last.status < 400) throw malformed(error);
    } finally {
      if (!('token' in auth)) {
        const fresh = context.sessionKey ?? '';
        if (fresh !== sessionKey) forgetSecret(sessionKey);
        sessionKey = keepSecret(fresh);
      }
    }
    const answer = { ...last, messages: messagesOf(last.data) };
    requireThere(answer, options);
    return answer;
  };
  return {
    get: (path, signal, parameters = {}) => call(signal, (context) => context.get(path, json(parameters))),
    post: (path, signal, parameters) => call(signal, (context) => context.post(path, json(parameters))),
    remove: (path, signal) => call(signal, (context) => context.del(path, json({}))),
    server: async (signal) => {
      const answer = await call(signal, (context) => context.get('/services/server/info', json({})));
      const { version, instanceType, guid } = serverInfo(answer.data);
      const asked = Object.assign(
        contextOver(signal, () => undefined),
        { version, instanceType },
      );
      const jobs = asked.disableV2SearchApi() ? 'search/jobs' : 'search/v2/jobs';
      return { guid, version, jobs, now: answer.date };
    },
    close: () => transport.close(),
  };
}

const json = (parameters: Parameters): Parameters => ({ ...parameters, output_mode: 'json' });

/** The SDK's own HTTP, but for what goes over the wire. */
function httpOver(transport: Transport, signal: AbortSignal, keep: (answer: HttpAnswer) => void) {
  return Http.extend({
    makeRequest: async (url, { method, headers, body }) => {
      const answer = await transport.send(url, { method, headers, body }, signal);
      keep(answer);
      const { status, data } = answer;
      return { status, data: data ?? {}, error: null, response: { statusCode: status, headers: {} } };
    },
    parseJson: (text) => JSON.parse(text),
  });
}

function malformed(cause: unknown): ConnectorError {
  return new ConnectorError('Splunk answered something that clause9 does not understand', {
    retryable: true,
    cause,
    help: 'Is this the management port (8089) of Splunk?',
  });
}

/** What no caller can do anything about: who may not come in, and who is not there. */
function requireThere({ status, messages }: Answer, { auth, url }: SourceOptions): void {
  const said = messages.map(({ text }) => text).join(' ');
  if (status === 401) {
    throw new ConnectorError(
      'token' in auth
        ? `Splunk does not accept the token: ${said}`
        : `Splunk does not let "${auth.username}" in: ${said}`,
      {
        retryable: false,
        where: url,
        help:
          'token' in auth
            ? 'It may have expired, or tokens may be switched off.'
            : 'Check user and password.',
      },
    );
  }
  if (status === 429 || status === 502 || status === 504 || (status >= 500 && said === '')) {
    throw new ConnectorError(`Splunk is not there just now (${status})`, { retryable: true, where: url });
  }
}
