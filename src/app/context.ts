/** What the use cases work with: the ports, the set of definitions in force, and a meter of what sources were asked. */
import type { Config } from '../config/model.ts';
import type { KpiDefinition } from '../core/definition/model.ts';
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
  readonly progress?: Progress;
}
