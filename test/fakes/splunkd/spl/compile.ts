/** Expressions to functions of a row. */
import type { Dialect } from '../model.ts';
import { type Expression, evalError } from './eval-parse.ts';
import {
  add,
  calculate,
  compare,
  concatenate,
  type EvalContext,
  type Evaluator,
  fieldValue,
  logical,
  negative,
  not,
} from './evaluate.ts';
import { FUNCTIONS } from './functions.ts';
import { notKnown } from './value.ts';

export function compileExpression(expression: Expression, context: EvalContext): Evaluator {
  const { dialect } = context;
  switch (expression.kind) {
    case 'number':
      return () => expression.value;
    case 'text':
      return () => expression.value;
    case 'field':
      return (row) => fieldValue(row.get(expression.name), dialect);
    case 'unary': {
      const of = context.compile(expression.of);
      return expression.op === '-' ? (row) => negative(of(row), dialect) : (row) => not(of(row), dialect);
    }
    case 'binary':
      return compileBinary(
        expression.op,
        context.compile(expression.left),
        context.compile(expression.right),
        dialect,
      );
    case 'call': {
      const make = FUNCTIONS[expression.name];
      if (make === undefined)
        throw evalError(`The '${expression.name}' function is unsupported or undefined.`);
      return make(expression.args, context);
    }
  }
}

function compileBinary(op: string, left: Evaluator, right: Evaluator, dialect: Dialect): Evaluator {
  switch (op) {
    case 'AND':
      return (row) => {
        const a = logical(left(row), op);
        if (a === false) return false;
        const b = logical(right(row), op);
        return b === false ? false : a === null || b === null ? null : true;
      };
    case 'OR':
      return (row) => {
        const a = logical(left(row), op);
        if (a === true) return true;
        const b = logical(right(row), op);
        return b === true ? true : a === null || b === null ? null : false;
      };
    case 'XOR':
      return (row) => {
        const a = logical(left(row), op);
        const b = logical(right(row), op);
        if (a === null || b === null) throw notKnown('XOR with a missing field');
        return a !== b;
      };
    case '=':
    case '!=':
    case '<':
    case '>':
    case '<=':
    case '>=':
      return (row) => compare(op, left(row), right(row), dialect);
    case '.':
      return (row) => concatenate(left(row), right(row), dialect);
    case '+':
      return (row) => add(left(row), right(row), dialect);
    default:
      return (row) => calculate(op, left(row), right(row), dialect);
  }
}
