/** What the fields of rows in memory are, and which of them could be a dataset's times. */
import type { FieldValue, Row } from '../../src/core/filter/model.ts';
import type { Candidate, FieldType, FieldTypes } from '../../src/ports/connector.ts';
import { timeAt } from './look.ts';

export function typesOf(times: readonly string[], rows: readonly Row[]): FieldTypes {
  const types: Record<string, FieldType> = {};
  for (const row of rows) {
    for (const [field, value] of Object.entries(row)) {
      const type = typeOf(value);
      const before = types[field] ?? 'unknown';
      types[field] = before === 'unknown' || before === type ? type : type === 'unknown' ? before : 'mixed';
    }
  }
  for (const field of times) if (Object.hasOwn(types, field)) types[field] = 'time';
  return types;
}

/** Of nested data a source in memory has none: each name is a dataset. */
export function candidateOf(name: string, rows: readonly Row[]): Candidate {
  const guess = (field: string): string | null =>
    rows.some((row) => Object.hasOwn(row, field)) ? field : null;
  const [time, ingested] = [guess('@timestamp'), guess('event.ingested')];
  const types = typesOf(
    [time, ingested].filter((field) => field !== null),
    rows,
  );
  const times = time === null ? [] : rows.flatMap((row) => timeAt(row, time) ?? []);
  return {
    name,
    options: {},
    time,
    ingested,
    types,
    events: rows.length,
    newest: times.length === 0 ? null : Math.max(...times),
  };
}

function typeOf(value: FieldValue): FieldType {
  const one = typeof value === 'object' && value !== null ? value.find((item) => item !== null) : value;
  if (typeof one === 'string') return 'text';
  return typeof one === 'number' ? 'number' : typeof one === 'boolean' ? 'boolean' : 'unknown';
}
