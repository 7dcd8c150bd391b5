/** How most commands read what follows their name: words, `key=value`, quotes. */
import { bareName } from './stats.ts';
import { SplError } from './value.ts';

export interface Words {
  readonly options: ReadonlyMap<string, string>;
  readonly words: readonly string[];
}

const WORD = /([A-Za-z_][\w.]*)\s*=\s*("(?:\\.|[^"\\])*"|[^\s,]+)|"(?:\\.|[^"\\])*"|'[^']*'|[^\s,]+/g;

/** Only the names in `keys` are options; another `a=b` is a word. */
export function readWords(text: string, keys: readonly string[]): Words {
  const options = new Map<string, string>();
  const words: string[] = [];
  for (const match of text.matchAll(WORD)) {
    const key = match[1]?.toLowerCase();
    if (key !== undefined && keys.includes(key)) options.set(key, bareName(match[2] ?? ''));
    else words.push(bareName(match[0]));
  }
  return { options, words };
}

export function failure(command: string, text: string): SplError {
  return new SplError('failure', `Error in '${command}' command: ${text}`);
}

export function isYes(text: string | undefined): boolean {
  return text !== undefined && /^(t|true|1|yes)$/i.test(text);
}
