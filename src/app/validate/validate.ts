/** `clause9 validate`: every problem of a configuration and all its definitions at once, each with its place. */
import { resolve } from 'node:path';
import { type LoadedDefinition, loadDefinitions } from '../../config/definitions.ts';
import { loadConfig } from '../../config/load.ts';
import { type LocatedProblem, located, sortProblems } from '../../config/located.ts';
import type { Config } from '../../config/model.ts';
import { hasErrors } from '../../core/definition/problem.ts';
import { lacksForIso27001 } from '../../core/definition/profile.ts';
import type { ConnectorType } from '../../ports/connector.ts';
import { checkSet, type NotConfigured } from './check-set.ts';
import { type Output, reportValidation } from './report.ts';

export interface ValidateOptions {
  /** The configuration file; without it only the definitions themselves are checked. */
  readonly configPath?: string | undefined;
  /** Files and folders of definitions beside those that the configuration names. */
  readonly files?: readonly string[];
  readonly connectorTypes: readonly ConnectorType[];
  /** `iso27001` adds what clause 9.1 a–f still lacks. */
  readonly profile?: 'iso27001' | undefined;
}

export interface Validation {
  /** Null where it was not asked for or has an error. */
  readonly config: Config | null;
  /** Those without errors. */
  readonly definitions: readonly LoadedDefinition[];
  readonly notConfigured: readonly NotConfigured[];
  /** Sorted by place. */
  readonly problems: readonly LocatedProblem[];
  /** Every file that was read: what to watch for changes. */
  readonly files: readonly string[];
  /** The configuration could not be read at all. */
  readonly unreadable: boolean;
}

export async function validate(options: ValidateOptions): Promise<Validation> {
  const loadedConfig =
    options.configPath === undefined ? null : loadConfig(options.configPath, options.connectorTypes);
  const config = loadedConfig?.config ?? null;
  const places = [
    ...(loadedConfig?.definitions ?? []),
    ...(options.files ?? []).map((file) => resolve(file)),
  ];
  const loaded = await loadDefinitions(places);
  const checked = checkSet(loaded, config);
  const lacking = options.profile === 'iso27001' ? loaded.definitions.flatMap(profileOf) : [];
  return {
    config,
    definitions: loaded.definitions,
    notConfigured: checked.notConfigured,
    problems: sortProblems([
      ...(loadedConfig?.problems ?? []),
      ...loaded.problems,
      ...checked.problems,
      ...lacking,
    ]),
    files: [
      ...(options.configPath === undefined ? [] : [resolve(options.configPath)]),
      ...(loadedConfig?.files ?? []),
      ...loaded.files,
    ],
    unreadable: loadedConfig?.unreadable ?? false,
  };
}

function profileOf({ definition, locate }: LoadedDefinition): LocatedProblem[] {
  if (definition.status === 'retired') return [];
  return lacksForIso27001(definition).map((problem) => located(problem, locate(problem)));
}

export interface RunOptions extends ValidateOptions {
  readonly output?: Output;
  /** Paths inside this folder are shown relative to it. */
  readonly cwd: string;
  /** Colour the text, for a terminal. */
  readonly color?: boolean;
}

/** The report and the exit code: 0 no errors, 1 errors, 2 the configuration can't be read or nothing was named. Never throws. */
export async function runValidate(
  options: RunOptions,
): Promise<{ readonly text: string; readonly exitCode: 0 | 1 | 2 }> {
  if (options.configPath === undefined && (options.files ?? []).length === 0) {
    return {
      text: 'Nothing to validate.\n  Name a configuration (--config) or files of definitions.',
      exitCode: 2,
    };
  }
  try {
    const validation = await validate(options);
    const text = reportValidation(validation, options.output ?? 'text', options.cwd, options.color ?? false);
    if (validation.unreadable) return { text, exitCode: 2 };
    return { text, exitCode: hasErrors(validation.problems) ? 1 : 0 };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return {
      text: `clause9 validate stopped: ${reason}\n  This is a fault of clause9 itself; please report it.`,
      exitCode: 2,
    };
  }
}
