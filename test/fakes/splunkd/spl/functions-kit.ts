import type { Dialect } from '../model.ts';
import { type Expression, evalError } from './eval-parse.ts';
import {
  type EvalContext,
  type Evaluator,
  fieldValue,
  isMany,
  numberOf,
  textOf,
  type Value,
} from './evaluate.ts';
import { compileRegex } from './regex.ts';
import { notKnown } from './value.ts';

export type Make = (args: readonly Expression[], context: EvalContext) => Evaluator;

export function invalid(name: string): Error {
  return evalError(`The arguments to the '${name}' function are invalid.`);
}

export function compileAll(
  name: string,
  args: readonly Expression[],
  context: EvalContext,
  least: number,
  most = least,
): readonly Evaluator[] {
  if (args.length < least || args.length > most) throw invalid(name);
  return args.map((arg) => context.compile(arg));
}

export const ABSENT: Evaluator = () => null;

/** A function of values, whatever they are. */
export function onValues(
  name: string,
  least: number,
  most: number,
  run: (values: readonly Value[], context: EvalContext) => Value,
): Make {
  return (args, context) => {
    const parts = compileAll(name, args, context, least, most);
    return (row) =>
      run(
        parts.map((part) => part(row)),
        context,
      );
  };
}

/** A function of numbers: null where one of them is none. */
export function onNumbers(
  name: string,
  least: number,
  most: number,
  run: (...numbers: readonly number[]) => number | null,
): Make {
  return onValues(name, least, most, (values, { dialect }) => {
    if (values.some(isMany)) throw notKnown(`${name}() of a field with several values`);
    const numbers = values.map((value) => numberOf(value, dialect));
    const known = numbers.filter((number) => number !== null);
    return known.length === numbers.length ? run(...known) : null;
  });
}

/** A function of texts: null where one of them is null. */
export function onTexts(
  name: string,
  least: number,
  most: number,
  run: (texts: readonly string[], dialect: Dialect) => Value,
): Make {
  return onValues(name, least, most, (values, { dialect }) => {
    const texts = values.map((value) => textOf(value, dialect, `${name}()`));
    const known = texts.filter((text) => text !== null);
    return known.length === texts.length ? run(known, dialect) : null;
  });
}

export function collapse(values: readonly string[], dialect: Dialect): Value {
  if (values.length > 1) return values;
  return fieldValue(values[0], dialect);
}

/** A regular expression or pattern that is a literal is compiled at once, so that its fault shows even without rows. */
export function checkLiteral(args: readonly Expression[], index: number): void {
  const pattern = args[index];
  if (pattern?.kind === 'text') compileRegex(pattern.value);
}
