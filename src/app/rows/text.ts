/** The rows behind a number as the command prints them: a table for each measure. */
import type { FieldValue, Row } from '../../core/filter/model.ts';
import { formatInstant } from '../../core/time/interval.ts';
import type { MeasureRows } from './reader.ts';
import type { RowsAnswer } from './rows.ts';

/** Characters of a cell. */
const WIDEST = 40;

export function rowsText({ window, measures }: RowsAnswer): string {
  const head = `${formatInstant(window.start)} – ${formatInstant(window.end)}`;
  return [head, ...measures.map(measureText)].join('\n\n');
}

function measureText({ measure, dataset, what, columns, rows, total, notes }: MeasureRows): string {
  const shown = columns.filter((name) => rows.some((row) => hasValue(row[name])));
  return [
    `${measure}: ${howMany(rows.length, total)} ${what} of ${dataset}`,
    ...notes.map((note) => `  ${note}`),
    ...(rows.length === 0 ? [] : [table(shown, rows)]),
  ].join('\n');
}

/** `the newest 100 of 12,345`, or how many there are. */
export function howMany(shown: number, total: number | null): string {
  if (total === null) return `the newest ${shown.toLocaleString('en')}, of how many can't be told,`;
  return shown === total
    ? total.toLocaleString('en')
    : `the newest ${shown.toLocaleString('en')} of ${total.toLocaleString('en')}`;
}

const hasValue = (value: FieldValue): boolean => value !== null && value !== undefined;

function table(columns: readonly string[], rows: readonly Row[]): string {
  const cells = [columns, ...rows.map((row) => columns.map((name) => cellText(row[name])))];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  const line = (texts: readonly string[]) =>
    `  ${texts.map((text, at) => text.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd();
  return cells.map(line).join('\n');
}

/** Without what a terminal would obey: the text is whoever's wrote the log. */
function cellText(value: FieldValue): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? value.map(String).join(', ') : String(value);
  const plain = text.replace(/\p{Cc}+/gu, ' ');
  return plain.length > WIDEST ? `${plain.slice(0, WIDEST - 1)}…` : plain;
}
