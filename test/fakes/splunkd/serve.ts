/** The port: reads a request, lets a fault strike, finds its route. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Phase } from './effects.ts';
import {
  answerInstead,
  type Exchange,
  placeOf,
  sender,
  sendMessages,
  sendValue,
  takeAnswer,
} from './exchange.ts';
import { MESSAGES } from './messages.ts';
import { routeInfo } from './routes-info.ts';
import { routeJobs } from './routes-jobs.ts';
import { authenticate, newSession, type State } from './state.ts';

export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export async function handle(
  state: State,
  secure: boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const origin = `${secure ? 'https' : 'http'}://${request.headers.host ?? '127.0.0.1'}`;
  const url = new URL(request.url ?? '/', origin);
  const params = { ...Object.fromEntries(url.searchParams), ...formOf(await readBody(request)) };
  const method = request.method ?? 'GET';
  state.requests.push({ method, path: url.pathname, params: withoutSecrets(params) });
  const located = locate(url.pathname);
  if (located === null)
    return sendMessages({ send: sender(response, null), params }, 404, [
      { type: 'ERROR', text: 'Not Found' },
    ]);
  const phase = phaseOf(method, located.path);
  const fault = phase === null ? null : takeAnswer(state, phase);
  if (fault?.answer.kind === 'slow')
    await new Promise((resolve) => setTimeout(resolve, fault.answer.kind === 'slow' ? fault.answer.ms : 0));
  const send = sender(response, fault?.answer.kind === 'cut' ? fault.answer.bytes : null);
  if (fault !== null && !fault.did && answerInstead(fault.answer, request, { send, params })) return;
  const muted = fault?.did === true && (fault.answer.kind === 'reset' || fault.answer.kind === 'silence');
  const exchange = {
    state,
    method,
    params,
    place: placeOf(state, origin, 'UTC'),
    send: muted ? () => undefined : send,
    ...located,
  };
  route(exchange, request);
  if (muted && fault !== null) answerInstead(fault.answer, request, { send, params });
}

function route(known: Omit<Exchange, 'user'>, request: IncomingMessage): undefined {
  const { path, state, method } = known;
  if (path.join('/') === 'auth/login' && method === 'POST') return login(known, request);
  const user = authenticate(state, request.headers.authorization, request.headers.cookie);
  if (user === null) return sendMessages(known, 401, [MESSAGES.unauthorized]);
  const exchange: Exchange = { ...known, user };
  const done = (path[0] === 'search' && routeJobs(exchange, path.slice(1))) || routeInfo(exchange);
  if (!done) sendMessages(exchange, 404, [{ type: 'ERROR', text: 'Not Found' }]);
}

function login(exchange: Omit<Exchange, 'user'>, request: IncomingMessage): undefined {
  const { state, params } = exchange;
  const { username = '', password = '' } = params;
  if (state.settings.users.get(username)?.password !== password)
    return sendMessages(exchange, 401, [MESSAGES.loginFailed]);
  const key = newSession(state, username);
  const cookie = `splunkd_${request.socket.localPort ?? 0}=${key}; Path=/; HttpOnly`;
  sendValue(exchange, 200, 'sessionKey', key, params.cookie === '1' ? { 'Set-Cookie': cookie } : {});
}

interface Located {
  readonly path: readonly string[];
  readonly base: string;
  readonly app: string;
}

function locate(pathname: string): Located | null {
  const base = pathname.replace(/\/+$/, '');
  const match = /^\/(?:services|servicesNS\/[^/]+\/([^/]+))\/(.+)$/.exec(base);
  if (match === null) return null;
  return { path: (match[2] ?? '').split('/'), base, app: match[1] ?? 'search' };
}

function phaseOf(method: string, path: readonly string[]): Phase | null {
  const joined = path.join('/').replace('search/v2/', 'search/');
  if (joined === 'auth/login') return 'login';
  if (joined === 'search/jobs' || joined === 'search/jobs/export')
    return method === 'POST' ? 'create' : 'status';
  if (!joined.startsWith('search/jobs/')) return 'info';
  const part = joined.split('/')[3];
  if (part === undefined) return method === 'DELETE' ? 'control' : 'status';
  if (part === 'control') return 'control';
  return part === 'results' || part === 'events' || part === 'results_preview' ? 'results' : 'info';
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** A parameter that comes twice (`f=a&f=b`) is joined by commas. */
function formOf(body: string): Record<string, string> {
  const form: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(body))
    form[name] = form[name] === undefined ? value : `${form[name]},${value}`;
  return form;
}

function withoutSecrets(params: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, name === 'password' ? '***' : value]),
  );
}
