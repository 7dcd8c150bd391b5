/**
 * The regular expressions that a filter may hold: exactly the metacharacters that Sigma's specification allows, so
 * that every source means the same by them, and small enough to be safe. Matching is RE2's: linear in the text.
 */
import { RE2JS } from 're2js';

export interface RegexProblem {
  readonly message: string;
  readonly help?: string;
}

const MAX_LENGTH = 1_000;
const MAX_DEPTH = 50;
/** Positions after repeats are written out: keeps the compiled expression within what engines take by default. */
const MAX_SIZE = 5_000;

const SHORTHANDS: Readonly<Record<string, string>> = {
  d: 'Write `[0-9]`.',
  D: 'Write `[^0-9]`.',
  w: 'Write `[A-Za-z0-9_]`.',
  W: 'Write `[^A-Za-z0-9_]`.',
  s: 'Write a class with the blanks that are meant, such as `[ ]`.',
  S: 'Write a class without the blanks that are meant, such as `[^ ]`.',
};
const PUNCTUATION = /^[!-/:-@[-`{-~]$/;

/** Whether a value holds a match; the expression must have passed `checkRegex`. */
export function compileRegex(source: string, flags: string): (text: string) => boolean {
  const regex = compile(source, flags);
  return (text) => regex.test(text);
}

function compile(source: string, flags: string): RE2JS {
  const bits =
    (flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) |
    (flags.includes('m') ? RE2JS.MULTILINE : 0) |
    (flags.includes('s') ? RE2JS.DOTALL : 0);
  return RE2JS.compile(source, bits);
}

/** The first thing that is wrong with an expression, or null. */
export function checkRegex(source: string): RegexProblem | null {
  if (source === '') {
    return {
      message: 'an empty expression matches everything',
      help: 'To ask for any value, write `exists: true`.',
    };
  }
  if (source.length > MAX_LENGTH) {
    return { message: `an expression may have ${MAX_LENGTH} characters; this one has ${source.length}` };
  }
  return new Checker(source).check() ?? compileProblem(source);
}

/** What remains for the engine to find, such as a range that runs backwards. */
function compileProblem(source: string): RegexProblem | null {
  try {
    compile(source, '');
    return null;
  } catch (error) {
    return { message: error instanceof Error ? error.message : 'the expression is not valid' };
  }
}

/** Walks an expression once, by recursive descent, and measures it. */
class Checker {
  private readonly source: string;
  private at = 0;
  private problem: RegexProblem | null = null;

  constructor(source: string) {
    this.source = source;
  }

  check(): RegexProblem | null {
    const size = this.alternatives(0);
    if (this.at < this.source.length) this.fail('a `)` closes nothing', 'Write `\\)` for the character.');
    if (size > MAX_SIZE) this.fail('the repeats make the expression too large', 'Use smaller repeat counts.');
    return this.problem;
  }

  private fail(message: string, help?: string): void {
    this.problem ??= help === undefined ? { message } : { message, help };
    this.at = this.source.length;
  }

  private peek(): string {
    return this.source.charAt(this.at);
  }

  private alternatives(depth: number): number {
    if (depth > MAX_DEPTH) this.fail(`groups may be nested ${MAX_DEPTH} deep`);
    let size = this.sequence(depth);
    while (this.peek() === '|') {
      this.at += 1;
      size += this.sequence(depth) + 1;
    }
    return size;
  }

  private sequence(depth: number): number {
    let size = 0;
    while (this.at < this.source.length && this.peek() !== '|' && this.peek() !== ')') {
      const anchor = this.peek() === '^' || this.peek() === '$';
      const atom = this.atom(depth);
      size += anchor ? atom : atom * this.repeat();
    }
    return size;
  }

  private atom(depth: number): number {
    const character = this.peek();
    this.at += 1;
    if (character === '(') this.group();
    if (character === '(') return this.groupEnd(this.alternatives(depth + 1));
    if (character === '[') this.characterClass();
    else if (character === '\\') this.escape();
    else if ('*+?{'.includes(character))
      this.fail(`\`${character}\` has nothing to repeat`, escapeHelp(character));
    else if (character === ']' || character === '}') {
      this.fail(`\`${character}\` closes nothing`, escapeHelp(character));
    }
    return 1;
  }

  private group(): void {
    if (this.peek() === '?') {
      this.fail(
        '`(?` is not among the metacharacters of Sigma',
        'Use a plain group, and the modifiers `i`, `m`, `s`.',
      );
    }
  }

  private groupEnd(size: number): number {
    if (this.peek() === ')') this.at += 1;
    else this.fail('a `(` is not closed', escapeHelp('('));
    return size + 1;
  }

  /** How often the atom before may stand, at most (an open end counts as its least plus one). */
  private repeat(): number {
    const written = /^(?:[*+?]|\{([0-9]+)(?:(,)([0-9]*))?\})/.exec(this.source.slice(this.at));
    if (written === null) return 1;
    const [text, least, comma, most] = written;
    this.at += text.length;
    if (this.peek() !== '' && '*+?{'.includes(this.peek())) {
      this.fail(
        `\`${text}${this.peek()}\`: lazy, possessive and doubled repeats are not among the metacharacters of Sigma`,
      );
    }
    if (least === undefined) return 1;
    return comma !== undefined && most === '' ? Number(least) + 1 : Number(most ?? least);
  }

  private escape(): void {
    const character = String.fromCodePoint(this.source.codePointAt(this.at) ?? 0);
    if (this.at >= this.source.length) this.fail('a backslash stands at the end', escapeHelp('\\'));
    else if (PUNCTUATION.test(character)) this.at += 1;
    else {
      const help = SHORTHANDS[character] ?? `Write the character that is meant, without a backslash.`;
      this.fail(`\`\\${character}\` is not among the metacharacters of Sigma`, help);
    }
  }

  private characterClass(): void {
    if (this.peek() === '^') this.at += 1;
    if (this.peek() === ']') this.fail('a class `[]` may not be empty', escapeHelp(']'));
    while (this.at < this.source.length && this.peek() !== ']') {
      const character = this.peek();
      this.at += 1;
      if (character === '[') this.fail('a `[` inside a class must be escaped', escapeHelp('['));
      if (character === '\\') this.escape();
    }
    if (this.peek() === ']') this.at += 1;
    else this.fail('a `[` is not closed', escapeHelp('['));
  }
}

function escapeHelp(character: string): string {
  return `Write \`\\${character}\` for the character itself.`;
}
