/** "Did you mean": finds the known name that a misspelt one most likely stands for. */
import { distance } from 'fastest-levenshtein';

/** The nearest known name within few edits (1 for a word of up to 3 letters, else 2 or 3), or null. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const limit = word.length <= 3 ? 1 : word.length <= 9 ? 2 : 3;
  return within(word, known, limit);
}

/** The nearest other name at most `limit` edits away, upper and lower case aside, or null. */
export function within(word: string, known: Iterable<string>, limit: number): string | null {
  let best: string | null = null;
  let bestEdits = limit + 1;
  // A longer word is no slip of the keyboard, and comparing it would take long.
  if (word.length > 100) return null;
  for (const name of known) {
    const edits = distance(word.toLowerCase(), name.toLowerCase());
    if (edits < bestEdits && name !== word) {
      best = name;
      bestEdits = edits;
    }
  }
  return best;
}

/** A sentence: the likely name, else the known ones, else `otherwise`. */
export function suggest(word: string, known: Iterable<string>, otherwise = ''): string {
  const names = [...known];
  const near = nearest(word, names);
  if (near !== null) return `Did you mean \`${near}\`?`;
  if (names.length > 0 && names.length <= 12) return `Known here: ${names.join(', ')}.`;
  return otherwise;
}
