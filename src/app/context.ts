/** What the use cases work with: the ports, the set of definitions in force, and a meter of what sources were asked. */
import type { Config } from '../config/model.ts';
import type { KpiDefinition } from '../core/definition/model.ts';
import type { Pseudonyms } from '../core/pseudonym.ts';
import type { Clock } from '../ports/clock.ts';
import type { Connector } from '../ports/connector.ts';
import type { Store } from '../ports/store.ts';

/** The part of pino that the use cases use. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface SourceMeter {
  searches: number;
  failures: number;
  searchSeconds: number;
  lastError: string | null;
  /** `open`: left alone after failures; `half-open`: one call tries whether it answers again. */
  breaker: 'closed' | 'open' | 'half-open';
  /** Reads of the last pass that its budget put off, and that were refused for their size. */
  putOff: number;
  refused: number;
}

/** How patient the loop is with its sources. */
export interface Pace {
  /** After a call's first attempt, within its deadline. */
  readonly retries: number;
  /** Before the first retry; then longer, with jitter. */
  readonly retryAfterMs: number;
  /** Calls in a row that fail before a source is left alone. One that does not answer at all is so at once. */
  readonly breakAfter: number;
  /** How long it is left alone at first; then longer, with jitter. */
  readonly reopenAfterMs: number;
  /** A source that takes longer to describe itself holds up the others no more. */
  readonly probePatienceMs: number;
  /** A pass begins no more reads of slices after this time: they are put off to the next. */
  readonly cycleMs: number;
}

export type Progress = (done: {
  readonly phase: 'collect' | 'evaluate';
  readonly done: number;
  readonly total: number;
}) => void;

export interface LoopContext {
  readonly config: Config;
  readonly definitions: readonly KpiDefinition[];
  readonly store: Store;
  /** By the source's name. */
  readonly connector: (source: string) => Promise<Connector>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly meter: Map<string, SourceMeter>;
  /** Stand for the values of fields that a dataset hides (`withPseudonyms`). */
  readonly pseudonyms?: Pseudonyms;
  readonly progress?: Progress;
  /** Does not ask whether the data is what it seems (`daily.ts`): for data that is made up. */
  readonly trustsData?: boolean;
  /** Default: what is good for a service. */
  readonly pace?: Partial<Pace>;
}
