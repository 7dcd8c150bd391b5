/**
 * Expressions over a row, with eval's own logic: a missing field is null, a comparison with null is null, `if` and
 * `where` take null for false. A field's text that is a number counts as a number; a quoted text doesn't.
 */
import type { Dialect } from '../model.ts';
import { type Expression, evalError } from './eval-parse.ts';
import { type Cell, compareTexts, formatNumber, notKnown, parseNumber, type Row } from './value.ts';

/** A field's text that reads as a number: both at once. */
export interface NumericText {
  readonly text: string;
  readonly number: number;
}

export type Value = null | boolean | number | string | NumericText | readonly string[];
export type Evaluator = (row: Row) => Value;

export interface EvalContext {
  readonly dialect: Dialect;
  /** Seconds. */
  readonly now: number;
  readonly timeZone: string;
  readonly searchMatch: (text: string) => (row: Row) => boolean;
  /** Makes an expression's evaluator: functions need it for their arguments. */
  readonly compile: (expression: Expression) => Evaluator;
  readonly lookup: (name: string) => readonly Readonly<Record<string, string>>[] | undefined;
}

export function isNumericText(value: Value): value is NumericText {
  return typeof value === 'object' && value !== null && 'number' in value;
}

export function isMany(value: Value): value is readonly string[] {
  return typeof value === 'object' && value !== null && !('number' in value);
}

/** The number of a value; null where it is none. Quoted texts are none, unless `parse` says so. */
export function numberOf(value: Value, dialect: Dialect, parse = false): number | null {
  if (typeof value === 'number') return value;
  if (isNumericText(value)) return value.number;
  return parse && typeof value === 'string' ? parseNumber(value, dialect) : null;
}

/** The text of a value; null for null. Several values and booleans have no text. */
export function textOf(value: Value, dialect: Dialect, where: string): string | null {
  if (value === null) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatNumber(value, dialect);
  if (isNumericText(value)) return value.text;
  if (isMany(value)) throw notKnown(`${where} of a field with several values (mvfilter and mvmap are sure)`);
  throw notKnown(`${where} of a boolean`);
}

export function textsOf(value: Value, dialect: Dialect, where: string): readonly string[] {
  if (value === null) return [];
  if (isMany(value)) return value;
  const text = textOf(value, dialect, where);
  return text === null ? [] : [text];
}

export function fieldValue(cell: Cell | undefined, dialect: Dialect): Value {
  if (cell === undefined) return null;
  if (typeof cell !== 'string') return cell;
  const number = parseNumber(cell, dialect);
  return number === null ? cell : { text: cell, number };
}

/** What a row keeps of a value. A boolean can't be kept. */
export function cellOf(value: Value): Cell | null {
  if (typeof value === 'boolean') {
    throw evalError(
      'Fields cannot be assigned a boolean result. Instead, try if([bool expr], [expr], [expr]).',
    );
  }
  return isNumericText(value) ? value.text : value;
}

/** Truth for `if`, `case`, `where` and eval aggregates: null is false. */
export function isTrue(value: Value, where: string): boolean {
  if (value === null) return false;
  if (typeof value === 'boolean') return value;
  throw evalError(`Type checking failed. '${where}' only takes boolean arguments.`);
}

export function negative(value: Value, dialect: Dialect): Value {
  const number = numberOf(value, dialect);
  return number === null ? null : -number;
}

export function not(value: Value, dialect: Dialect): Value {
  if (typeof value === 'boolean') return !value;
  if (value !== null) throw evalError("Type checking failed. 'NOT' only takes boolean arguments.");
  if (dialect.notOfNull === 'refuse')
    throw notKnown('NOT of a comparison with a missing field (guard it with isnotnull)');
  return dialect.notOfNull === 'true' ? true : null;
}

export function logical(value: Value, op: string): boolean | null {
  if (value === null || typeof value === 'boolean') return value;
  throw evalError(`Type checking failed. '${op}' only takes boolean arguments.`);
}

/** Also what `in()` and `nullif()` compare by. */
export function compare(op: string, left: Value, right: Value, dialect: Dialect): boolean | null {
  if (left === null || right === null) return null;
  if (typeof left === 'boolean' || typeof right === 'boolean') {
    if (typeof left !== typeof right || (op !== '=' && op !== '!='))
      throw notKnown('comparing a boolean with a text or number');
    return op === '=' ? left === right : left !== right;
  }
  const order = orderOf(op, left, right, dialect);
  switch (op) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    default:
      return order >= 0;
  }
}

function orderOf(op: string, left: Value, right: Value, dialect: Dialect): number {
  const parse = dialect.evalNumericTexts;
  const a = numberOf(left, dialect, parse);
  const b = numberOf(right, dialect, parse);
  if (a !== null && b !== null) return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN;
  const equality = op === '=' || op === '!=';
  const oneIsNumber = typeof left === 'number' || typeof right === 'number';
  if (!equality && oneIsNumber)
    throw notKnown(`'${op}' between a number and a text that is none (guard it with isnum)`);
  return compareTexts(textOf(left, dialect, `'${op}'`) ?? '', textOf(right, dialect, `'${op}'`) ?? '');
}

export function concatenate(left: Value, right: Value, dialect: Dialect): Value {
  if (typeof left === 'boolean' || typeof right === 'boolean') {
    throw evalError("Type checking failed. The '.' operator only takes strings and numbers.");
  }
  const a = textOf(left, dialect, "'.'");
  const b = textOf(right, dialect, "'.'");
  return a === null || b === null ? null : a + b;
}

export function add(left: Value, right: Value, dialect: Dialect): Value {
  if (left === null || right === null) return null;
  const a = numberOf(left, dialect);
  const b = numberOf(right, dialect);
  if (a !== null && b !== null) return a + b;
  if (typeof left === 'number' || typeof right === 'number')
    throw notKnown("'+' between a number and a text");
  return `${textOf(left, dialect, "'+'")}${textOf(right, dialect, "'+'")}`;
}

/** Division by zero has no value. */
export function calculate(op: string, left: Value, right: Value, dialect: Dialect): Value {
  const a = numberOf(left, dialect);
  const b = numberOf(right, dialect);
  if (typeof left === 'boolean' || typeof right === 'boolean') {
    throw evalError(`Type checking failed. '${op}' only takes numbers.`);
  }
  if (isMany(left) || isMany(right)) throw notKnown(`'${op}' of a field with several values`);
  if (a === null || b === null) return null;
  if (op === '-') return a - b;
  if (op === '*') return a * b;
  if (b === 0) return null;
  return op === '/' ? a / b : a % b;
}
