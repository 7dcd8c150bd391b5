/** stats, and the command that holds a search of its own. */
import { failure } from './arguments.ts';
import { type Command, columnsOf, copy, type Environment, type Table, unique } from './environment.ts';
import { cutBrackets } from './pipeline.ts';
import { parseStats, runStats } from './stats.ts';

function stats(table: Table, args: string, environment: Environment): Table {
  const spec = parseStats('stats', args, environment.eval);
  const rows = runStats(spec, table.rows, environment.eval, (text) => environment.say('WARN', text));
  return { rows, columns: [...spec.by, ...spec.columns.map((column) => column.as)] };
}

function appendpipe(table: Table, args: string, environment: Environment): Table {
  const inner = cutBrackets(args);
  if (inner === null) throw failure('appendpipe', 'The last argument must be a subsearch.');
  const more = environment.run(inner.inside, { ...table, rows: table.rows.map(copy) });
  return { rows: [...table.rows, ...more.rows], columns: unique([...columnsOf(table), ...columnsOf(more)]) };
}

export const GROUP_COMMANDS: Readonly<Record<string, Command>> = {
  stats: { kind: 'transforming', run: stats },
  appendpipe: { kind: 'transforming', run: appendpipe },
};
