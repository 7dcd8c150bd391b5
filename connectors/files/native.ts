/**
 * A query in SQL that a person wrote. It sees one table, `events`: the rows of the range, by the dataset's own names.
 * It runs in an engine of its own, shut off from files, extensions and settings before it begins, as one SELECT.
 */
import { type DuckDBConnection, DuckDBTimestampValue, DuckDBTypeId, StatementType } from '@duckdb/node-api';
import { ConnectorError } from '../../src/core/errors.ts';
import { MINUTE } from '../../src/core/time/interval.ts';
import type { FieldTypes, QueryReply, QueryRequest } from '../../src/ports/connector.ts';
import { openEngine } from './duckdb.ts';
import { evidenceOf, stopwatch } from './evidence.ts';
import { columnOf, lostIn } from './native-columns.ts';
import { openScope, requireUnchanged } from './scope.ts';
import { notesOn } from './slices.ts';
import { type Opened, openDataset, type Source, timesOf } from './source.ts';
import { identifier, join, sql } from './sql.ts';
import { findUnreadable } from './unreadable.ts';

const NOTES = 20;

export async function runQuery(
  source: Source,
  request: QueryRequest,
  signal: AbortSignal,
): Promise<QueryReply> {
  const took = stopwatch();
  const { dataset, language, text, range } = request;
  if (language !== 'sql') throw refusal(`Files are asked in SQL, not in "${language}"`, dataset.name);
  const engine = openEngine(source.options);
  try {
    const opened = await openDataset({ ...source, engine }, dataset, signal);
    try {
      const lost = await fillEvents(opened, request);
      const values = await opened.session.use((connection) => runAlone(connection, request));
      const sent = evidenceOf(opened, lost.warnings, took());
      const notes = lost.notes.slice(0, NOTES);
      return {
        values,
        quality: notes.length > 0 ? 'partial' : 'complete',
        notes,
        evidence: {
          ...sent,
          query: `${sent.query};\n${text}`,
          parameters: [...sent.parameters, { start: range.start, end: range.end }],
        },
      };
    } finally {
      await opened.session.close();
    }
  } finally {
    await engine.close();
  }
}

/** Puts the rows of the range into the table `events`; says what of them the query can't see. */
async function fillEvents(
  opened: Opened,
  { dataset, range, asOf, text }: QueryRequest,
): Promise<{ readonly notes: readonly string[]; readonly warnings: readonly string[] }> {
  const types = await opened.described.types();
  const names = fieldsFor(types, timesOf(dataset), text, dataset.name);
  const times = names.filter((name) => types[name] === 'time' || timesOf(dataset).includes(name));
  const scope = await openScope(opened, dataset, range, asOf, MINUTE, names, { instants: times });
  const { relation, within, needs } = scope;
  const unreadable = await findUnreadable(scope.opened, relation, needs, dataset.time);
  const columns = names.map((name) => columnOf(relation, name, times.includes(name) ? 'time' : types[name]));
  const table = identifier('events');
  await opened.session.all(
    sql`CREATE TABLE ${table} AS SELECT ${join(
      columns.map(({ name, value }) => sql`${value} AS ${identifier(name)}`),
      ', ',
    )} FROM ${relation.from} WHERE ${within}`,
  );
  const lost = await lostIn(
    opened.session,
    scope,
    columns.filter(({ name }) => mentions(text, name)),
  );
  await requireUnchanged(opened);
  return {
    notes: [...notesOn(unreadable.gaps, range.start, range.end - range.start), ...lost],
    warnings: unreadable.warnings,
  };
}

/** Whether the name stands in the text, not as part of a longer word. */
function mentions(text: string, name: string): boolean {
  const [searched, word] = [text.toLowerCase(), name.toLowerCase()];
  const isPart = (at: number): boolean => /\w/.test(searched.charAt(at));
  for (let at = searched.indexOf(word); at >= 0; at = searched.indexOf(word, at + 1)) {
    if (!isPart(at - 1) && !isPart(at + word.length)) return true;
  }
  return false;
}

/** To SQL, `Host` and `host` are one name: where both are fields, neither can be asked for. */
function fieldsFor(types: FieldTypes, times: readonly string[], text: string, where: string): string[] {
  const all = [...new Set([...times, ...Object.keys(types)])];
  const byName = Map.groupBy(all, (name) => name.toLowerCase());
  const twice = [...byName.values()].find(
    (same) => same.length > 1 && same.some((name) => mentions(text, name)),
  );
  if (twice !== undefined) {
    throw refusal(`SQL can't tell the fields ${twice.map((name) => `"${name}"`).join(' and ')} apart`, where);
  }
  return [...byName.values()].flatMap((same) => (same.length === 1 ? same : []));
}

/** Runs the text with nothing but the table within reach, and for good: the engine is thrown away after it. */
async function runAlone(
  connection: DuckDBConnection,
  { dataset, text, range }: QueryRequest,
): Promise<QueryReply['values']> {
  const others = await connection.runAndReadAll(
    "SELECT table_name FROM duckdb_tables() WHERE table_name <> 'events'",
  );
  for (const [name] of others.getRowsJS()) {
    await connection.run(`DROP TABLE "${String(name).replaceAll('"', '""')}"`);
  }
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
  const instants = { start: range.start, end: range.end };
  try {
    return await runSelect(connection, text, instants);
  } catch (error) {
    if (error instanceof ConnectorError || !(error instanceof Error)) throw error;
    const [said = ''] = error.message.split('\n');
    throw new ConnectorError(`The query fails: ${said}`, {
      retryable: false,
      where: dataset.name,
      help: 'It may read the table `events` alone, whose columns are the fields of the dataset; a field that is rarely there needs a line in `types`.',
      cause: error,
    });
  }
}

async function runSelect(
  connection: DuckDBConnection,
  text: string,
  instants: Readonly<Record<string, number>>,
): Promise<QueryReply['values']> {
  if (text.trim() === '') throw refusal('The query is empty');
  const statements = await connection.extractStatements(text);
  if (statements.count !== 1) throw refusal(`The query has ${statements.count} statements`);
  const statement = await statements.prepare(0);
  try {
    if (statement.statementType !== StatementType.SELECT) throw refusal('The query is no SELECT');
    for (let i = 1; i <= statement.parameterCount; i += 1) {
      const name = statement.parameterName(i);
      const instant = Object.hasOwn(instants, name) ? instants[name] : undefined;
      if (instant === undefined) throw refusal(`The query has a parameter "$${name}"`, undefined, PARAMETERS);
      statement.bindTimestamp(i, new DuckDBTimestampValue(BigInt(instant) * 1_000n));
    }
    const result = await statement.stream();
    const names = result.columnNames();
    for (const [i, name] of names.entries()) {
      if (names.indexOf(name) !== i) throw refusal(`The answer has two columns "${name}"`);
      if (!NUMERIC.has(result.columnTypeId(i)))
        throw refusal(`The column "${name}" of the answer is no number but ${result.columnType(i)}`);
    }
    const rows: unknown[][] = [];
    for await (const chunk of result.yieldRowsJs()) {
      rows.push(...chunk);
      if (rows.length > 1) break;
    }
    const [row] = rows;
    if (row === undefined || rows.length > 1)
      throw refusal(`The answer has ${row === undefined ? 'no row' : 'several rows'}`);
    return Object.fromEntries(names.map((name, i) => [name, numberOrNull(row[i])]));
  } finally {
    statement.destroySync();
  }
}

/** Division by zero and the like give no number: no value. */
function numberOrNull(value: unknown): number | null {
  const number = value === null || value === undefined ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number + 0 : null;
}

const PARAMETERS = 'There are $start and $end, the ends of the range in UTC.';

function refusal(
  message: string,
  where?: string,
  help = 'A query is one SELECT over the table `events` that gives one row of numbers, each under its own name.',
): ConnectorError {
  return new ConnectorError(message, { retryable: false, help, ...(where === undefined ? {} : { where }) });
}

const NUMERIC: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
  DuckDBTypeId.SQLNULL,
]);
