/** Certificates as a person names them in a source, read from their files: of whom to trust, and of ourselves. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { resolveSecret, secretRef } from '../../src/config/secrets.ts';
import { ConfigError } from '../../src/core/errors.ts';

export const tlsOptions = z
  .strictObject({
    ca: z.string().min(1).optional().describe('File (PEM) of the authority that signed its certificate.'),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe('The name in its certificate, where the URL has another.'),
    certificate: z.string().min(1).optional().describe("File (PEM) of clause9's own certificate."),
    key: z.string().min(1).optional().describe("File (PEM) of that certificate's key."),
    passphrase: secretRef.optional(),
  })
  .default({})
  .describe('Certificates are always verified.');

export interface Tls {
  /** Always: there is no option to trust whoever answers. */
  readonly rejectUnauthorized: true;
  readonly servername?: string;
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly passphrase?: string;
}

export function tlsOf(options: z.infer<typeof tlsOptions>, folder: string): Tls {
  const { ca, serverName, certificate, key, passphrase } = options;
  return {
    rejectUnauthorized: true,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(ca === undefined ? {} : { ca: fileOf(ca, folder, 'ca') }),
    ...(certificate === undefined ? {} : { cert: fileOf(certificate, folder, 'certificate') }),
    ...(key === undefined ? {} : { key: fileOf(key, folder, 'key') }),
    ...(passphrase === undefined ? {} : { passphrase: resolveSecret(passphrase, folder) }),
  };
}

function fileOf(path: string, folder: string, option: string): Buffer {
  const full = resolve(folder, path);
  try {
    return readFileSync(full);
  } catch (cause) {
    throw new ConfigError(`the file ${full} of \`tls.${option}\` can't be read`, {
      where: full,
      cause,
      help: 'Check its path and its permissions.',
    });
  }
}
