/**
 * The text that CEL really runs: a person's formula written again so that whole numbers are doubles and a division
 * by zero is noticed, and refused where it uses more than a formula may.
 */
import type { ASTNode, SourceRange } from '@marcbachmann/cel-js';
import { suggest } from '../definition/suggest.ts';

/** What a formula may not do: what, where in its text, and what to do instead. */
export class Refused extends Error {
  readonly help: string | undefined;
  readonly position: number;
  constructor(position: number, message: string, help?: string, options?: ErrorOptions) {
    super(message, options);
    this.help = help;
    this.position = position;
  }
}

const FUNCTIONS: Readonly<Record<string, number>> = { min: 2, max: 2, abs: 1 };
const BINARY = new Set(['+', '-', '*', '<', '<=', '>', '>=', '==', '!=', '&&', '||']);
export const ALLOWED =
  'A formula may use its measures, numbers, + - * /, comparisons, && || !, a ? b : c, min(a, b), max(a, b) and abs(a).';

/**
 * Writes the formula's tree again as CEL with two differences: whole numbers become doubles (CEL has no
 * int × double, and its 1 / 2 is 0), and a / b becomes a call that notices b = 0. Refuses what a formula may not use.
 */
export class Rewriter {
  readonly used = new Set<string>();
  readonly #names: readonly string[];
  readonly #source: string;
  readonly #parts: string[] = [];
  readonly #origins: { readonly at: number; readonly position: number }[] = [];
  #length = 0;

  constructor(names: readonly string[], source: string) {
    this.#names = names;
    this.#source = source;
  }

  text(): string {
    return this.#parts.join('');
  }

  /** Where in the person's text a place of the rewritten one comes from. */
  origin(range: SourceRange | undefined): number | undefined {
    return range && this.#origins.findLast(({ at }) => at <= range.start)?.position;
  }

  write(node: ASTNode): void {
    this.#origins.push({ at: this.#length, position: node.start });
    if (node.op === 'value') this.#put(this.#number(node.args, node.start, node.end));
    else if (node.op === 'id') this.#put(this.#measure(node.args, node.start));
    else if (node.op === 'call') this.#call(node.args[0], node.args[1], node.start);
    else if (node.op === '/') this.#list('divide(', node.args);
    else if (node.op === '-_') this.#list('(-', [node.args]);
    else if (node.op === '!_') this.#list('(!', [node.args]);
    else if (node.op === '?:') this.#list('(', node.args, [' ? ', ' : ']);
    else if (isBinary(node)) this.#list('(', node.args, [` ${node.op} `]);
    else throw new Refused(node.start, `may not use ${this.#source.slice(node.start, node.end)}`, ALLOWED);
  }

  #put(part: string): void {
    this.#parts.push(part);
    this.#length += part.length;
  }

  #list(open: string, nodes: readonly ASTNode[], separators: readonly string[] = []): void {
    this.#put(open);
    nodes.forEach((node, index) => {
      if (index > 0) this.#put(separators[index - 1] ?? ', ');
      this.write(node);
    });
    this.#put(')');
  }

  #number(value: unknown, start: number, end: number): string {
    if (typeof value === 'bigint') return value < 0n ? `(${value}.0)` : `${value}.0`;
    const text = this.#source.slice(start, end);
    if (typeof value === 'number') return value < 0 ? `(${text})` : text;
    if (typeof value === 'boolean') return text;
    throw new Refused(start, `may not use ${text}`, 'Write plain numbers, such as 100 or 0.5.');
  }

  #measure(name: string, position: number): string {
    if (!this.#names.includes(name))
      throw new Refused(
        position,
        `names no measure: ${name}`,
        suggest(name, this.#names, 'The definition has no measures.'),
      );
    this.used.add(name);
    return name;
  }

  #call(name: string, args: readonly ASTNode[], position: number): void {
    const wanted = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (wanted === undefined) throw new Refused(position, `knows no function ${name}`, ALLOWED);
    if (args.length !== wanted)
      throw new Refused(position, `gives ${name} ${args.length} values instead of ${wanted}`, ALLOWED);
    this.#list(`${name}(`, args);
  }
}

type BinaryNode = Extract<
  ASTNode,
  { readonly op: '+' | '-' | '*' | '<' | '<=' | '>' | '>=' | '==' | '!=' | '&&' | '||' }
>;

function isBinary(node: ASTNode): node is BinaryNode {
  return BINARY.has(node.op);
}
