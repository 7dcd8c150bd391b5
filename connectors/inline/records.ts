/** Versions of records out of rows in memory: what came in since the last read. */
import type { Dataset, RecordsDataset } from '../../src/config/model.ts';
import type { FieldValue, Row } from '../../src/core/filter/model.ts';
import { canonicalText } from '../../src/core/filter/value.ts';
import { hashOf } from '../../src/core/hash.ts';
import type { RecordVersion } from '../../src/core/measure/record.ts';
import type { Instant } from '../../src/core/time/interval.ts';
import type { RecordRequest } from '../../src/ports/connector.ts';
import { timeAt } from './look.ts';

/** What came in since the cursor; all of it where something older came in too, or where no arrival is told. */
export function versionsOf(
  rows: readonly Row[],
  { dataset, fields, asOf, cursor }: RecordRequest,
): { records: readonly RecordVersion[]; cursor: string } {
  const { ingested } = dataset;
  const arrival = (row: Row) => (ingested === null ? null : timeAt(row, ingested));
  const before = (until: Instant) => rows.filter((row) => (arrival(row) ?? Number.NEGATIVE_INFINITY) < until);
  const now = ingested === null ? hashOf(rows) : String(before(asOf).length);
  const last: { asOf: Instant; before: string } | null = cursor === null ? null : JSON.parse(cursor);
  const isSame =
    last !== null && last.before === (ingested === null ? now : String(before(last.asOf).length));
  const wanted = rows.flatMap((row, order) => {
    const at = arrival(row);
    const isNew =
      ingested === null ? !isSame : at !== null && at < asOf && (!isSame || at >= (last?.asOf ?? 0));
    return isNew ? [versionOf(row, dataset, fields, at ?? asOf, order)] : [];
  });
  return { records: wanted, cursor: JSON.stringify({ asOf, before: now }) };
}

function versionOf(
  row: Row,
  dataset: RecordsDataset,
  fields: readonly string[],
  ingested: Instant,
  order: number,
): RecordVersion {
  return {
    key: canonicalText(scalar(row[dataset.key]) ?? ''),
    version: dataset.version.map((name) => {
      const value = scalar(row[name]);
      return typeof value === 'boolean' ? String(value) : value;
    }),
    ingested,
    order,
    opened: timeAt(row, dataset.opened),
    closed: dataset.closed.map((name) => timeAt(row, name)),
    due: dataset.due === null ? null : timeAt(row, dataset.due),
    fields: fieldsOf(row, dataset, fields),
  };
}

function scalar(value: FieldValue): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'object' ? (value[0] ?? null) : value;
}

/** The wanted fields by their standard names. */
export const fieldsOf = (row: Row, dataset: Dataset, fields: readonly string[]): Record<string, FieldValue> =>
  Object.fromEntries(fields.map((name) => [name, row[dataset.fields[name] ?? name] ?? null]));
