/** Tallies as they are kept. */
import { canonicalJson } from '../core/hash.ts';
import type { Tallies, Tally } from '../core/measure/tally.ts';

/** The same text for the same content: a source may give groups and buckets in any order. */
export function tallyText(tallies: Tallies): string {
  const members = Object.entries(tallies).map(
    ([key, tally]) => `${JSON.stringify(key)}:${contentText(tally)}`,
  );
  return `{${members.sort().join(',')}}`;
}

const contentText = (tally: Tally): string =>
  tally.sketch === undefined ? JSON.stringify(tally) : canonicalJson(tally);
