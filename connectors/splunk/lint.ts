/**
 * Looks at SPL that a person wrote, before it is sent: what would move the range of time, or leave events out without
 * a word, is refused. No parser: quotes, brackets and pipes, and the word that each command begins with.
 */
import { words } from './spl.ts';

/** Commands that take each event by itself. */
const STREAMING = words(
  'search where eval rex regex rename fields lookup spath extract kv fillnull replace makemv xmlkv tags strcat',
  'iplocation convert addinfo xpath',
);

/** Commands that sum up all that they get. */
const REPORTING = words(
  'stats eventstats streamstats table bin bucket appendpipe tstats makeresults addtotals untable xyseries mstats',
  'sistats transpose rangemap dedup inputlookup',
);

const TRUNCATING: Readonly<Record<string, string>> = {
  head: 'keeps only the first results',
  tail: 'keeps only the last results',
  top: 'keeps only the most frequent values',
  rare: 'keeps only the rarest values',
  sort: 'keeps only 10000 results, unless it is `sort 0`',
  join: 'reads at most 50000 rows of its subsearch',
  append: 'reads at most 50000 rows of its subsearch',
  appendcols: 'reads at most 50000 rows of its subsearch',
  transaction: 'gives up on transactions beyond its limits',
  timechart: 'puts all but ten series under OTHER',
  chart: 'puts all but ten series under OTHER',
  mvexpand: 'cuts off beyond its memory limit',
  map: 'runs at most ten searches',
};

const TIME_BOUNDS =
  /\b_?(?:index_?)?(?:earliest|latest)\s*=|\b(?:start|end)(?:time|timeu|daysago|hoursago|minutesago|monthsago)\s*=/i;

/** What is wrong with a search expression: the dataset's `filter`. */
export function lintFilter(text: string): string[] {
  const bare = withoutQuoted(text);
  if (bare === null) return ['has a quote that is not closed'];
  const problems = common(bare);
  if (bare.includes('|')) problems.push('may hold no `|`: put commands into `search`');
  return problems;
}

/** What is wrong with commands that go behind a search: the dataset's `search`. */
export function lintPipeline(text: string, acceptTruncation = false): string[] {
  return lintCommands(text, new Set(STREAMING), acceptTruncation, 'can leave events out, or sums them up');
}

/** What is wrong with a native query. */
export function lintQuery(text: string, acceptTruncation: boolean): string[] {
  const known = new Set([...STREAMING, ...REPORTING]);
  return lintCommands(text, known, acceptTruncation, 'is none that clause9 knows');
}

function lintCommands(
  text: string,
  known: ReadonlySet<string>,
  acceptTruncation: boolean,
  otherwise: string,
): string[] {
  const bare = withoutQuoted(text);
  if (bare === null) return ['has a quote that is not closed'];
  const problems = common(bare, acceptTruncation);
  if (!/^\s*\|/.test(bare)) problems.push('must begin with `|`');
  for (const command of bare.split('|').slice(1)) {
    const [word = ''] = /[a-z_0-9]+/i.exec(command) ?? [];
    const unlimited = word.toLowerCase() === 'sort' && /^\s*sort\s+(limit\s*=\s*)?0\b/i.test(command);
    if (known.has(word.toLowerCase()) || unlimited || acceptTruncation) continue;
    problems.push(`\`${word}\` ${TRUNCATING[word.toLowerCase()] ?? otherwise}`);
  }
  return problems;
}

function common(bare: string, acceptTruncation = false): string[] {
  const problems: string[] = [];
  if (TIME_BOUNDS.test(bare)) problems.push('may not set the range of time: clause9 does');
  if (/\[\s*(?:\||search\b|inputlookup\b|tstats\b)/i.test(bare) && !acceptTruncation)
    problems.push('may hold no subsearch: it is cut off at 10000 rows and 60 seconds');
  if (!balanced(bare)) problems.push('has brackets that do not match');
  return problems;
}

/** The text with quoted parts left empty; null where a quote is not closed. */
export function withoutQuoted(text: string): string | null {
  const bare = text.replace(/"(?:\\[\s\S]|[^"\\])*"/g, '""');
  return bare.replaceAll('""', '').includes('"') ? null : bare;
}

/** Whether brackets outside quotes come in pairs. */
export function balanced(bare: string): boolean {
  const open: string[] = [];
  const closing: Readonly<Record<string, string>> = { ')': '(', ']': '[' };
  for (const character of bare) {
    if (character === '(' || character === '[') open.push(character);
    else if (closing[character] !== undefined && open.pop() !== closing[character]) return false;
  }
  return open.length === 0;
}
