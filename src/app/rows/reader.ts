/** What reading the rows behind a number works with. */
import type { Dataset } from '../../config/model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import type { RowTest } from '../../core/filter/evaluate.ts';
import type { Row } from '../../core/filter/model.ts';
import { groupKey } from '../../core/measure/fold.ts';
import { standardRow } from '../../core/measure/standard.ts';
import type { Instant, Interval } from '../../core/time/interval.ts';
import type { Connector, FieldTypes } from '../../ports/connector.ts';
import type { LoopContext } from '../context.ts';
import type { Group } from '../explain/behind.ts';

export type RowsContext = Pick<LoopContext, 'config' | 'definitions' | 'connector' | 'clock' | 'pseudonyms'>;

export interface MeasureRows {
  readonly measure: string;
  readonly dataset: string;
  readonly what: 'events' | 'cases' | 'rows of the list';
  /** The fields that a person wants to see first. */
  readonly columns: readonly string[];
  /** Newest first, by standard names. */
  readonly rows: readonly Row[];
  /** How many there are in all; null: that can't be told. */
  readonly total: number | null;
  readonly notes: readonly string[];
}

/** What there is of a measure. */
export type Found = Pick<MeasureRows, 'what' | 'rows' | 'total' | 'notes'>;

/** What is asked of the source of a dataset. */
export interface RowsReader {
  readonly context: RowsContext;
  readonly definition: KpiDefinition;
  readonly window: Interval;
  readonly asOf: Instant;
  readonly group: Group | null;
  readonly limit: number;
  /** With the types of the dataset's fields, as its source tells them. */
  readonly ask: <T>(
    dataset: Dataset,
    call: (connector: Connector, types: FieldTypes, signal: AbortSignal) => Promise<T>,
  ) => Promise<T>;
}

/** Whether a row of standard names, already under pseudonyms, belongs to the group. */
export function groupMatcher({ values }: Dataset, group: Group | null): RowTest {
  const fields = Object.keys(group ?? {});
  if (group === null || fields.length === 0) return () => true;
  const wanted = JSON.stringify(fields.map((field) => group[field]));
  return (row) => groupKey(standardRow(row, fields, values), fields).includes(wanted);
}
