import { copy, type Environment, type Table, unique } from './environment.ts';
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
import { notKnown, setCell } from './value.ts';

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

export function evalCommand(table: Table, args: string, environment: Environment): Table {
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

export function where(table: Table, args: string, environment: Environment): Table {
  const test = environment.eval.compile(parseExpression(args));
  return { ...table, rows: table.rows.filter((row) => isTrue(test(row), 'where')) };
}
