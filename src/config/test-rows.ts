/**
 * The rows of a test: from what a person writes, or from an NDJSON or CSV file, to flat rows with their times apart,
 * so that any source can hold them.
 */
import { resolve } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { error, type Path } from '../core/definition/problem.ts';
import { readShape } from '../core/definition/shape.ts';
import { type Report, readDuration, readInstant } from '../core/definition/words.ts';
import type { FieldValue, Row, Scalar } from '../core/filter/model.ts';
import type { Instant } from '../core/time/interval.ts';
import { isMap } from './datasets.ts';
import { readTextFile } from './files.ts';
import type { Dataset } from './model.ts';
import { repeatSchema, type WrittenRows } from './test-schema.ts';

/** A row before a source has it: its fields by the source's own names, and its times, which each source writes in its own way. */
export interface TestRow {
  readonly times: Readonly<Record<string, Instant | null>>;
  readonly fields: Row;
}

/** The rows, in order; what is wrong with them is reported. Files are looked for in `folder`. */
export function readRows(
  written: WrittenRows,
  dataset: Dataset,
  path: Path,
  folder: string,
  report: Report,
): TestRow[] {
  const values: readonly unknown[] = Array.isArray(written)
    ? written
    : readRowFile(resolve(folder, written.file), [...path, 'file'], report);
  const inFile = Array.isArray(written) ? null : written.file;
  return values.flatMap((value, index) => {
    const place = inFile === null ? [...path, index] : [...path, 'file'];
    const say: Report =
      inFile === null
        ? report
        : (problem) => report({ ...problem, path: place, message: `row ${index + 1}: ${problem.message}` });
    return rowsOf(value, dataset, place, say);
  });
}

function readRowFile(file: string, path: Path, report: Report): readonly unknown[] {
  const read = readTextFile(file);
  if ('problem' in read) {
    report({ ...read.problem, path });
    return [];
  }
  try {
    if (/\.csv$/i.test(file)) return csvRows(read.text);
    const lines = read.text.split('\n').filter((line) => line.trim() !== '');
    return lines.map((line): unknown => JSON.parse(line));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    report(
      error(
        'value',
        path,
        `the rows can't be read: ${reason}`,
        'Write NDJSON (a row a line) or CSV with a header line.',
      ),
    );
    return [];
  }
}

/** An empty cell is no value; all others are texts. */
function csvRows(text: string): unknown[] {
  const rows: Record<string, string>[] = parseCsv(text, { columns: true, bom: true, skip_empty_lines: true });
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== '')));
}

/** A written row, as often as it is to be repeated. */
function rowsOf(value: unknown, dataset: Dataset, path: Path, report: Report): TestRow[] {
  if (!isMap(value)) {
    report(error('value', path, 'a row must be a map', 'Write `{"@timestamp": 2026-03-02T12:00:00Z, …}`.'));
    return [];
  }
  const { repeat = { times: 1 }, ...rest } = value;
  const repeated = readShape(repeatSchema, repeat);
  if ('problems' in repeated) {
    for (const problem of repeated.problems)
      report({ ...problem, path: [...path, 'repeat', ...problem.path] });
    return [];
  }
  const { times, every } = repeated.value;
  const everyMs =
    every === undefined ? 0 : (readDuration(every, [...path, 'repeat', 'every'], report, 0) ?? 0);
  const one = rowOf(flat(rest, path, report), dataset, path, report);
  if (value.repeat === undefined) return [one];
  return Array.from({ length: times }, (_, index) => ({
    times: Object.fromEntries(
      Object.entries(one.times).map(([field, time]) => [
        field,
        time === null ? null : time + index * everyMs,
      ]),
    ),
    fields: Object.fromEntries(
      Object.entries(one.fields).map(([field, field_]) => [field, numbered(field_, index + 1)]),
    ),
  }));
}

function numbered(value: FieldValue, number: number): FieldValue {
  if (typeof value === 'string') return value.replaceAll('{n}', String(number));
  if (typeof value !== 'object' || value === null) return value;
  return value.map((item) => (typeof item === 'string' ? item.replaceAll('{n}', String(number)) : item));
}

/** Nested maps as dotted names: `{event: {action: logon}}` is `event.action: logon`. */
function flat(
  value: Readonly<Record<string, unknown>>,
  path: Path,
  report: Report,
  prefix = '',
): Record<string, FieldValue> {
  const row: Record<string, FieldValue> = {};
  for (const [key, part] of Object.entries(value)) {
    const name = `${prefix}${key}`;
    const inside: Readonly<Record<string, FieldValue>> = isMap(part)
      ? flat(part, [...path, key], report, `${name}.`)
      : { [name]: fieldValue(part, [...path, key], report) };
    for (const [field, one] of Object.entries(inside)) {
      if (Object.hasOwn(row, field))
        report(
          error('value', [...path, key], `the field ${field} stands in this row twice`, 'Keep one of them.'),
        );
      row[field] = one;
    }
  }
  return row;
}

function fieldValue(value: unknown, path: Path, report: Report): FieldValue {
  if (isScalar(value) || value === null) return value;
  if (Array.isArray(value) && value.every((item) => isScalar(item) || item === null)) return value;
  report(
    error(
      'value',
      path,
      'a field holds a text, a number, a truth value, null, or a list of these',
      'Write it flat.',
    ),
  );
  return null;
}

const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** The dataset's times apart from all other fields. An event that says nothing of its arrival came in when it happened. */
function rowOf(row: Record<string, FieldValue>, dataset: Dataset, path: Path, report: Report): TestRow {
  const names = timesOf(dataset);
  const times: Record<string, Instant | null> = {};
  for (const name of names) {
    if (Object.hasOwn(row, name)) times[name] = readTime(row[name], [...path, name], report);
  }
  if (dataset.kind !== 'snapshot' && dataset.ingested !== null && times[dataset.ingested] === undefined) {
    const own = dataset.kind === 'events' ? (times[dataset.time] ?? null) : null;
    if (own === null)
      report(
        error('missing-key', path, `\`${dataset.ingested}\` is missing`, 'Write when this row came in.'),
      );
    times[dataset.ingested] = own;
  }
  const needed = dataset.kind === 'events' ? dataset.time : dataset.kind === 'records' ? dataset.key : null;
  if (needed !== null && !Object.hasOwn(row, needed))
    report(
      error(
        'missing-key',
        path,
        `\`${needed}\` is missing`,
        `The dataset ${dataset.name} says that rows have it.`,
      ),
    );
  return { times, fields: Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name))) };
}

function readTime(value: FieldValue, path: Path, report: Report): Instant | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return readInstant(value, path, report);
  report(error('date', path, 'a time must be a text', 'Write it as 2026-01-31T22:00:00Z.'));
  return null;
}

/** The fields that the dataset declares to be times. */
function timesOf(dataset: Dataset): string[] {
  if (dataset.kind === 'snapshot') return [];
  const own = dataset.kind === 'events' ? [dataset.time] : [dataset.opened, ...dataset.closed, dataset.due];
  return [...new Set([...own, dataset.ingested].filter((field) => field !== null))];
}
