/** A native query in ES|QL, which Elasticsearch has from 8.14 on: one row of numbers, or a sentence that says why not. */
import type { QueryReply, QueryRequest } from '../../src/ports/connector.ts';
import type { Engine, Server } from '../shared/search-engine/engine.ts';
import { refusal } from '../shared/search-engine/failure.ts';
import { allOf } from '../shared/search-engine/filter.ts';
import { at, listAt, numberAt, textAt } from '../shared/search-engine/json.ts';
import { replyOf } from '../shared/search-engine/native.ts';
import { eventsQuery, sessionOf } from '../shared/search-engine/scope.ts';
import { incomplete, type Session, search } from '../shared/search-engine/search.ts';

const NUMBERS = [
  'double',
  'float',
  'integer',
  'long',
  'short',
  'byte',
  'unsigned_long',
  'half_float',
  'scaled_float',
  'counter_long',
  'counter_double',
];

const WHOLE = ['long', 'unsigned_long', 'counter_long'];

export async function runEsql(
  engine: Engine,
  request: QueryRequest,
  signal: AbortSignal,
): Promise<QueryReply> {
  const { dataset, text, range, asOf } = request;
  const session = sessionOf(engine, dataset, signal);
  const server = engine.known() ?? (await engine.server(signal));
  requireVersion(server, dataset.name);
  requireIndex(text, session.index, dataset.name);
  await requireOpen(session);
  const body = {
    // Without a limit the server sets one, and warns. A second row is enough to see that there are several.
    query: `${text.trim()}\n| LIMIT 2`,
    filter: allOf(eventsQuery(dataset, range, asOf)),
  };
  session.sent.push(text, JSON.stringify(body));
  const partial = knowsPartial(server) ? { query: { allow_partial_results: false } } : {};
  const { body: answer, headers } = await engine.call(
    { method: 'POST', path: '/_query', ...partial, body },
    signal,
  );
  requireSound(answer, headers.warning, dataset.name);
  session.tookMs = typeof at(answer, 'took') === 'number' ? numberAt(answer, 'took') : 0;
  return replyOf(session, request, oneRow(answer, dataset.name));
}

function requireVersion({ version, major, minor }: Server, where: string): void {
  if (major > 8 || (major === 8 && minor >= 14)) return;
  throw refusal(
    where,
    `Elasticsearch ${version} has no ES|QL that could be relied on`,
    'Upgrade to 8.14 or later, or write the query as `dsl`.',
  );
}

/** The parameter came with 8.19 and 9.1; before, a part was never answered. */
function knowsPartial({ major, minor }: Server): boolean {
  return (major === 8 && minor >= 19) || (major === 9 && minor >= 1) || major > 9;
}

/** What is looked at before a query is looked at in the dataset's index: another would not be. */
function requireIndex(text: string, index: string, where: string): void {
  const bare = (names: string): string => names.replace(/["\s]/g, '');
  const [, read] = /^\s*(?:from|ts)\s+(.*?)(?:\smetadata\s.*?)?(?:\||$)/is.exec(text) ?? [];
  if (read !== undefined && bare(read) === bare(index)) return;
  throw refusal(
    where,
    read === undefined
      ? 'The query does not begin with FROM'
      : `The query reads ${read.trim().slice(0, 100)}, not the dataset's index`,
    `Begin it with FROM ${index}.`,
  );
}

/** ES|QL leaves closed indices under a pattern out without a word; a search does not. */
async function requireOpen(session: Session): Promise<void> {
  await search(session, { size: 0, query: { match_none: {} } });
}

function requireSound(answer: unknown, warning: unknown, where: string): void {
  if (at(answer, 'is_partial') === true)
    throw incomplete(where, 'ES|QL says that it is partial (is_partial)');
  const details = at(answer, '_clusters', 'details');
  for (const [name, detail] of Object.entries(Object(details))) {
    const status = at(detail, 'status');
    if (status !== 'successful')
      throw incomplete(where, `the remote cluster "${name}" was ${String(status)}`);
  }
  if (warning === undefined || warning === null || warning === '') return;
  // Such as several values taken for none: the number is not what the query says.
  throw refusal(
    where,
    `ES|QL warns: ${String(warning).slice(0, 300)}`,
    'Rewrite the query so that it runs without a warning.',
  );
}

function oneRow(answer: unknown, where: string): Record<string, number | null> {
  const columns = listAt(answer, 'columns');
  const rows = listAt(answer, 'values');
  const [row] = rows;
  if (rows.length !== 1 || !Array.isArray(row)) {
    throw refusal(
      where,
      `The query gives ${rows.length === 0 ? 'no row' : 'several rows'}`,
      'End it with STATS without BY.',
    );
  }
  const entries = columns.map((column, i): [string, number | null] => {
    const [name, type] = [textAt(column, 'name'), textAt(column, 'type')];
    const value: unknown = row[i];
    if (typeof value === 'number' && WHOLE.includes(type) && !Number.isSafeInteger(value)) {
      throw refusal(
        where,
        `The column "${name}" is beyond 2^53, where whole numbers are no longer told apart`,
        'Make it a double (TO_DOUBLE) where a rounded number will do.',
      );
    }
    if (value === null || (typeof value === 'number' && NUMBERS.includes(type))) return [name, value];
    throw refusal(
      where,
      `The column "${name}" is of the type ${type}, no number`,
      'Keep columns of numbers alone.',
    );
  });
  return Object.fromEntries(entries);
}
