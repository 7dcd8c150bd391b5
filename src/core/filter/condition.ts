/**
 * Sigma's conditions over named selections: `and`, `or`, `not`, parentheses, `1 of …`, `all of …`.
 * `not` binds tightest, then `and`, then `or`.
 */
import { EVERYTHING, type Filter } from './model.ts';
import { compilePattern } from './pattern.ts';
import { join } from './selection.ts';
import { didYouMean } from './suggest.ts';

export type Selections = ReadonlyMap<string, Filter>;

const MAX_LENGTH = 4_000;
const MAX_DEPTH = 50;
const RESERVED = ['and', 'or', 'not', 'of', 'them', 'all', '1'];

/** Why a condition could not name this selection; null where it could. */
export function selectionNameProblem(name: string): string | null {
  if (RESERVED.includes(name.toLowerCase()))
    return `\`${name}\` is a word of conditions, and cannot name a selection`;
  return /^[^\s()|*]+$/.test(name)
    ? null
    : `the selection name "${name}" has characters that a condition cannot hold`;
}

/** Reads a condition; says by `report` what is wrong, and then what it returns is of no use. */
export function parseCondition(
  text: string,
  selections: Selections,
  report: (message: string, help?: string) => void,
): Filter {
  if (text.length > MAX_LENGTH) {
    report(`a condition may have ${MAX_LENGTH} characters; this one has ${text.length}`);
    return EVERYTHING;
  }
  return new ConditionParser(text, selections, report).parse();
}

class ConditionParser {
  private readonly words: readonly string[];
  private readonly selections: Selections;
  private readonly report: (message: string, help?: string) => void;
  private at = 0;
  private broken = false;

  constructor(text: string, selections: Selections, report: (message: string, help?: string) => void) {
    this.words = text.match(/[()|]|[^\s()|]+/g) ?? [];
    this.selections = selections;
    this.report = report;
  }

  parse(): Filter {
    const filter = this.disjunction(0);
    const rest = this.peek();
    if (rest !== undefined) this.breakOff(...unexpected(rest));
    return filter;
  }

  private peek(): string | undefined {
    return this.words[this.at];
  }

  private take(): string | undefined {
    const word = this.peek();
    this.at += 1;
    return word;
  }

  /** A broken syntax is told once: what follows it would only be guesses. */
  private breakOff(message: string, help?: string): Filter {
    if (!this.broken) this.report(message, help);
    this.broken = true;
    this.at = this.words.length;
    return EVERYTHING;
  }

  private disjunction(depth: number): Filter {
    const of = [this.conjunction(depth)];
    while (this.peek() === 'or') {
      this.at += 1;
      of.push(this.conjunction(depth));
    }
    return join('or', of);
  }

  private conjunction(depth: number): Filter {
    const of = [this.negation(depth)];
    while (this.peek() === 'and') {
      this.at += 1;
      of.push(this.negation(depth));
    }
    return join('and', of);
  }

  private negation(depth: number): Filter {
    if (depth > MAX_DEPTH) return this.breakOff(`a condition may be nested ${MAX_DEPTH} deep`);
    if (this.peek() !== 'not') return this.operand(depth);
    this.at += 1;
    return { op: 'not', of: this.negation(depth + 1) };
  }

  private operand(depth: number): Filter {
    const word = this.take();
    if (word === undefined) return this.breakOff('the condition ends where a selection should stand');
    if (word === '(') return this.parenthesis(depth);
    if (this.peek() === 'of') return this.quantified(word);
    if (selectionNameProblem(word) !== null) return this.breakOff(...unexpected(word));
    const selection = this.selections.get(word);
    if (selection !== undefined) return selection;
    this.report(`the condition names \`${word}\`, but there is no such selection`, this.suggestion(word));
    return EVERYTHING;
  }

  private parenthesis(depth: number): Filter {
    const inner = this.disjunction(depth + 1);
    const next = this.take();
    if (next === ')') return inner;
    return next === undefined ? this.breakOff('a `(` is not closed') : this.breakOff(...unexpected(next));
  }

  private quantified(quantifier: string): Filter {
    this.at += 1;
    const op = quantifier === '1' ? 'or' : 'and';
    if (quantifier !== '1' && quantifier !== 'all') {
      return this.breakOff(`\`${quantifier} of\` is not part of Sigma`, 'Write `1 of` or `all of`.');
    }
    const target = this.take();
    if (target === undefined)
      return this.breakOff(`\`${quantifier} of\` names no selections`, 'Write `them`, or a name with `*`.');
    if (!/^[^()|]+$/.test(target)) return this.breakOff(...unexpected(target));
    const chosen = this.choose(target);
    if (chosen.length === 0) {
      this.report(
        `\`${quantifier} of ${target}\` fits no selection`,
        this.suggestion(target.replaceAll('*', '')),
      );
      return EVERYTHING;
    }
    return join(op, chosen);
  }

  private choose(target: string): readonly Filter[] {
    const fits = target === 'them' ? (name: string) => !name.startsWith('_') : namePattern(target);
    return [...this.selections].filter(([name]) => fits(name)).map(([, filter]) => filter);
  }

  private suggestion(word: string): string {
    const names = [...this.selections.keys()];
    return didYouMean(word, names) ?? `Selections: ${names.slice(0, 10).join(', ')}.`;
  }
}

/** Only `*` is a wildcard in names. */
function namePattern(target: string): (name: string) => boolean {
  const tokens = target.split(/(\*)/).filter((part) => part !== '');
  return compilePattern(
    tokens.map((part) => (part === '*' ? part : { literal: part })),
    true,
  );
}

function unexpected(word: string): [message: string, help?: string] {
  const lower = word.toLowerCase();
  if (word === '|')
    return [
      'Sigma no longer has aggregations (`|`) in conditions',
      'Count with the `aggregate` of the measure.',
    ];
  if (word !== lower && RESERVED.includes(lower)) return [`\`${word}\` is not known`, `Write \`${lower}\`.`];
  return [
    `\`${word}\` is not expected here`,
    'A condition joins selections by `and`, `or`, `not` and parentheses.',
  ];
}
