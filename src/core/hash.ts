/**
 * One hash for definitions, requests and fingerprints: equal content has an equal hash, however its keys were
 * ordered and whichever optional ones were spelled out as undefined.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { Clause9Error } from './errors.ts';

/** JSON text with sorted keys; undefined members are dropped (null in an array), -0 is 0. Throws on what JSON can't hold. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${value.map((item: unknown) => (item === undefined ? 'null' : canonicalJson(item))).join(',')}]`;
  }
  if (typeof value === 'object') return canonicalObject(value);
  throw new Clause9Error(`Can't hash ${String(value)} (${typeof value})`, {
    help: 'A hash covers JSON values only: no NaN, infinity, bigint, function or symbol.',
  });
}

function canonicalObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    // A Map or Set has no own keys: it would hash like {} and hide every change.
    throw new Clause9Error("Can't hash an object that is not plain", {
      help: 'Turn it into a plain object or array first.',
    });
  }
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
}

/** The first 128 bits of the SHA-256 of the canonical JSON, as 32 hex digits. */
export function hashOf(value: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(value)))).slice(0, 32);
}
