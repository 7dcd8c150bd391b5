/**
 * The running service apart from its adapters: when to run a pass, when to reload, what to say of itself. An alarm
 * clock only says *wake up*; what is due follows from the store.
 */
import type { Instant } from '../core/time/interval.ts';
import type { Clock } from '../ports/clock.ts';
import type { Standing } from './collect/due.ts';
import type { Logger, SourceMeter } from './context.ts';
import type { Control, Health } from './read-model.ts';
import type { ActiveSet } from './views.ts';

export type WorkerRequest = 'load' | 'pass' | 'stop';

/** What the loop's thread answers to `load`; later passes are by the set that was loaded last without an error. */
export type LoadAnswer =
  | { readonly ok: true; readonly set: ActiveSet; readonly files: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] };

export interface PassAnswer {
  readonly start: Instant;
  readonly durationMs: number;
  readonly error: string | null;
  /** Slices that were wanted and could not be had; null: not known. */
  readonly missingSlices: number | null;
  /** The pass left reads to the next for want of time: it may begin at once. */
  readonly goesOn: boolean;
  readonly standings: readonly Standing[];
  readonly meter: readonly (readonly [string, SourceMeter])[];
}

/** Where definitions are loaded and passes are run: a worker thread. */
export interface LoopThread {
  load(): Promise<LoadAnswer>;
  pass(): Promise<PassAnswer>;
  stop(): Promise<void>;
}

export interface ServiceDeps {
  readonly first: ActiveSet;
  readonly thread: LoopThread;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
}

export interface Service extends Control {
  active(): ActiveSet;
  /** Runs a pass unless one is under way; then the next one follows it. */
  wake(): Promise<void>;
  stop(): Promise<void>;
}

export function createService({ first, thread, clock, log, version }: ServiceDeps): Service {
  let set = first;
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  let last: PassAnswer | null = null;
  let lastSuccess: Instant | null = null;
  let lastReload: Health['lastReload'] = null;

  const pass = async (): Promise<void> => {
    do {
      again = false;
      last = await thread.pass();
      if (last.error === null) lastSuccess = clock.now();
      else log.error({}, `the cycle failed, the next one begins anew: ${last.error}`);
    } while ((again || last.goesOn) && !stopped);
  };

  return {
    active: () => set,
    async wake() {
      if (stopped) return;
      if (running !== null) {
        again = true;
        return running;
      }
      running = pass().finally(() => {
        running = null;
      });
      return running;
    },
    async reload() {
      const answer = await thread.load();
      const problems = answer.ok ? [] : answer.problems;
      lastReload = { at: clock.now(), ok: answer.ok, problems };
      if (answer.ok) {
        ({ set } = answer);
        log.info({ definitions: set.definitions.length }, 'reloaded');
      } else log.error({ problems }, 'the new set is in error: the one before stays in force');
      return { ok: answer.ok, problems };
    },
    health: () => ({
      ready: !stopped,
      waitingFor: stopped ? 'clause9 is stopping' : null,
      version,
      definitions: set.definitions.length,
      lastCycle: last === null ? null : { start: last.start, durationMs: last.durationMs, error: last.error },
      lastSuccess,
      lastReload,
      sources: (last?.meter ?? []).map(([name, meter]) => ({ name, ...meter })),
      missingSlices: last?.missingSlices ?? 0,
      datasets: last?.standings ?? [],
    }),
    async stop() {
      stopped = true;
      await thread.stop();
      await running;
    },
  };
}
