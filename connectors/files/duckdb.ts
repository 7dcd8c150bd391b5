/**
 * DuckDB, bounded: one in-memory engine a source, within its memory and threads, that never loads an extension or
 * contacts a network; and sessions, in which one call of the connector runs its queries and can be aborted.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BIGINT,
  DOUBLE,
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
  type JS,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import { ConnectorError } from '../../src/core/errors.ts';
import { registerFunctions } from './functions.ts';
import type { SourceOptions } from './options.ts';
import { type Bound, type Query, render, type Sql } from './sql.ts';

export type Cell = JS;

export interface Column {
  readonly name: string;
  readonly type: DuckDBType;
}

export interface Session {
  /** Runs one statement to its end. */
  all(statement: Sql): Promise<Cell[][]>;
  /** The same for a look at the files that is no part of the evidence. */
  look(statement: Sql): Promise<Cell[][]>;
  /** Rows in chunks, as they are asked for; several streams may be open at once. */
  stream(statement: Sql): AsyncGenerator<Cell[][]>;
  /** The columns that a query would give. */
  columns(statement: Sql): Promise<Column[]>;
  /** Lets `work` use the connection itself; what it throws is classified as any other error. */
  use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  /** A name for a table of this session alone. */
  tableName(): string;
  /** What `evidence` says was sent. */
  readonly sent: readonly Query[];
  close(): Promise<void>;
}

export interface Engine {
  /** `timeZone` is the zone of times that are written without one. */
  session(signal: AbortSignal, timeZone?: string): Promise<Session>;
  close(): Promise<void>;
}

/** How long an engine that nobody uses is kept: it holds some 60 MB, and takes some 10 ms to open. */
const IDLE_MS = 1_000;
/** How often an aborted session's queries are told to end, until they have. */
const AGAIN_MS = 50;

let engines = 0;
let tables = 0;

interface Running {
  readonly instance: DuckDBInstance;
  /** Keeps the functions that it registered. */
  readonly connection: DuckDBConnection;
}

export function openEngine(options: SourceOptions): Engine {
  engines += 1;
  const folder = join(tmpdir(), `clause9-files-${process.pid}-${engines}`);
  let running: Promise<Running> | null = null;
  let sessions = 0;
  let idle: NodeJS.Timeout | undefined;
  const stop = async (): Promise<void> => {
    clearTimeout(idle);
    const last = running;
    running = null;
    const { connection, instance } = (await last) ?? {};
    connection?.closeSync();
    instance?.closeSync();
  };
  return {
    async session(signal, timeZone = 'UTC') {
      clearTimeout(idle);
      sessions += 1;
      const leave = () => {
        sessions -= 1;
        if (sessions === 0) idle = setTimeout(() => void stop(), IDLE_MS).unref();
      };
      try {
        running ??= start(options, folder).catch((error) => {
          running = null;
          throw error;
        });
        const session = await openSession((await running).instance, signal, timeZone);
        return { ...session, close: () => session.close().finally(leave) };
      } catch (error) {
        leave();
        throw error;
      }
    },
    close: stop,
  };
}

async function start(options: SourceOptions, folder: string): Promise<Running> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: options.memory,
    threads: String(options.threads),
    temp_directory: folder,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    // Under load, parts of a file that was just replaced under the same name came out of this cache as the old ones.
    enable_external_file_cache: 'false',
  });
  const connection = await instance.connect();
  await registerFunctions(connection);
  return { instance, connection };
}

async function openSession(
  instance: DuckDBInstance,
  signal: AbortSignal,
  timeZone: string,
): Promise<Session> {
  signal.throwIfAborted();
  const connections: DuckDBConnection[] = [];
  const created: string[] = [];
  const sent: Query[] = [];
  let again: NodeJS.Timeout | undefined;
  const interrupt = () => {
    for (const connection of connections) connection.interrupt();
    // DuckDB forgets an interrupt that comes just before a query begins.
    again = setTimeout(interrupt, AGAIN_MS);
  };
  signal.addEventListener('abort', interrupt);

  const connect = async (): Promise<DuckDBConnection> => {
    const connection = await instance.connect();
    connections.push(connection);
    if (timeZone !== 'UTC') await connection.run('SET TimeZone = $1', [timeZone]);
    return connection;
  };
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw explain(error);
    }
  };
  const prepare = (statement: Sql): Query => {
    const query = render(statement, bind);
    sent.push(query);
    return query;
  };
  const run = (query: Query): Promise<Cell[][]> =>
    attempt(async () => (await main.runAndReadAll(query.text, query.values, query.types)).getRowsJS());
  const main = await connect();

  return {
    sent,
    tableName() {
      tables += 1;
      created.push(`read_${tables}`);
      return `read_${tables}`;
    },
    all: (statement) => run(prepare(statement)),
    look: (statement) => run(render(statement, bind)),
    use: (work) => attempt(() => work(main)),
    async columns(statement) {
      const query = render(statement, bind);
      const result = await attempt(() => main.run(query.text, query.values, query.types));
      return result.columnNames().map((name, i) => ({ name, type: result.columnType(i) }));
    },
    async *stream(statement) {
      const query = prepare(statement);
      const connection = await attempt(connect);
      const result = await attempt(() => connection.stream(query.text, query.values, query.types));
      const chunks = result.yieldRowsJs();
      for (;;) {
        const chunk = await attempt(() => chunks.next());
        if (chunk.done === true) return;
        yield chunk.value;
      }
    },
    async close() {
      signal.removeEventListener('abort', interrupt);
      clearTimeout(again);
      for (const connection of connections.slice(1)) connection.closeSync();
      for (const table of created) await main.run(`DROP TABLE IF EXISTS "${table}"`);
      main.closeSync();
    },
  };
}

function bind({ value, type }: Bound): { value: DuckDBValue; type: DuckDBType } {
  if (typeof value === 'string') return { value, type: VARCHAR };
  if (typeof value === 'number') {
    return type === 'BIGINT' ? { value: BigInt(value), type: BIGINT } : { value, type: DOUBLE };
  }
  const items = value.map((item) => (typeof item === 'number' ? BigInt(item) : item));
  return { value: listValue(items), type: LIST(type === 'BIGINT[]' ? BIGINT : VARCHAR) };
}

/** What DuckDB says begins with the kind of error; a file that went away may be there at the next try. */
function explain(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ConnectorError) return error;
  const said = error.message.replace(/^Error: /, '');
  const [firstLine = ''] = said.split('\n');
  if (said.startsWith('Out of Memory')) {
    return new ConnectorError('Reading the files needs more memory than the source may take', {
      retryable: false,
      help: 'Raise `memory` of the source, or lower `threads`.',
      cause: error,
    });
  }
  const gone = said.startsWith('IO Error') && /No such file|No files found/.test(said);
  return new ConnectorError(`The files can't be read: ${firstLine}`, {
    retryable: gone,
    help: gone
      ? 'A file went away while it was being read, as when logs are rotated; the next try reads what is there.'
      : 'Check the format that `datasets` names for these files, and the rights on them.',
    cause: error,
  });
}
