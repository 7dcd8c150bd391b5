/** A row of results: texts only. An absent cell is no value, never 0; what should be a number and is none is an error. */
import { ConnectorError } from '../../src/core/errors.ts';
import { NUMBER_TEXT } from '../../src/core/filter/value.ts';

export type ResultCell = string | readonly string[] | null;
export type ResultRow = Readonly<Record<string, ResultCell>>;

const numberText = new RegExp(NUMBER_TEXT);

/** Null where the cell is absent. Throws where it holds anything but one finite number. */
export function numberIn(row: ResultRow, column: string): number | null {
  const cell = row[column] ?? null;
  if (cell === null) return null;
  const value = typeof cell === 'string' && numberText.test(cell) ? Number(cell) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new ConnectorError(`Splunk answered ${JSON.stringify(cell)} where a number was asked for`, {
    retryable: false,
    help: `The column is ${column} of the search in the evidence.`,
  });
}

/** A count: throws where it has lost digits. */
export function countIn(row: ResultRow, column: string): number {
  const value = numberIn(row, column);
  if (value !== null && Number.isSafeInteger(value) && value >= 0) return value;
  throw new ConnectorError(`Splunk answered no exact count in ${column}`, { retryable: false });
}

/** Throws where the cell is absent or holds several values: a group or distinct value is one text. */
export function textIn(row: ResultRow, column: string): string {
  const cell = row[column] ?? null;
  if (typeof cell === 'string') return cell;
  throw new ConnectorError(`Splunk answered ${JSON.stringify(cell)} where one text was asked for`, {
    retryable: false,
    help: `The column is ${column} of the search in the evidence.`,
  });
}
