/**
 * A faithful splunkd for tests: a management port on loopback with real searches over real events, roles, quotas, job
 * states, and every known fault on demand. What it knows, and what it only guesses, stands in README.md.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { makeCertificate } from './certificate.ts';
import {
  answerInstead,
  type Exchange,
  placeOf,
  sender,
  sendMessages,
  sendValue,
  takeAnswer,
} from './exchange.ts';
import { createFaults, type Faults, type Phase } from './faults.ts';
import type { DispatchState, Lifecycle } from './jobs.ts';
import { stateOf } from './jobs.ts';
import { MESSAGES } from './messages.ts';
import { DEFAULT_DIALECT, type Dialect, type Role, type SplunkEvent, USER_ROLE, type User } from './model.ts';
import { MAX_RESULT_ROWS } from './results.ts';
import { routeInfo } from './routes-info.ts';
import { routeJobs } from './routes-jobs.ts';
import type { DataModel, LookupRows } from './spl/environment.ts';
import {
  authenticate,
  type LoggedRequest,
  liveJobs,
  newSession,
  type Settings,
  type State,
  type Token,
} from './state.ts';
import { createStore, extractJson } from './store.ts';

export { type Effect, FAULTS, type FaultName, type FaultOptions, type Faults } from './faults.ts';
export type { Lifecycle, Step } from './jobs.ts';
export {
  DEFAULT_DIALECT,
  type Dialect,
  type FieldText,
  type Role,
  type SplunkEvent,
  USER_ROLE,
} from './model.ts';

export interface SplunkdOptions {
  /** true: over TLS with a CA of its own; default plain HTTP. */
  readonly tls?: boolean;
  readonly version?: string;
  readonly serverName?: string;
  readonly guid?: string;
  /** Search peers, between which events are dealt out; they are named in searchProviders. */
  readonly peers?: readonly string[];
  /** By name. Default: admin (changeme), role admin. */
  readonly users?: Readonly<Record<string, Partial<User>>>;
  readonly roles?: Readonly<Record<string, Partial<Role>>>;
  readonly tokens?: Readonly<Record<string, Token>>;
  readonly macros?: Readonly<
    Record<string, string | { readonly args: readonly string[]; readonly definition: string }>
  >;
  readonly lookups?: Readonly<Record<string, LookupRows>>;
  readonly dataModels?: Readonly<Record<string, DataModel>>;
  readonly eventTypes?: Readonly<Record<string, string>>;
  /** Beside _time, _indextime, index, host, source, sourcetype. */
  readonly indexedFields?: readonly string[];
  readonly lifecycle?: Lifecycle;
  readonly dialect?: Partial<Dialect>;
  /** Milliseconds; default the real clock. */
  readonly nowMs?: () => number;
  readonly honoursPartial?: boolean;
  readonly v1Results?: boolean;
  readonly maxResultRows?: number;
  readonly subsearchMaxout?: number;
  readonly appendMaxout?: number;
  readonly sessionMs?: number;
  readonly diskUsageOf?: (rows: number) => number;
}

export interface JobView {
  readonly sid: string;
  readonly user: string;
  readonly search: string;
  readonly state: DispatchState | 'not-ready';
}

/** A JSON event as it would be sent in: fields are extracted as Splunk does. */
export interface JsonEvent extends Omit<SplunkEvent, 'fields'> {
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Splunkd {
  readonly url: string;
  /** PEM of the authority that signed its certificate; null over plain HTTP. */
  readonly ca: string | null;
  readonly addEvents: (index: string, events: readonly SplunkEvent[]) => void;
  readonly addJson: (index: string, events: readonly JsonEvent[]) => void;
  /** Of one index, which stays, or all with their indexes. */
  readonly clear: (index?: string) => void;
  readonly faults: Faults;
  /** Jobs that are still there. */
  readonly jobs: () => readonly JobView[];
  readonly requests: readonly LoggedRequest[];
  readonly searches: readonly string[];
  /** From now on. */
  readonly setRole: (name: string, role: Partial<Role>) => void;
  readonly setToken: (token: string, value: Token | null) => void;
  readonly setLookup: (name: string, rows: LookupRows) => void;
  /** Session keys are forgotten: 401 for who has one. */
  readonly expireSessions: () => void;
  readonly stop: () => Promise<void>;
}

const INDEXED = [
  '_time',
  '_indextime',
  'index',
  'host',
  'source',
  'sourcetype',
  'splunk_server',
  'linecount',
];
const ADMIN_ROLE: Role = {
  ...USER_ROLE,
  srchIndexesAllowed: ['*', '_*'],
  srchJobsQuota: 50,
  srchDiskQuota: 10_000,
  capabilities: [...USER_ROLE.capabilities, 'admin_all_objects', 'list_search_head_clustering', 'edit_roles'],
};

export async function startSplunkd(options: SplunkdOptions = {}): Promise<Splunkd> {
  const settings = settingsOf(options);
  const store = createStore(
    settings.peers.length > 0 ? settings.peers : [settings.serverName],
    () => settings.nowMs() / 1000,
  );
  const state: State = {
    settings,
    store,
    faults: createFaults(),
    sessions: new Map(),
    jobs: new Map(),
    requests: [],
    searches: [],
    serial: 0,
    lastSid: null,
  };
  const certificate = options.tls === true ? makeCertificate() : null;
  const listener: RequestListener = (request, response) => {
    handle(state, certificate !== null, request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  };
  const server = certificate === null ? createServer(listener) : createTlsServer(certificate, listener);
  const port = await listen(server);
  const lookups = settings.knowledge.lookups;
  return {
    url: `${certificate === null ? 'http' : 'https'}://127.0.0.1:${port}`,
    ca: certificate?.ca ?? null,
    addEvents: store.add,
    addJson: (index, events) =>
      store.add(
        index,
        events.map(({ json, ...rest }) => ({
          _raw: JSON.stringify(json),
          ...rest,
          fields: extractJson(json),
        })),
      ),
    clear: store.clear,
    faults: state.faults,
    jobs: () =>
      liveJobs(state).map((job) => ({
        sid: job.sid,
        user: job.user,
        search: job.search,
        state: stateOf(job, settings.lifecycle, settings.nowMs()),
      })),
    requests: state.requests,
    searches: state.searches,
    setRole: (name, role) =>
      settings.roles.set(name, { ...(settings.roles.get(name) ?? USER_ROLE), ...role }),
    setToken: (token, value) =>
      value === null ? settings.tokens.delete(token) : settings.tokens.set(token, value),
    setLookup: (name, rows) => {
      if (lookups instanceof Map) lookups.set(name, rows);
    },
    expireSessions: () => state.sessions.clear(),
    stop: () => stop(server),
  };
}

function settingsOf(options: SplunkdOptions): Settings {
  const users = Object.entries(options.users ?? { admin: {} });
  const macros = Object.entries(options.macros ?? {});
  const nowMs = options.nowMs ?? (() => Date.now());
  return {
    version: options.version ?? '9.3.1',
    build: '0b8d769cb912',
    guid: options.guid ?? 'E216546D-B3D6-4A21-9BB6-B4EA28F4EE87',
    serverName: options.serverName ?? 'sh1',
    peers: options.peers ?? ['idx1', 'idx2'],
    users: new Map(
      users.map(([name, user]) => [
        name,
        { password: 'changeme', roles: ['admin'], timeZone: 'UTC', ...user },
      ]),
    ),
    roles: new Map([
      ['admin', ADMIN_ROLE],
      ['user', USER_ROLE],
      ...Object.entries(options.roles ?? {}).map(([name, role]): [string, Role] => [
        name,
        { ...USER_ROLE, ...role },
      ]),
    ]),
    tokens: new Map(Object.entries(options.tokens ?? {})),
    macros: new Map(
      macros.map(([name, macro]) => [
        name,
        typeof macro === 'string' ? { args: [], definition: macro } : macro,
      ]),
    ),
    lifecycle: options.lifecycle ?? { steps: [] },
    nowMs,
    knowledge: {
      dialect: { ...DEFAULT_DIALECT, ...options.dialect },
      eventTypes: new Map(Object.entries(options.eventTypes ?? {})),
      dataModels: new Map(Object.entries(options.dataModels ?? {})),
      lookups: new Map(Object.entries(options.lookups ?? {})),
      indexedFields: new Set([...INDEXED, ...(options.indexedFields ?? [])]),
      subsearchMaxout: options.subsearchMaxout ?? 10_000,
      appendMaxout: options.appendMaxout ?? 50_000,
    },
    sessionMs: options.sessionMs ?? 3_600_000,
    honoursPartial: options.honoursPartial ?? true,
    v1Results: options.v1Results ?? true,
    maxResultRows: options.maxResultRows ?? MAX_RESULT_ROWS,
    diskUsageOf: options.diskUsageOf ?? ((rows) => 24_576 + 64 * rows),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function handle(
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
