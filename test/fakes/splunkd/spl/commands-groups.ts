/** stats and its kin, and commands that hold a search of their own. */
import { failure, readWords } from './arguments.ts';
import { type Command, columnsOf, copy, type Environment, type Table, unique } from './environment.ts';
import { cutBrackets } from './pipeline.ts';
import { fold, groupRows, parseStats, runStats } from './stats.ts';
import { notKnown, setCell } from './value.ts';

function stats(table: Table, args: string, environment: Environment): Table {
  const spec = parseStats('stats', args, environment.eval);
  const rows = runStats(spec, table.rows, environment.eval, (text) => environment.say('WARN', text));
  return { rows, columns: [...spec.by, ...spec.columns.map((column) => column.as)] };
}

function eventstats(table: Table, args: string, environment: Environment): Table {
  const spec = parseStats('eventstats', args, environment.eval);
  const added = new Map(table.rows.map((row) => [row, copy(row)]));
  for (const group of groupRows(table.rows, spec.by, environment.eval)) {
    for (const column of spec.columns) {
      const cell = fold(column, group.rows, environment.eval, () => {});
      for (const row of group.rows) setCell(added.get(row) ?? row, column.as, cell);
    }
  }
  return { ...table, rows: table.rows.map((row) => added.get(row) ?? row) };
}

function streamstats(table: Table, args: string, environment: Environment): Table {
  if (/\b(window|current|global|reset_\w+|time_window)\s*=/.test(args))
    throw notKnown('options of streamstats');
  const spec = parseStats('streamstats', args, environment.eval);
  const added = new Map(table.rows.map((row) => [row, copy(row)]));
  for (const group of groupRows(table.rows, spec.by, environment.eval)) {
    group.rows.forEach((row, at) => {
      for (const column of spec.columns) {
        setCell(
          added.get(row) ?? row,
          column.as,
          fold(column, group.rows.slice(0, at + 1), environment.eval, () => {}),
        );
      }
    });
  }
  return { ...table, rows: table.rows.map((row) => added.get(row) ?? row) };
}

function appendpipe(table: Table, args: string, environment: Environment): Table {
  const inner = cutBrackets(args);
  if (inner === null) throw failure('appendpipe', 'The last argument must be a subsearch.');
  const more = environment.run(inner.inside, { ...table, rows: table.rows.map(copy) });
  return { rows: [...table.rows, ...more.rows], columns: unique([...columnsOf(table), ...columnsOf(more)]) };
}

function append(table: Table, args: string, environment: Environment): Table {
  const inner = cutBrackets(args);
  if (inner === null) throw failure('append', 'The last argument must be a subsearch.');
  const { options } = readWords(inner.before, ['maxout', 'maxtime', 'timeout', 'extendtimerange']);
  const most = Number(options.get('maxout') ?? environment.appendMaxout);
  const more = environment.run(inner.inside, null);
  if (more.rows.length > most) {
    environment.say('INFO', `Subsearch produced ${more.rows.length} results, truncating to maxout ${most}.`);
  }
  return {
    rows: [...table.rows, ...more.rows.slice(0, most)],
    columns: unique([...columnsOf(table), ...columnsOf(more)]),
  };
}

export const GROUP_COMMANDS: Readonly<Record<string, Command>> = {
  stats: { kind: 'transforming', run: stats },
  eventstats: { kind: 'streaming', run: eventstats },
  streamstats: { kind: 'streaming', run: streamstats },
  appendpipe: { kind: 'transforming', run: appendpipe },
  append: { kind: 'transforming', run: append },
};
