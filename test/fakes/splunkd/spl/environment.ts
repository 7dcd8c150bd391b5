/** What commands work on: a table of rows, and the search around it. */
import type { Message, StoredEvent } from '../model.ts';
import type { EvalContext } from './evaluate.ts';
import type { CompiledSearch, SearchContext, TimeTerms } from './search.ts';
import { type Cell, type Row, setCell } from './value.ts';

export interface Table {
  readonly rows: readonly Row[];
  /** Columns that are there even without a value, in order. Others follow as they are met. */
  readonly columns: readonly string[];
}

/** Seconds; null: unbounded. */
export interface Range {
  readonly earliest: number | null;
  readonly latest: number | null;
  readonly indexEarliest: number | null;
  readonly indexLatest: number | null;
}

export interface DataModel {
  /** In search language: which events it holds. */
  readonly search: string;
  /** Field by its name in the model (`Web.status`) → in the event. */
  readonly fields: Readonly<Record<string, string>>;
  /** Summaries hold events before this instant (seconds); null: it is not accelerated. */
  readonly summarisedUntil: number | null;
}

export type LookupRows = readonly Readonly<Record<string, string>>[];

export interface Environment {
  readonly eval: EvalContext;
  readonly search: SearchContext;
  readonly sid: string;
  readonly range: Range;
  /** Events that this search may see in the range, newest first. */
  readonly read: (search: CompiledSearch, times: TimeTerms) => readonly StoredEvent[];
  /** Indexes that exist and that the user may search. */
  readonly indexes: () => readonly { readonly name: string; readonly events: readonly StoredEvent[] }[];
  readonly dataModels: ReadonlyMap<string, DataModel>;
  readonly indexedFields: ReadonlySet<string>;
  readonly lookups: ReadonlyMap<string, LookupRows>;
  readonly say: (type: Message['type'], text: string) => void;
  /** Runs a pipeline; with a table, its first command goes on from there. */
  readonly run: (pipeline: string, table: Table | null) => Table;
  readonly subsearchMaxout: number;
}

export interface Command {
  readonly kind: 'generating' | 'streaming' | 'transforming';
  readonly run: (table: Table, args: string, environment: Environment) => Table;
}

export const EMPTY: Table = { rows: [], columns: [] };

export function copy(row: ReadonlyMap<string, Cell>): Row {
  return new Map(row);
}

export function rowOf(cells: Readonly<Record<string, Cell | null>>): Row {
  const row: Row = new Map();
  for (const [name, cell] of Object.entries(cells)) setCell(row, name, cell);
  return row;
}

/** All columns: those that must be, then those met. */
export function columnsOf(table: Table): readonly string[] {
  const names = new Set(table.columns);
  for (const row of table.rows) for (const name of row.keys()) names.add(name);
  return [...names];
}

export function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
