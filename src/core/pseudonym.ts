/**
 * Pseudonyms: keyed hashes that stand for personal data in what is stored. The same text has the same pseudonym under
 * one key, so that groups, distinct counts and joins stay right; without the key nobody can tell or try out the text.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { FieldValue, Scalar } from './filter/model.ts';
import { canonicalText } from './filter/value.ts';
import { NO_VALUE } from './measure/fold.ts';
import { NO_GROUP, OVERFLOW, type Tallies, type Tally } from './measure/tally.ts';

/** The pseudonym of a text. */
export type Pseudonyms = (text: string) => string;

/** HMAC-SHA-256 (RFC 2104), the first 128 bits in hexadecimal. */
export function pseudonymsBy(key: string): Pseudonyms {
  const secret = utf8ToBytes(key);
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text) ?? bytesToHex(hmac(sha256, secret, utf8ToBytes(text))).slice(0, 32);
    // Bounded: a stream of ever new names must not fill the memory.
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(text, found);
    return found;
  };
}

const MAX_KNOWN = 100_000;

/** A field's value under pseudonyms; what has no value has none. */
export function pseudonymous(value: FieldValue, pseudonyms: Pseudonyms): FieldValue {
  const one = (item: Scalar | null) => (item === null ? null : pseudonyms(canonicalText(item)));
  if (value === null || value === undefined) return value;
  return typeof value === 'object' ? value.map(one) : one(value);
}

/**
 * A slice's tallies with pseudonyms for the values of some group fields, and for distinct texts. Distinct texts that
 * the source gave as an estimate have no pseudonyms: then there are too many.
 */
export function pseudonymousTallies(
  tallies: Tallies,
  groupBy: readonly string[],
  { groups, distinct }: { readonly groups: ReadonlySet<string>; readonly distinct: boolean },
  pseudonyms: Pseudonyms,
): Tallies {
  const isHidden = groupBy.map((field) => groups.has(field));
  if (!distinct && !isHidden.includes(true)) return tallies;
  const entries = Object.entries(tallies);
  if (distinct && entries.some(([, tally]) => tally.distinct !== undefined && 'hll' in tally.distinct)) {
    return { [OVERFLOW]: { n: 0 } };
  }
  const keyOf = (key: string): string => {
    const texts: unknown = key === NO_GROUP || key === OVERFLOW ? null : JSON.parse(key);
    if (!Array.isArray(texts)) return key;
    return JSON.stringify(
      texts.map((text, index) =>
        isHidden[index] === true && text !== NO_VALUE ? pseudonyms(String(text)) : text,
      ),
    );
  };
  const tallyOf = (tally: Tally): Tally =>
    distinct && tally.distinct !== undefined && 'exact' in tally.distinct
      ? { ...tally, distinct: { exact: tally.distinct.exact.map(pseudonyms).sort() } }
      : tally;
  return Object.fromEntries(entries.map(([key, tally]) => [keyOf(key), tallyOf(tally)]));
}
