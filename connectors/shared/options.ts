/** Options that sources have in common, and how a connector reads its own from clause9.yaml. */
import { z } from 'zod';
import { secretRef } from '../../src/config/secrets.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { parseDuration } from '../../src/core/time/interval.ts';

/** What stands in it would be shown in messages and links. */
export const httpUrl = z
  .url({ protocol: /^https?$/, error: 'write an http or https URL' })
  .refine((text) => !URL.canParse(text) || (new URL(text).username === '' && new URL(text).password === ''), {
    message: 'must hold no user or password: use `auth`',
  });

const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/;

/** A secret never goes over a wire that others read. */
export function isPrivate(url: string): boolean {
  return url.startsWith('https:') || LOOPBACK.test(url);
}

export const NOT_PRIVATE = 'must begin with https: a password or token would be readable on its way';

export const basicAuth = z.strictObject({
  username: z.string().min(1).describe('Name of the account.'),
  password: secretRef,
});

export const duration = (description: string, otherwise: string) =>
  z
    .string()
    .refine((text) => (parseDuration(text) ?? 0) > 0, { message: 'must be a duration such as 30s or 10m' })
    .default(otherwise)
    .describe(description);

/** A source's or dataset's own keys. Throws `ConfigError`. */
export function parsedOptions<T>(
  schema: z.ZodType<T>,
  what: 'source' | 'dataset',
  { name, options }: { readonly name: string; readonly options: unknown },
): T {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`The ${what} "${name}" is not valid`, { where: name, cause: parsed.error });
}
