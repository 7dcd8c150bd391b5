/** "Did you mean": the known word that a mistyped one is nearest to. */
import { closest, distance } from 'fastest-levenshtein';

/** A help sentence naming the nearest candidate; undefined where none is near enough to be meant. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0 || word.length > 100) return undefined;
  const lower = word.toLowerCase();
  const nearest = closest(lower, candidates);
  const limit = Math.max(1, Math.floor(Math.min(word.length, nearest.length) / 3) + 1);
  return distance(lower, nearest.toLowerCase()) <= limit ? `Did you mean \`${nearest}\`?` : undefined;
}
