/** Reading what a server answered: a value of another kind than promised is an error, never a default. */
import { ConnectorError } from '../../../src/core/errors.ts';

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value behind a path of keys; undefined where there is none. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (!isObject(found) || !Object.hasOwn(found, key)) return undefined;
    found = found[key];
  }
  return found;
}

export function objectAt(value: unknown, ...path: readonly string[]): Json {
  const found = at(value, ...path);
  return isObject(found) ? found : unexpected(path, 'an object');
}

export function numberAt(value: unknown, ...path: readonly string[]): number {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : unexpected(path, 'a number');
}

export function numberOrNullAt(value: unknown, ...path: readonly string[]): number | null {
  return at(value, ...path) === null ? null : numberAt(value, ...path);
}

export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : unexpected(path, 'a text');
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : unexpected(path, 'a list');
}

export function textsAt(value: unknown, ...path: readonly string[]): readonly string[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found.filter((item) => typeof item === 'string') : [];
}

function unexpected(path: readonly string[], kind: string): never {
  throw new ConnectorError(`The answer has no ${kind.replace(/^an? /, '')} at "${path.join('.')}"`, {
    retryable: true,
    help: 'Something between clause9 and the server changed or cut the answer: check proxies.',
  });
}
