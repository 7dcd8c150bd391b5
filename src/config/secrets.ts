/** Secrets stand in the configuration by reference only: `{env: NAME}` or `{file: PATH}`, read when they are used. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';

/** For connectors' own schemas: where a password or token comes from. */
export const secretRef = z
  .union([
    z.strictObject({ env: z.string().min(1).describe('Name of the environment variable that holds it.') }),
    z.strictObject({ file: z.string().min(1).describe('File that holds it, and nothing else.') }),
  ])
  .describe(
    'A secret by reference: {env: NAME} or {file: PATH}. The secret itself never stands in the configuration.',
  );

export type SecretRef = z.infer<typeof secretRef>;

/**
 * The secret itself, without the line break at its end; relative files start at `folder`. Keep it out of logs,
 * evidence and messages. Throws `ConfigError`, which names the reference and never the secret.
 */
export function resolveSecret(
  ref: SecretRef,
  folder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  if ('env' in ref) {
    const value = env[ref.env];
    if (value !== undefined && value !== '') return value;
    throw new ConfigError(`the environment variable ${ref.env} is not set`, {
      help: `Set ${ref.env} where clause9 runs.`,
    });
  }
  const path = resolve(folder, ref.file);
  const value = readSecretFile(path);
  if (value !== '') return value;
  throw new ConfigError(`the secret file ${path} is empty`, {
    where: path,
    help: 'Write the secret into it.',
  });
}

function readSecretFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new ConfigError(`the secret file ${path} can't be read`, {
      where: path,
      help: 'Check its path and its permissions.',
      cause,
    });
  }
}
