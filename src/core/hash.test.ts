import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, hashOf } from './hash.ts';

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
};

describe('a hash covers content, not spelling', () => {
  it('ignores the order of keys at any depth', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(hashOf(reversed(value))).toBe(hashOf(value));
      }),
    );
  });

  it('is of a text that reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it.each([
    [{ a: 1, b: undefined }, { a: 1 }],
    [{ x: -0 }, { x: 0 }],
    [[undefined], [null]],
  ])('takes %j and %j for the same', (a, b) => {
    expect(hashOf(a)).toBe(hashOf(b));
  });

  it.each([
    [{ a: 1 }, { a: '1' }],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: null }, {}],
    [
      [['a'], 'b'],
      ['a', ['b']],
    ],
  ])('tells %j from %j', (a, b) => {
    expect(hashOf(a)).not.toBe(hashOf(b));
  });

  it('is the start of the SHA-256 of the canonical JSON', () => {
    const text = '{"a":["é",1.5],"b":null}';
    expect(hashOf({ b: null, a: ['é', 1.5] })).toBe(
      createHash('sha256').update(text).digest('hex').slice(0, 32),
    );
  });

  it.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1n,
    () => 1,
    Symbol('s'),
    new Map([['a', 1]]),
    new Set([1]),
  ])('refuses what JSON would lose: %s', (value) => {
    expect(() => hashOf({ value })).toThrow(/Can't hash/);
  });
});
