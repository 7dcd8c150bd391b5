/** Commands that change which fields rows have. */
import { failure, readWords } from './arguments.ts';
import { copy, type Environment, rowOf, type Table, unique } from './environment.ts';
import { wildcard } from './search.ts';
import { bareName } from './stats.ts';
import { cellTexts, compareTexts, notKnown, parseNumber, type Row, setCell } from './value.ts';

function matcher(names: readonly string[]): (name: string) => boolean {
  const tests = names.map(wildcard);
  return (name) => tests.some((test) => test(name));
}

export function fields(table: Table, args: string): Table {
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

export function tableCommand(table: Table, args: string): Table {
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

export function rename(table: Table, args: string): Table {
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

export function fillnull(table: Table, args: string): Table {
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

/** The range as it was dispatched, after the role's limits. */
export function addinfo(table: Table, _args: string, environment: Environment): Table {
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

export function fieldsummary(table: Table, args: string, environment: Environment): Table {
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
