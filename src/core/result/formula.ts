/**
 * A KPI's formula: CEL over the names of its measures, checked when the definition is loaded, so that evaluating
 * it later can only fail for what the numbers are. Every number in it is a double: `100 * failed / all` and
 * `1 / 2` mean what a reader expects, and dividing by zero is an answer of its own, never an infinity.
 */
import { Environment, ParseError } from '@marcbachmann/cel-js';
import { ALLOWED, Refused, Rewriter } from './formula-rewriter.ts';

export type FormulaValue = number | 'division-by-zero' | 'not-finite' | { readonly error: string };

export interface Formula {
  readonly ok: true;
  /** The measures that it uses, in order of appearance. */
  readonly names: readonly string[];
  /** Its value for these values of its measures. */
  readonly evaluate: (values: Readonly<Record<string, number>>) => FormulaValue;
  /** The same, but infinities (of unbounded bounds) and NaN come back as they are. */
  readonly evaluateRaw: (values: Readonly<Record<string, number>>) => FormulaValue;
}

export interface FormulaProblem {
  readonly ok: false;
  readonly message: string;
  readonly help?: string;
  /** Index of the character in the text where it goes wrong. */
  readonly position?: number;
}

class DivisionByZero extends Error {}

const written = new Environment({ limits: { maxAstNodes: 500, maxDepth: 100 } });
// The rewritten text is in parentheses throughout, so it is deeper than what a person may write.
const rewritten = new Environment({ limits: { maxAstNodes: 5_000, maxDepth: 5_000 } })
  .registerFunction('min(double, double): double', (a: number, b: number) => Math.min(a, b))
  .registerFunction('max(double, double): double', (a: number, b: number) => Math.max(a, b))
  .registerFunction('abs(double): double', (a: number) => Math.abs(a))
  .registerFunction('divide(double, double): double', (a: number, b: number) => {
    if (b === 0) throw new DivisionByZero();
    return a / b;
  });

/** Parses and type-checks a formula over measures of these names; each measure is a double, and so is the result. */
export function compileFormula(text: string, names: readonly string[]): Formula | FormulaProblem {
  try {
    return compile(text, names);
  } catch (error) {
    if (error instanceof Refused) return problem(error.message, error.help, error.position);
    if (error instanceof ParseError) {
      return problem(`can't be read: ${error.summary}`, ALLOWED, error.range?.start);
    }
    throw error;
  }
}

function compile(text: string, names: readonly string[]): Formula | FormulaProblem {
  const out = new Rewriter(names, text);
  out.write(written.parse(text).ast);
  const parsed = environmentOf(out.used, text).parse(out.text());
  const checked = parsed.check();
  if (!checked.valid) {
    const { summary = '', range } = checked.error ?? {};
    return problem(typeMessage(summary), ALLOWED, out.origin(range));
  }
  if (checked.type !== 'double') {
    return problem('gives true or false, not a number', 'Write `condition ? 1 : 0` to make it one.', 0);
  }
  const evaluateRaw = (values: Readonly<Record<string, number>>) => run(parsed, values);
  return {
    ok: true,
    names: [...out.used],
    evaluateRaw,
    evaluate: (values) => {
      const value = evaluateRaw(values);
      return typeof value === 'number' && !Number.isFinite(value) ? 'not-finite' : value;
    },
  };
}

function environmentOf(names: Iterable<string>, text: string): Environment {
  const environment = rewritten.clone();
  for (const name of names) {
    try {
      environment.registerVariable(name, 'double');
    } catch (cause) {
      const message = `can't use ${name}, which is a word of CEL, as a measure's name`;
      throw new Refused(text.indexOf(name), message, `Rename the measure, e.g. ${name}_count.`, { cause });
    }
  }
  return environment;
}

function run(
  parsed: (context: Record<string, number>) => unknown,
  values: Readonly<Record<string, number>>,
): FormulaValue {
  try {
    const value = parsed(values);
    // + 0 makes 0 of -0, which people and databases show differently.
    return typeof value === 'number'
      ? value + 0
      : { error: `The formula gave ${String(value)}, not a number` };
  } catch (error) {
    if (error instanceof DivisionByZero) return 'division-by-zero';
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function typeMessage(summary: string): string {
  return `mixes numbers and conditions: ${summary.replaceAll('double', 'number').replaceAll('bool', 'condition')}`;
}

function problem(message: string, help?: string, position?: number): FormulaProblem {
  return {
    ok: false,
    message: `The formula ${message}`,
    ...(help !== undefined && { help }),
    ...(position !== undefined && { position }),
  };
}
