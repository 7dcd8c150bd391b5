/**
 * Filters as conditions of `eval` and `where` with the meaning of the reference evaluator in core/filter. Splunk has
 * texts only, alone or several in a field. Every test is true or false, never null, so that NOT is exact.
 */
import { ConnectorError } from '../../src/core/errors.ts';
import type { Filter, Predicate } from '../../src/core/filter/model.ts';
import { literalOf } from '../../src/core/filter/pattern.ts';
import { canonicalText, numberTexts } from '../../src/core/filter/value.ts';
import { networkRegex } from './network.ts';
import { END, isEmpty, literal, NUMBER, oneOf, translate, wildcard } from './regex.ts';
import { FALSE, join, number, type Spl, spl, TRUE, text } from './spl.ts';

/** A field's column, in which an empty text is no value. */
export type FieldColumn = (name: string) => Spl;

/** Throws `ConnectorError` for what Splunk can't answer exactly. */
export function compileFilter(filter: Filter, column: FieldColumn): Spl {
  switch (filter.op) {
    case 'everything':
      return TRUE;
    case 'not':
      return spl`NOT (${compileFilter(filter.of, column)})`;
    case 'and':
      return combine(
        filter.of.map((part) => compileFilter(part, column)),
        ' AND ',
        TRUE,
      );
    case 'or':
      return compileOr(filter.of, column);
    case 'test':
      return compileTest(filter.field, filter.predicate, column);
  }
}

function combine(parts: readonly Spl[], operator: string, none: Spl): Spl {
  const [first] = parts;
  if (first === undefined) return none;
  return parts.length === 1
    ? first
    : spl`(${join(
        parts.map((part) => spl`(${part})`),
        operator,
      )})`;
}

/** Many plain texts of one field become one expression. */
function compileOr(parts: readonly Filter[], column: FieldColumn): Spl {
  const lists = new Map<string, string[]>();
  const conditions: Spl[] = [];
  for (const part of parts) {
    const plain =
      part.op === 'test' && part.predicate.kind === 'text' && !part.predicate.cased
        ? literalOf(part.predicate.pattern)
        : null;
    if (part.op !== 'test' || plain === null || plain === '') conditions.push(compileFilter(part, column));
    else lists.set(part.field, [...(lists.get(part.field) ?? []), plain]);
  }
  for (const [field, values] of lists)
    for (const regex of oneOf(values)) conditions.push(anyMatches(column(field), regex));
  return combine(conditions, ' OR ', FALSE);
}

const anyMatches = (column: Spl, regex: string): Spl => any(spl`match(${column}, ${text(regex)})`);

/** Whether the test of one value holds for any value of the field; `mvfilter` goes through them. */
const any = (test: Spl): Spl => spl`isnotnull(mvfilter(${test}))`;

function compileTest(field: string, predicate: Predicate, column: FieldColumn): Spl {
  const of = column(field);
  switch (predicate.kind) {
    case 'exists':
      return spl`isnotnull(${of})`;
    case 'text':
      if (isEmpty(predicate.pattern)) throw emptyText(field);
      return anyMatches(of, wildcard(predicate.pattern, predicate.cased));
    case 'number':
      return anyMatches(
        of,
        `^(?:${numberTexts(predicate.value)
          .map((one) => literal(one, true))
          .join('|')})${END}`,
      );
    case 'boolean':
      return anyMatches(of, `^${literal(canonicalText(predicate.value), false)}${END}`);
    case 'compare':
      return any(
        spl`${isNumber(of)} AND tonumber(${of})${OPERATORS[predicate.op]}${number(predicate.value)}`,
      );
    case 'cidr':
      return compileNetwork(of, predicate.cidr);
    case 'regex':
      return anyMatches(of, translate(predicate.source, predicate.flags));
    case 'in':
      throw new ConnectorError(
        `The field "${field}" is tested against the dataset "${predicate.dataset}", which Splunk can't do`,
        { retryable: false, help: 'Membership in another dataset is joined in clause9, not in the source.' },
      );
  }
}

const OPERATORS = { lt: spl`<`, lte: spl`<=`, gt: spl`>`, gte: spl`>=` } as const;
const LARGEST = number(Number.MAX_VALUE);
const SMALLEST = number(-Number.MAX_VALUE);

/** Whether one value is a finite number in full: "1e999" looks like one. */
export function isNumber(value: Spl): Spl {
  return spl`match(${value}, ${text(NUMBER)}) AND tonumber(${value})>=${SMALLEST} AND tonumber(${value})<=${LARGEST}`;
}

function compileNetwork(column: Spl, cidr: string): Spl {
  const { inside, outside } = networkRegex(cidr);
  const within = spl`match(${column}, ${text(inside)})`;
  return any(outside === null ? within : spl`${within} AND NOT match(${column}, ${text(outside)})`);
}

function emptyText(field: string): ConnectorError {
  return new ConnectorError(
    `The field "${field}" is tested for an empty text, but Splunk can't tell that from no value`,
    { retryable: false, help: `Ask for no value instead (\`${field}: null\`).` },
  );
}
