/**
 * A faithful splunkd for tests: a management port on loopback with real searches over real events, roles, quotas, job
 * states, and every known fault on demand. What it knows, and what it only guesses, stands in README.md.
 */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { makeCertificate } from './certificate.ts';
import { createFaults, type Faults } from './faults.ts';
import type { DispatchState } from './jobs.ts';
import { stateOf } from './jobs.ts';
import { type Role, type SplunkEvent, USER_ROLE } from './model.ts';
import { handle, listen, stop } from './serve.ts';
import { type SplunkdOptions, settingsOf } from './settings.ts';
import type { LookupRows } from './spl/environment.ts';
import { type LoggedRequest, liveJobs, type State, type Token } from './state.ts';
import { createStore, extractJson } from './store.ts';

export { FAULTS, type FaultName } from './catalogue.ts';
export type { Faults } from './faults.ts';
export type { Role, SplunkEvent } from './model.ts';
export type { SplunkdOptions } from './settings.ts';

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
