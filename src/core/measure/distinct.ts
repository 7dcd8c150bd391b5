/**
 * How many different values: exact up to a limit, an estimate with a stated error beyond it. Merging sets whose
 * limit is the same gives what one set of all their texts would be, in any order.
 */
import {
  addRegisters,
  addText,
  decodeRegisters,
  emptyRegisters,
  encodeRegisters,
  estimate,
  HLL_STANDARD_ERROR,
  type Registers,
} from './hyperloglog.ts';
import type { DistinctSet } from './tally.ts';

/** Texts kept exactly where nobody says otherwise. */
export const MAX_DISTINCT = 10_000;

/** The set of these canonical texts; repeated ones count once. */
export function distinctOf(texts: Iterable<string>, limit: number = MAX_DISTINCT): DistinctSet {
  return ofUnique(texts instanceof Set ? texts : new Set(texts), limit);
}

function ofUnique(texts: ReadonlySet<string>, limit: number): DistinctSet {
  if (texts.size <= limit) return { exact: [...texts].sort() };
  const registers = emptyRegisters();
  for (const text of texts) addText(registers, text);
  return { hll: encodeRegisters(registers) };
}

/** The set of all their texts: exact where all are and no more than the limit come together. */
export function mergeDistinct(sets: readonly DistinctSet[], limit: number = MAX_DISTINCT): DistinctSet {
  const texts = new Set<string>();
  let registers: Registers | null = null;
  for (const set of sets) {
    if ('exact' in set) {
      for (const text of set.exact) texts.add(text);
    } else if (registers === null) {
      registers = decodeRegisters(set.hll);
    } else {
      addRegisters(registers, decodeRegisters(set.hll));
    }
  }
  if (registers === null) return ofUnique(texts, limit);
  for (const text of texts) addText(registers, text);
  return { hll: encodeRegisters(registers) };
}

/** The number of texts, rounded to a whole one; with the relative standard error where it is estimated. */
export function distinctCount(set: DistinctSet): { value: number; relativeError?: number } {
  if ('exact' in set) return { value: set.exact.length };
  return { value: Math.round(estimate(decodeRegisters(set.hll))), relativeError: HLL_STANDARD_ERROR };
}
