/**
 * Sigma's regular expressions (already checked by core/filter/regex.ts) as Lucene's: those match whole values, have no
 * anchors, and know more special characters. Null for what can't be said exactly: anchors within, and folding of
 * letters beyond ASCII.
 */
interface Reader {
  readonly source: string;
  readonly flags: string;
  at: number;
  failed: boolean;
}

/** In Lucene a dot is any character, a line break too; `\\n` would be the letter. */
const ANY = '.*';

/** To be sent with the flag NONE, and without `case_insensitive`. */
export function luceneRegex(source: string, flags: string): string | null {
  if (flags.includes('i') && /[\u0080-\uffff]/.test(source)) return null;
  const reader: Reader = { source, flags, at: 0, failed: false };
  const lines = flags.includes('m');
  const before = { anchored: lines ? `(${ANY}\n)?` : '', free: ANY };
  const after = { anchored: lines ? `(\n${ANY})?` : '', free: ANY };
  const alternatives: string[] = [];
  do {
    if (alternatives.length > 0) reader.at++;
    const start = take(reader, '^') ? before.anchored : before.free;
    const body = sequence(reader);
    const end = take(reader, '$') ? after.anchored : after.free;
    alternatives.push(`${start}${body}${end}`);
  } while (reader.source[reader.at] === '|');
  return reader.failed || reader.at < source.length ? null : alternatives.map((one) => `(${one})`).join('|');
}

function take(reader: Reader, character: string): boolean {
  if (reader.source[reader.at] !== character) return false;
  reader.at++;
  return true;
}

/** Up to an end, a `|`, a `)` or a `$`. */
function sequence(reader: Reader): string {
  let out = '';
  while (reader.at < reader.source.length && !reader.failed) {
    const next = reader.source[reader.at] ?? '';
    if ('|)$'.includes(next)) break;
    out += atom(reader, next) + repeat(reader);
  }
  return out;
}

function atom(reader: Reader, next: string): string {
  if (next === '^') return fail(reader);
  if (next === '(') return group(reader);
  if (next === '[') return characterClass(reader);
  const point = String.fromCodePoint(reader.source.codePointAt(reader.at) ?? 0);
  reader.at += point.length;
  if (point === '.') return reader.flags.includes('s') ? '.' : '[^\n]';
  if (point !== '\\') return literal(point, reader);
  const meant = reader.source[reader.at] ?? '';
  reader.at++;
  return literal(meant, reader);
}

function fail(reader: Reader): string {
  reader.failed = true;
  return '';
}

function group(reader: Reader): string {
  reader.at++;
  const alternatives = [sequence(reader)];
  while (take(reader, '|')) alternatives.push(sequence(reader));
  // Also where an anchor stands inside.
  if (!take(reader, ')')) return fail(reader);
  return `(${alternatives.map((one) => (one === '' ? '()' : one)).join('|')})`;
}

function repeat(reader: Reader): string {
  const [text] = /^(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})/.exec(reader.source.slice(reader.at)) ?? [''];
  reader.at += text.length;
  return text;
}

/** Folding adds the two signs beyond ASCII that RE2 takes for k and s. */
function cases(character: string, { flags }: Reader): string[] {
  if (!flags.includes('i') || !/[A-Za-z]/.test(character)) return [character];
  const more = { k: ['\u212a'], s: ['\u017f'] }[character.toLowerCase()] ?? [];
  return [character.toLowerCase(), character.toUpperCase(), ...more];
}

function literal(character: string, reader: Reader): string {
  const all = cases(character, reader);
  return all.length === 1 ? escaped(character) : `[${all.join('')}]`;
}

function escaped(character: string): string {
  return /[!-/:-@[-`{-~]/.test(character) ? `\\${character}` : character;
}

function characterClass(reader: Reader): string {
  reader.at++;
  const negated = take(reader, '^') ? '^' : '';
  let out = '';
  while (reader.at < reader.source.length && reader.source[reader.at] !== ']') {
    const from = member(reader);
    const isRange = reader.source[reader.at] === '-' && reader.source[reader.at + 1] !== ']';
    if (isRange) reader.at++;
    out += isRange ? range(from, member(reader), reader) : cases(from, reader).map(escaped).join('');
  }
  reader.at++;
  return `[${negated}${out}]`;
}

function member(reader: Reader): string {
  if (reader.source[reader.at] === '\\') reader.at++;
  const point = String.fromCodePoint(reader.source.codePointAt(reader.at) ?? 0);
  reader.at += point.length;
  return point;
}

function range(from: string, to: string, reader: Reader): string {
  const own = `${escaped(from)}-${escaped(to)}`;
  if (!reader.flags.includes('i')) return own;
  const inside = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
    .split('')
    .filter((letter) => from <= letter && letter <= to);
  return own + inside.flatMap((letter) => cases(letter, reader)).join('');
}
