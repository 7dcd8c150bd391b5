/** Commands that change rows or leave some out. */
import { failure, readWords } from './arguments.ts';
import { type Command, copy, type Environment, rowOf, type Table, unique } from './environment.ts';
import {
  type Cursor,
  type Expression,
  evalError,
  parseExpression,
  peek,
  readExpression,
  takeSign,
  tokenize,
} from './eval-parse.ts';
import { cellOf, isTrue } from './evaluate.ts';
import { compileRegex } from './regex.ts';
import { compileSearch, wildcard } from './search.ts';
import { bareName } from './stats.ts';
import { parseSpan, snapTo } from './time.ts';
import { cellTexts, compareTexts, formatNumber, notKnown, parseNumber, type Row, setCell } from './value.ts';

interface Assignment {
  readonly name: string;
  readonly expression: Expression;
}

/** `a=expression, 'b c'=expression`. */
function readAssignments(text: string): readonly Assignment[] {
  const cursor: Cursor = { tokens: tokenize(text), source: text, pos: 0 };
  const assignments: Assignment[] = [];
  do {
    const name = readDestination(cursor);
    if (takeSign(cursor, '=') === null)
      throw evalError('Failed to parse the provided arguments. Usage: eval dest_key = expression.');
    assignments.push({ name, expression: readExpression(cursor) });
  } while (takeSign(cursor, ',') !== null);
  const rest = peek(cursor);
  if (rest.kind !== 'end') throw evalError(`The operator at '${text.slice(rest.at)}' is invalid.`);
  return assignments;
}

function readDestination(cursor: Cursor): string {
  const first = peek(cursor);
  if (first.kind === 'end') throw evalError('Arguments are missing. Usage: eval dest_key = expression.');
  if (first.kind === 'text' || first.kind === 'quoted-field') {
    cursor.pos++;
    return first.text;
  }
  let name = '';
  while (peek(cursor).kind === 'name' || peek(cursor).kind === 'number' || peek(cursor).text === '.') {
    name += peek(cursor).text;
    cursor.pos++;
  }
  if (name === '') throw evalError('The destination key is invalid.');
  if (name.includes('{}')) throw notKnown('{} in the name that eval assigns');
  return name;
}

function evalCommand(table: Table, args: string, environment: Environment): Table {
  const steps = readAssignments(args).map(({ name, expression }) => ({
    name,
    run: environment.eval.compile(expression),
  }));
  const rows = table.rows.map((old) => {
    const row = copy(old);
    for (const step of steps) setCell(row, step.name, cellOf(step.run(row)));
    return row;
  });
  return {
    rows,
    columns: unique([...table.columns, ...(table.columns.length > 0 ? steps.map((step) => step.name) : [])]),
  };
}

function where(table: Table, args: string, environment: Environment): Table {
  const test = environment.eval.compile(parseExpression(args));
  return { ...table, rows: table.rows.filter((row) => isTrue(test(row), 'where')) };
}

function search(table: Table, args: string, environment: Environment): Table {
  const { test } = compileSearch(args, environment.search);
  return { ...table, rows: table.rows.filter(test) };
}

function matcher(names: readonly string[]): (name: string) => boolean {
  const tests = names.map(wildcard);
  return (name) => tests.some((test) => test(name));
}

function fields(table: Table, args: string): Table {
  const match = /^([+-])?\s*([\s\S]*)$/.exec(args.trim());
  const names = readWords(match?.[2] ?? '', []).words;
  const listed = matcher(names);
  const drop = match?.[1] === '-';
  const keep = (name: string): boolean => (drop ? !listed(name) : listed(name) || name.startsWith('_'));
  const rows = table.rows.map((row) => new Map([...row].filter(([name]) => keep(name))));
  const plain = names.filter((name) => !name.includes('*'));
  return {
    rows,
    columns: drop ? table.columns.filter(keep) : unique([...plain, ...table.columns.filter(keep)]),
  };
}

function tableCommand(table: Table, args: string): Table {
  const names = readWords(args, []).words;
  if (names.length === 0) throw failure('table', 'Invalid argument: you must specify at least one field.');
  const known = unique([...table.columns, ...table.rows.flatMap((row) => [...row.keys()])]);
  const columns = unique(
    names.flatMap((name) => (name.includes('*') ? known.filter(matcher([name])) : [name])),
  );
  const rows = table.rows.map((row) => {
    const out: Row = new Map();
    for (const name of columns) setCell(out, name, row.get(name) ?? null);
    return out;
  });
  return { rows, columns };
}

function rename(table: Table, args: string): Table {
  const pairs = [...args.matchAll(/("(?:\\.|[^"\\])*"|[^\s,]+)\s+as\s+("(?:\\.|[^"\\])*"|[^\s,]+)/gi)];
  if (pairs.length === 0) throw failure('rename', 'Usage: rename [old_name AS/TO/-> new_name]+.');
  const names = new Map(pairs.map((pair) => [bareName(pair[1] ?? ''), bareName(pair[2] ?? '')]));
  if ([...names.keys()].some((name) => name.includes('*'))) throw notKnown('rename by wildcard');
  const rows = table.rows.map((row) => {
    const out = copy(row);
    for (const [from, to] of names) {
      const cell = row.get(from) ?? null;
      out.delete(from);
      setCell(out, to, cell);
    }
    return out;
  });
  return { rows, columns: unique(table.columns.map((name) => names.get(name) ?? name)) };
}

const SORT_DEFAULT = 10_000;

function sort(table: Table, args: string, environment: Environment): Table {
  const { dialect } = environment.eval;
  const count = /^(?:limit=)?(\d+)(?=\s|$)/.exec(args.trim());
  const rest = count === null ? args.trim() : args.trim().slice(count[0].length);
  const keys = [
    ...rest.matchAll(
      /([+-]?)\s*(?:(auto|num|str|ip)\(([^)]*)\)|("(?:\\.|[^"\\])*"|'[^']*'|[^\s,+-][^\s,]*))/g,
    ),
  ].map((match) => ({
    sign: match[1] === '-' ? -1 : 1,
    kind: match[2] ?? 'auto',
    name: bareName((match[3] ?? match[4] ?? '').trim()),
  }));
  const limit = count === null ? SORT_DEFAULT : Number(count[1]);
  const compareBy = (a: Row, b: Row): number => {
    for (const key of keys) {
      const [left] = cellTexts(a.get(key.name), dialect);
      const [right] = cellTexts(b.get(key.name), dialect);
      if (left === undefined || right === undefined) {
        if (left === right) continue;
        return left === undefined ? 1 : -1;
      }
      const [x, y] =
        key.kind === 'str' ? [null, null] : [parseNumber(left, dialect), parseNumber(right, dialect)];
      const order = x !== null && y !== null ? x - y : compareTexts(left, right);
      if (order !== 0) return key.sign * order;
    }
    return 0;
  };
  const rows = [...table.rows].sort(compareBy);
  return { ...table, rows: limit === 0 ? rows : rows.slice(0, limit) };
}

function head(table: Table, args: string): Table {
  const { options, words } = readWords(args, ['limit']);
  const limit = Number(options.get('limit') ?? words[0] ?? 10);
  if (!Number.isInteger(limit)) throw notKnown('head with an expression');
  return { ...table, rows: table.rows.slice(0, limit) };
}

function tail(table: Table, args: string): Table {
  const limit = Number(readWords(args, []).words[0] ?? 10);
  return { ...table, rows: table.rows.slice(-limit).reverse() };
}

/** Keeps the first rows as they come; a row without one of the fields goes. */
function dedup(table: Table, args: string, environment: Environment): Table {
  const { options, words } = readWords(args, ['keepevents', 'keepempty', 'consecutive', 'sortby']);
  if (options.size > 0) throw notKnown('options of dedup');
  const limit = /^\d+$/.test(words[0] ?? '') ? Number(words[0]) : 1;
  const names = words.filter((word, at) => at > 0 || !/^\d+$/.test(word));
  const seen = new Map<string, number>();
  const rows = table.rows.filter((row) => {
    const texts = names.map((name) => cellTexts(row.get(name), environment.eval.dialect));
    if (texts.some((values) => values.length === 0)) return false;
    const key = JSON.stringify(texts);
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return count <= limit;
  });
  return { ...table, rows };
}

function fillnull(table: Table, args: string): Table {
  const { options, words } = readWords(args, ['value']);
  const value = options.get('value') ?? '0';
  const all = unique([...table.columns, ...table.rows.flatMap((row) => [...row.keys()])]);
  const names = words.length > 0 ? words : all;
  const rows = table.rows.map((row) => {
    const out = copy(row);
    for (const name of names) if (!out.has(name)) out.set(name, value);
    return out;
  });
  return { rows, columns: table.columns };
}

function mvexpand(table: Table, args: string, environment: Environment): Table {
  const { words } = readWords(args, ['limit']);
  const [name] = words;
  if (name === undefined) throw failure('mvexpand', 'The argument is missing.');
  const rows = table.rows.flatMap((row) => {
    const texts = cellTexts(row.get(name), environment.eval.dialect);
    if (texts.length <= 1) return [row];
    return texts.map((text) => copy(row).set(name, text));
  });
  return { ...table, rows };
}

function rex(table: Table, args: string, environment: Environment): Table {
  const { options, words } = readWords(args, ['field', 'max_match', 'mode', 'offset_field']);
  const [pattern] = words;
  if (options.has('mode') || options.has('offset_field')) throw notKnown('mode and offset_field of rex');
  if (pattern === undefined) throw failure('rex', 'The regex is missing.');
  const regex = compileRegex(pattern, 'g');
  const most = Number(options.get('max_match') ?? 1);
  const field = options.get('field') ?? '_raw';
  const rows = table.rows.map((row) => {
    const found = new Map<string, string[]>();
    const [text] = cellTexts(row.get(field), environment.eval.dialect);
    const matches = text === undefined ? [] : [...text.matchAll(regex)];
    for (const match of most === 0 ? matches : matches.slice(0, most)) {
      for (const [name, value] of Object.entries(match.groups ?? {})) {
        if (value !== undefined) found.set(name, [...(found.get(name) ?? []), value]);
      }
    }
    const out = copy(row);
    for (const [name, values] of found) setCell(out, name, values);
    return out;
  });
  return { ...table, rows };
}

function regexCommand(table: Table, args: string, environment: Environment): Table {
  const match = /^(?:([^\s=!"]+)\s*(!?=)\s*)?("(?:\\.|[^"\\])*"|\S+)$/.exec(args.trim());
  if (match === null) throw failure('regex', 'Usage: regex <field> (=|!=) <regex>.');
  const regex = compileRegex(bareName(match[3] ?? ''));
  const field = match[1] ?? '_raw';
  const wanted = match[2] !== '!=';
  const rows = table.rows.filter(
    (row) => cellTexts(row.get(field), environment.eval.dialect).some((text) => regex.test(text)) === wanted,
  );
  return { ...table, rows };
}

function bin(table: Table, args: string, environment: Environment): Table {
  const match = /^([\s\S]*?)(?:\s+as\s+(\S+))?$/i.exec(args.trim());
  const { options, words } = readWords(match?.[1] ?? '', [
    'span',
    'bins',
    'minspan',
    'start',
    'end',
    'aligntime',
  ]);
  const span = parseSpan(options.get('span') ?? '');
  const [field] = words;
  if (options.size !== 1 || span === null || field === undefined) throw notKnown('bin without a plain span');
  const { dialect, timeZone } = environment.eval;
  const rows = table.rows.map((row) => {
    const value = parseNumber(cellTexts(row.get(field), dialect)[0] ?? '', dialect);
    if (value === null) return row;
    const start = field === '_time' ? snapTo(value, span, timeZone) : Math.floor(value / span) * span;
    const text = field === '_time' ? formatNumber(start, dialect) : `${start}-${start + span}`;
    return copy(row).set(match?.[2] ?? field, text);
  });
  return { ...table, rows };
}

/** The range as it was dispatched, after the role's limits. */
function addinfo(table: Table, _args: string, environment: Environment): Table {
  const { range, sid, eval: context } = environment;
  const stamp = (at: number | null, open: string): string => (at === null ? open : at.toFixed(3));
  const info = rowOf({
    info_min_time: stamp(range.earliest, '0.000'),
    info_max_time: stamp(range.latest, '+Infinity'),
    info_search_time: context.now.toFixed(3),
    info_sid: sid,
  });
  const columns = table.columns.length > 0 ? unique([...table.columns, ...info.keys()]) : table.columns;
  return { rows: table.rows.map((row) => new Map([...row, ...info])), columns };
}

function reverse(table: Table): Table {
  return { ...table, rows: [...table.rows].reverse() };
}

function fieldsummary(table: Table, args: string, environment: Environment): Table {
  const { dialect } = environment.eval;
  const { options, words } = readWords(args, ['maxvals']);
  const most = Number(options.get('maxvals') ?? 100);
  const listed = matcher(words.length > 0 ? words : ['*']);
  const names = unique(table.rows.flatMap((row) => [...row.keys()])).filter(
    (name) => !name.startsWith('_') && listed(name),
  );
  const rows = [...names].sort(compareTexts).map((name) => {
    const texts = table.rows.flatMap((row) => cellTexts(row.get(name), dialect));
    const numbers = texts.map((text) => parseNumber(text, dialect)).filter((number) => number !== null);
    const counts = new Map<string, number>();
    for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
    const top = [...counts].sort((a, b) => b[1] - a[1]).slice(0, most);
    const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    return rowOf({
      field: name,
      count: String(table.rows.filter((row) => row.has(name)).length),
      distinct_count: String(counts.size),
      is_exact: '1',
      max: numbers.length > 0 ? Math.max(...numbers) : null,
      mean: numbers.length > 0 ? mean : null,
      min: numbers.length > 0 ? Math.min(...numbers) : null,
      numeric_count: String(numbers.length),
      values: JSON.stringify(top.map(([value, count]) => ({ value, count }))),
    });
  });
  return {
    rows,
    columns: [
      'field',
      'count',
      'distinct_count',
      'is_exact',
      'max',
      'mean',
      'min',
      'numeric_count',
      'stdev',
      'values',
    ],
  };
}

const streaming = (run: Command['run']): Command => ({ kind: 'streaming', run });
const transforming = (run: Command['run']): Command => ({ kind: 'transforming', run });

export const ROW_COMMANDS: Readonly<Record<string, Command>> = {
  eval: streaming(evalCommand),
  where: streaming(where),
  search: streaming(search),
  fields: streaming(fields),
  rename: streaming(rename),
  fillnull: streaming(fillnull),
  mvexpand: streaming(mvexpand),
  rex: streaming(rex),
  regex: streaming(regexCommand),
  bin: streaming(bin),
  bucket: streaming(bin),
  addinfo: streaming(addinfo),
  head: streaming(head),
  tail: transforming(tail),
  reverse: transforming(reverse),
  dedup: streaming(dedup),
  sort: transforming(sort),
  table: transforming(tableCommand),
  fieldsummary: transforming(fieldsummary),
};
