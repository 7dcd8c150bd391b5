/** `stats` and its relatives: reading their arguments, and folding rows into groups. */
import { type Aggregate, aggregateNamed, LIST_LIMIT, type Sample } from './aggregates.ts';
import { parseExpression } from './eval-parse.ts';
import { cellOf, type EvalContext, type Evaluator, isTrue, textsOf } from './evaluate.ts';
import {
  type Cell,
  cellTexts,
  compareTexts,
  notKnown,
  parseNumber,
  type Row,
  SplError,
  setCell,
} from './value.ts';

export interface Column {
  readonly as: string;
  readonly aggregate: Aggregate;
  readonly name: string;
  /** The values that it takes from a row; null: the row itself counts. */
  readonly samples: ((row: Row) => readonly string[]) | null;
}

export interface StatsSpec {
  readonly columns: readonly Column[];
  readonly by: readonly string[];
}

/** `count, sum(x) AS s BY a b` of the given command. */
export function parseStats(command: string, text: string, context: EvalContext): StatsSpec {
  const { head, by } = cutBy(text);
  const columns: Column[] = [];
  let rest = head.trim();
  while (rest !== '') {
    const { column, length } = readColumn(command, rest, context);
    columns.push(column);
    rest = rest.slice(length).replace(/^[\s,]+/, '');
  }
  if (columns.length === 0) throw failure(command, 'Missing an aggregation argument.');
  const twice = columns.find((column, at) => columns.findIndex((other) => other.as === column.as) !== at);
  if (twice !== undefined)
    throw failure(
      command,
      `The output field '${twice.as}' cannot have the same name as another output field.`,
    );
  return { columns, by };
}

function failure(command: string, text: string): SplError {
  return new SplError('failure', `Error in '${command}' command: ${text}`);
}

/** The word BY outside parentheses and quotes. */
export function cutBy(text: string): { readonly head: string; readonly by: readonly string[] } {
  const at = outsideOf(text, /^by\s/i);
  if (at < 0) return { head: text, by: [] };
  return { head: text.slice(0, at), by: readNames(text.slice(at + 3)) };
}

function outsideOf(text: string, word: RegExp): number {
  let depth = 0;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (quote !== '') {
      if (char === '\\') at++;
      else if (char === quote) quote = '';
    } else if (char === '"' || (char === "'" && depth > 0)) quote = char;
    else if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (depth === 0 && (at === 0 || /[\s,)]/.test(text[at - 1] ?? '')) && word.test(text.slice(at)))
      return at;
  }
  return -1;
}

/** Names between commas or blanks, quoted or not. */
export function readNames(text: string): readonly string[] {
  return (text.match(/"(?:\\.|[^"\\])*"|'[^']*'|[^\s,]+/g) ?? []).map(bareName);
}

export function bareName(name: string): string {
  return /^(".*"|'.*')$/s.test(name) ? name.slice(1, -1).replace(/\\(["\\])/g, '$1') : name;
}

function readColumn(
  command: string,
  text: string,
  context: EvalContext,
): { readonly column: Column; readonly length: number } {
  const head = /^([A-Za-z_][\w.]*)(?:\s*(?=\())?/.exec(text);
  if (head === null) throw failure(command, `The argument '${text.split(/\s/)[0] ?? ''}' is invalid.`);
  const name = (head[1] ?? '').toLowerCase();
  const aggregate = aggregateNamed(name);
  if (aggregate === undefined)
    throw failure(command, `The argument '${text.split(/\s/)[0] ?? ''}' is invalid.`);
  let length = head[0].length;
  let inside: string | null = null;
  if (text[length] === '(') {
    const end = closing(text, length);
    inside = text.slice(length + 1, end).trim();
    length = end + 1;
  } else if (name !== 'count' && name !== 'c')
    throw failure(command, `The argument '${head[1]}' is invalid.`);
  const as = /^\s*as\s+("(?:\\.|[^"\\])*"|[^\s,]+)/i.exec(text.slice(length));
  const evaluated = /^eval\s*\(([\s\S]*)\)$/i.exec(inside ?? '');
  if (evaluated !== null && as === null) {
    throw failure(
      command,
      `You must specify a rename for the aggregation specifier on the dynamically evaluated field '${text.slice(0, length).trim()}'.`,
    );
  }
  const samples =
    inside === null || inside === '' ? null : sampler(command, name, inside, evaluated?.[1] ?? null, context);
  const field = bareName(inside ?? '');
  const implied = inside === null ? name : `${head[1]}(${field})`;
  return {
    column: { as: as === null ? implied : bareName(as[1] ?? ''), aggregate, name, samples },
    length: length + (as?.[0].length ?? 0),
  };
}

function closing(text: string, open: number): number {
  let depth = 0;
  let quote = '';
  for (let at = open; at < text.length; at++) {
    const char = text[at] ?? '';
    if (quote !== '') {
      if (char === '\\') at++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '(') depth++;
    else if (char === ')' && --depth === 0) return at;
  }
  throw new SplError('refusal', `Error in 'stats' command: Mismatched ')' in the argument.`);
}

/** `count(eval(test))` counts where it is true; other functions take the expression's values. */
function sampler(
  command: string,
  name: string,
  inside: string,
  expression: string | null,
  context: EvalContext,
): (row: Row) => readonly string[] {
  const { dialect } = context;
  if (expression === null) {
    const field = bareName(inside);
    if (field.includes('*')) throw notKnown(`${command} over fields by wildcard`);
    return (row) => cellTexts(row.get(field), dialect);
  }
  const evaluate: Evaluator = context.compile(parseExpression(expression));
  if (name !== 'count' && name !== 'c')
    return (row) => textsOf(cellOf(evaluate(row)), dialect, `${name}(eval())`);
  return (row) => {
    const value = evaluate(row);
    if (typeof value === 'boolean' || value === null) return isTrue(value, 'count(eval())') ? ['1'] : [];
    return textsOf(value, dialect, 'count(eval())');
  };
}

interface Group {
  readonly keys: readonly string[];
  readonly rows: Row[];
}

/** A row without a value for a key is in no group; with several values it is in each. */
export function groupRows(
  rows: readonly Row[],
  by: readonly string[],
  context: EvalContext,
): readonly Group[] {
  const groups = new Map<string, Group>();
  if (by.length === 0) groups.set('', { keys: [], rows: [] });
  for (const row of rows) {
    for (const keys of combinations(by.map((field) => cellTexts(row.get(field), context.dialect)))) {
      const id = JSON.stringify(keys);
      const group = groups.get(by.length === 0 ? '' : id) ?? { keys, rows: [] };
      group.rows.push(row);
      groups.set(by.length === 0 ? '' : id, group);
    }
  }
  return [...groups.values()].sort((a, b) => compareKeys(a.keys, b.keys, context));
}

function combinations(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return lists.reduce<readonly (readonly string[])[]>(
    (left, list) => left.flatMap((keys) => [...new Set(list)].map((value) => [...keys, value])),
    [[]],
  );
}

function compareKeys(a: readonly string[], b: readonly string[], { dialect }: EvalContext): number {
  for (let at = 0; at < a.length; at++) {
    const [left = '', right = ''] = [a[at], b[at]];
    const [x, y] = [parseNumber(left, dialect), parseNumber(right, dialect)];
    const order = x !== null && y !== null ? x - y : compareTexts(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

export function fold(
  column: Column,
  rows: readonly Row[],
  context: EvalContext,
  warn: (text: string) => void,
): Cell | null {
  const samples: Sample[] = [];
  for (const row of rows) {
    const time = Number(row.get('_time') ?? Number.NaN);
    if (column.samples === null) samples.push({ text: '1', time });
    else for (const text of column.samples(row)) samples.push({ text, time });
  }
  if (column.name === 'list' && samples.length > LIST_LIMIT) {
    warn(
      `'stats' command: Limit of '${LIST_LIMIT}' for values reached. Additional values may have been truncated or ignored.`,
    );
  }
  return column.aggregate(samples, context.dialect);
}

export function runStats(
  spec: StatsSpec,
  rows: readonly Row[],
  context: EvalContext,
  warn: (text: string) => void,
): readonly Row[] {
  return groupRows(rows, spec.by, context).map((group) => {
    const out: Row = new Map();
    for (const [at, field] of spec.by.entries()) setCell(out, field, group.keys[at] ?? null);
    for (const column of spec.columns) setCell(out, column.as, fold(column, group.rows, context, warn));
    return out;
  });
}
