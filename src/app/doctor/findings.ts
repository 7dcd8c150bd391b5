/** What doctor tells of a source: findings, and what each part of the diagnosis works with. */
import type { Dataset } from '../../config/model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import { Clause9Error } from '../../core/errors.ts';
import type { Connector, Probe } from '../../ports/connector.ts';
import { sentence } from '../ask/ask.ts';

export type Check =
  | 'reachable'
  | 'rights'
  | 'clock'
  | 'time'
  | 'field'
  | 'literal'
  | 'filter'
  | 'retention'
  | 'newest'
  | 'lag'
  | 'twice'
  | 'data';

export interface Finding {
  /** `error`: numbers from it are wrong or unknown. `warning`: a person should look. */
  readonly level: 'ok' | 'warning' | 'error';
  readonly check: Check;
  readonly text: string;
}

export interface Examined {
  readonly dataset: Dataset;
  readonly definitions: readonly KpiDefinition[];
  readonly now: number;
  readonly probe: Probe;
  /** Asks the dataset's source. */
  readonly ask: <T>(call: (connector: Connector, signal: AbortSignal) => Promise<T>) => Promise<T>;
}

/** What a source, or a configuration that names no usable one, says for itself; anything else is a fault of ours. */
export function toldBy(error: unknown): string {
  if (error instanceof Clause9Error) return sentence(error);
  throw error;
}
