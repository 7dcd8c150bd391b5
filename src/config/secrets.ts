/**
 * Secrets stand in the configuration by reference only: `{env: NAME}` or `{file: PATH}`, read when they are used. Each
 * that was read is known from then on, so that no text that comes from elsewhere can carry it into logs or the store.
 */
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

/** Shorter ones would blot out ordinary words. */
const SHORTEST = 4;
/** What is never shown, the longest first: one may be part of another. */
let known: readonly string[] = [];

/** As it is, as it stands in a form or a path, and as it stands in JSON. */
const formsOf = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret),
  new URLSearchParams({ '': secret }).toString().slice(1),
  JSON.stringify(secret).slice(1, -1),
];

/** From now on it is concealed; for what is made of a secret, or got by one. Gives it back. */
export function keepSecret(secret: string): string {
  if (secret.length >= SHORTEST && !known.includes(secret))
    known = [...new Set([...known, ...formsOf(secret)])].sort((a, b) => b.length - a.length);
  return secret;
}

/** For one that is used no more. */
export function forgetSecret(secret: string): void {
  const gone = new Set(formsOf(secret));
  known = known.filter((one) => !gone.has(one));
}

/** The text without any secret that was read so far: for what a server, a proxy or a library says. Cut it after this. */
export function concealSecrets(text: string): string {
  return known.reduce((rest, secret) => rest.replaceAll(secret, '•••'), text);
}

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
    if (value !== undefined && value !== '') return keepSecret(value);
    throw new ConfigError(`the environment variable ${ref.env} is not set`, {
      help: `Set ${ref.env} where clause9 runs.`,
    });
  }
  const path = resolve(folder, ref.file);
  const value = readSecretFile(path);
  if (value !== '') return keepSecret(value);
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
