import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../core/errors.ts';
import { resolveSecret, secretRef } from './secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'clause9-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a secret', () => {
  it('comes from the environment', () => {
    expect(resolveSecret({ env: 'API_KEY' }, folder, { API_KEY: 's3cret' })).toBe('s3cret');
  });

  it('comes from a file, relative to the configuration, without the line break at its end', () => {
    writeFileSync(join(folder, 'key'), 's3cret \r\n');
    expect(resolveSecret({ file: 'key' }, folder)).toBe('s3cret ');
  });

  it('never stands in the configuration itself', () => {
    expect(secretRef.safeParse('s3cret').success).toBe(false);
    expect(secretRef.safeParse({ env: 'A', file: 'b' }).success).toBe(false);
  });

  it('that is missing or empty is an error that names the reference', () => {
    writeFileSync(join(folder, 'empty'), '\n');
    const missing = [{ env: 'NONE' }, { file: 'none' }, { file: 'empty' }] as const;
    for (const ref of missing) expect(() => resolveSecret(ref, folder, {})).toThrow(ConfigError);
    expect(() => resolveSecret({ env: 'NONE' }, folder, {})).toThrow(
      'the environment variable NONE is not set',
    );
  });
});
