/** Loads the set that is to be in force: a configuration with all its definitions, or every problem in it. */
import { connectorTypes } from '../connectors/index.ts';
import { validate } from './app/validate/validate.ts';
import type { ActiveSet } from './app/views.ts';
import { hasErrors } from './core/definition/problem.ts';
import { ConfigError } from './core/errors.ts';

export interface LoadedSet extends ActiveSet {
  /** Every file that was read: what to watch for changes. */
  readonly files: readonly string[];
}

/** Throws `ConfigError` with every error as a line `file:line:column: message. help`. */
export async function loadSet(configPath: string): Promise<LoadedSet> {
  const { config, definitions, files, problems } = await validate({ configPath, connectorTypes });
  if (config === null || hasErrors(problems)) {
    const errors = problems.filter((problem) => problem.severity === 'error');
    const lines = errors.map(({ file, line, column, message, help }) =>
      [`${file}:${line}:${column}: ${message}`, help].filter((part) => part !== undefined).join('. '),
    );
    throw new ConfigError(lines.join('\n'));
  }
  return { config, definitions: definitions.map((one) => one.definition), files };
}
