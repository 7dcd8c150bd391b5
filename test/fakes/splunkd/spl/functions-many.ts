import type { Expression } from './eval-parse.ts';
import { type EvalContext, fieldValue, isTrue, numberOf, textOf, textsOf, type Value } from './evaluate.ts';
import { collapse, invalid, type Make, onValues } from './functions-kit.ts';
import { formatNumber, notKnown, parseNumber, type Row } from './value.ts';

/** Index of an argument list that may count from the end. */
export function at(index: number, length: number): number {
  return index < 0 ? length + index : index;
}

/** The one field that an mvfilter or mvmap expression speaks of. */
function fieldsOf(expression: Expression): ReadonlySet<string> {
  switch (expression.kind) {
    case 'field':
      return new Set([expression.name]);
    case 'unary':
      return fieldsOf(expression.of);
    case 'binary':
      return new Set([...fieldsOf(expression.left), ...fieldsOf(expression.right)]);
    case 'call':
      return new Set(expression.args.flatMap((arg) => [...fieldsOf(arg)]));
    default:
      return new Set();
  }
}

export const mvfilter: Make = (args, context) => {
  const [predicate] = args;
  const fields = predicate === undefined ? new Set<string>() : fieldsOf(predicate);
  const [field] = [...fields];
  if (args.length !== 1 || predicate === undefined || field === undefined || fields.size !== 1)
    throw invalid('mvfilter');
  const test = context.compile(predicate);
  return (row) => {
    const texts = textsOf(fieldValue(row.get(field), context.dialect), context.dialect, 'mvfilter()');
    return collapse(
      texts.filter((text) => isTrue(test(new Map([[field, text]])), 'mvfilter')),
      context.dialect,
    );
  };
};

export const mvmap: Make = (args, context) => {
  const [field, expression] = args;
  if (args.length !== 2 || field?.kind !== 'field' || expression === undefined) throw invalid('mvmap');
  const map = context.compile(expression);
  const { dialect } = context;
  return (row) => {
    const texts = textsOf(fieldValue(row.get(field.name), dialect), dialect, 'mvmap()');
    const mapped = texts.flatMap((text) => {
      const one: Row = new Map(row);
      one.set(field.name, text);
      return textsOf(map(one), dialect, 'mvmap()');
    });
    return collapse(mapped, dialect);
  };
};

export function mvindex([many, start, end]: readonly Value[], { dialect }: EvalContext): Value {
  const texts = textsOf(many ?? null, dialect, 'mvindex()');
  const from = at(numberOf(start ?? null, dialect) ?? 0, texts.length);
  const to = end === undefined ? from : at(numberOf(end, dialect) ?? 0, texts.length);
  return from < 0 || from > to ? null : collapse(texts.slice(from, to + 1), dialect);
}

export function onNumbersMany(): Make {
  return onValues('mvrange', 2, 3, ([start = null, end = null, step = 1], { dialect }) => {
    const from = numberOf(start, dialect) ?? 0;
    const to = numberOf(end, dialect) ?? 0;
    const by = parseNumber(textOf(step, dialect, 'mvrange()') ?? '', dialect);
    if (by === null || by <= 0) throw notKnown('mvrange() with a time span');
    const values: string[] = [];
    for (let value = from; value < to; value += by) values.push(formatNumber(value, dialect));
    return collapse(values, dialect);
  });
}
