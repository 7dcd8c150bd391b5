/** Commands that change rows or leave some out. */
import { failure, readWords } from './arguments.ts';
import { evalCommand, where } from './commands-eval.ts';
import { addinfo, fields, fieldsummary, fillnull, rename, tableCommand } from './commands-fields.ts';
import { type Command, copy, type Environment, type Table } from './environment.ts';
import { compileRegex } from './regex.ts';
import { compileSearch } from './search.ts';
import { bareName } from './stats.ts';
import { parseSpan, snapTo } from './time.ts';
import { cellTexts, compareTexts, formatNumber, notKnown, parseNumber, type Row, setCell } from './value.ts';

function search(table: Table, args: string, environment: Environment): Table {
  const { test } = compileSearch(args, environment.search);
  return { ...table, rows: table.rows.filter(test) };
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

const streaming = (run: Command['run']): Command => ({ kind: 'streaming', run });

const transforming = (run: Command['run']): Command => ({ kind: 'transforming', run });

export const ROW_COMMANDS: Readonly<Record<string, Command>> = {
  eval: streaming(evalCommand),
  where: streaming(where),
  search: streaming(search),
  fields: streaming(fields),
  rename: streaming(rename),
  fillnull: streaming(fillnull),
  rex: streaming(rex),
  regex: streaming(regexCommand),
  bin: streaming(bin),
  bucket: streaming(bin),
  addinfo: streaming(addinfo),
  head: streaming(head),
  dedup: streaming(dedup),
  sort: transforming(sort),
  table: transforming(tableCommand),
  fieldsummary: transforming(fieldsummary),
};
