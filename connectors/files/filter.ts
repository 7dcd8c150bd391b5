/**
 * Filters as SQL conditions with the meaning of the reference evaluator in core/filter. What is false or unknown
 * in SQL does not match; under a negation unknown is made false first.
 */
import { ConnectorError } from '../../src/core/errors.ts';
import type { Filter, PatternToken, Predicate } from '../../src/core/filter/model.ts';
import { literalOf } from '../../src/core/filter/pattern.ts';
import { canonicalText, foldCase, numberTexts } from '../../src/core/filter/value.ts';
import { anyValue, type Field } from './field.ts';
import { double, FALSE, int, join, known, type Sql, sql, TRUE, text, texts } from './sql.ts';
import { numeric, type Views } from './views.ts';

export interface FilterContext {
  field(name: string): Field;
  /** CSV can't tell an empty text from no value. */
  readonly emptyTexts: boolean;
}

/** Throws `ConnectorError` for what the files can't answer exactly. */
export function compileFilter(filter: Filter, context: FilterContext): Sql {
  switch (filter.op) {
    case 'everything':
      return TRUE;
    case 'not':
      return sql`NOT ${known(compileFilter(filter.of, context))}`;
    case 'and':
      return filter.of.length === 0
        ? TRUE
        : sql`(${join(
            filter.of.map((part) => compileFilter(part, context)),
            ' AND ',
          )})`;
    case 'or':
      return compileOr(filter.of, context);
    case 'test':
      return compileTest(filter.field, filter.predicate, context);
  }
}

/** Many plain texts of one field become one look into a list. */
function compileOr(parts: readonly Filter[], context: FilterContext): Sql {
  const lists = new Map<string, string[]>();
  const conditions: Sql[] = [];
  for (const part of parts) {
    const literal =
      part.op === 'test' && part.predicate.kind === 'text' && !part.predicate.cased
        ? literalOf(part.predicate.pattern)
        : null;
    if (part.op !== 'test' || literal === null || literal === '')
      conditions.push(compileFilter(part, context));
    else lists.set(part.field, [...(lists.get(part.field) ?? []), foldCase(literal)]);
  }
  for (const [name, literals] of lists) {
    conditions.push(anyValue(context.field(name), (views) => isOneOf(sql`c9_fold(${views.text})`, literals)));
  }
  return conditions.length === 0 ? FALSE : sql`(${join(conditions, ' OR ')})`;
}

function compileTest(name: string, predicate: Predicate, context: FilterContext): Sql {
  if (predicate.kind === 'in') {
    throw new ConnectorError(
      `The field "${name}" is tested against the dataset "${predicate.dataset}", which files can't do`,
      {
        retryable: false,
        help: 'Membership in another dataset is joined in clause9, not in the source.',
      },
    );
  }
  if (predicate.kind === 'text' && literalOf(predicate.pattern) === '' && !context.emptyTexts) {
    throw new ConnectorError(
      `The field "${name}" is tested for an empty text, but CSV can't tell that from no value`,
      {
        retryable: false,
        help: `Ask for no value instead (\`${name}: null\`), or give the data as NDJSON or Parquet.`,
      },
    );
  }
  return anyValue(context.field(name), (views) => compilePredicate(predicate, views));
}

function compilePredicate(predicate: Exclude<Predicate, { kind: 'in' }>, views: Views): Sql {
  switch (predicate.kind) {
    case 'exists':
      return views.present;
    case 'text':
      return compilePattern(predicate.pattern, predicate.cased, views.text);
    case 'number':
      return either(
        views.integer === null
          ? compareNumber(views.number, '=', predicate.value)
          : compareInteger(views.integer, '=', predicate.value),
        views.string === null ? null : isOneOf(views.string, numberTexts(predicate.value)),
      );
    case 'boolean':
      return either(
        views.boolean === null ? null : sql`${views.boolean} = ${predicate.value ? TRUE : FALSE}`,
        views.string === null
          ? null
          : sql`c9_fold(${views.string}) = ${text(canonicalText(predicate.value))}`,
      );
    case 'compare': {
      const operator = { lt: '<', lte: '<=', gt: '>', gte: '>=' }[predicate.op];
      if (views.integer !== null) return compareInteger(views.integer, operator, predicate.value);
      return compareNumber(numeric(views), operator, predicate.value) ?? FALSE;
    }
    case 'cidr':
      return views.string === null ? FALSE : sql`c9_in_network(${views.string}, ${text(predicate.cidr)})`;
    case 'regex':
      return sql`regexp_matches(${views.text}, ${text(withFlags(predicate.source, predicate.flags))})`;
  }
}

function either(a: Sql | null, b: Sql | null): Sql {
  if (a === null || b === null) return a ?? b ?? FALSE;
  return sql`(${a} OR ${b})`;
}

const OPERATORS: Readonly<Record<string, Sql>> = {
  '=': sql`=`,
  '<': sql`<`,
  '<=': sql`<=`,
  '>': sql`>`,
  '>=': sql`>=`,
};

function compareNumber(number: Sql | null, operator: string, value: number): Sql | null {
  return number === null ? null : sql`${number} ${OPERATORS[operator] ?? FALSE} ${double(value)}`;
}

/** Whole numbers compare as such; other limits as doubles, as the reference does. */
function compareInteger(integer: Sql, operator: string, value: number): Sql {
  const whole = Number.isSafeInteger(value) && Math.abs(value) < Number.MAX_SAFE_INTEGER ? int(value) : null;
  return sql`${whole === null ? sql`CAST(${integer} AS DOUBLE)` : integer} ${OPERATORS[operator] ?? FALSE} ${whole ?? double(value)}`;
}

function compilePattern(pattern: readonly PatternToken[], cased: boolean, value: Sql): Sql {
  const subject = cased ? value : sql`c9_fold(${value})`;
  const fold = cased ? (literal: string) => literal : foldCase;
  const literal = literalOf(pattern);
  if (literal !== null) return sql`${subject} = ${text(fold(literal))}`;
  const like = pattern.map((token) => {
    if (token === '*') return '%';
    if (token === '?') return '_';
    return fold(token.literal).replace(/[%_\\]/g, '\\$&');
  });
  return sql`${subject} LIKE ${text(like.join(''))} ESCAPE '\\'`;
}

/** RE2 runs on both sides; the flags stand in the expression, so that no default of either applies. */
function withFlags(source: string, flags: string): string {
  const on = ['i', 'm', 's'].filter((flag) => flags.includes(flag)).join('');
  const off = ['i', 'm', 's'].filter((flag) => !flags.includes(flag)).join('');
  return `(?${on}${off === '' ? '' : `-${off}`})${source}`;
}

function isOneOf(value: Sql, list: readonly string[]): Sql {
  const [first] = list;
  if (first === undefined) return FALSE;
  return list.length === 1 ? sql`${value} = ${text(first)}` : sql`list_contains(${texts(list)}, ${value})`;
}
