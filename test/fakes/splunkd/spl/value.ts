/** Cells of a row, and how Splunk reads and prints numbers. */
import type { Dialect } from '../model.ts';

/** What a row holds. A number came from an expression; everything read from an event is text. */
export type Cell = string | number | readonly string[];
export type Row = Map<string, Cell>;
/** A row that is only looked at. */
export type SeenRow = ReadonlyMap<string, Cell>;

/** An error as Splunk tells it. `refusal`: the POST is answered 400; `failure`: the job fails. */
export class SplError extends Error {
  readonly kind: 'refusal' | 'failure';

  constructor(kind: 'refusal' | 'failure', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The search is one whose answer on a real Splunk we don't know. The job fails, rather than that a guess passes for the truth. */
export function notKnown(what: string): SplError {
  return new SplError('failure', `fake splunkd: nobody knows here what Splunk does with ${what}`);
}

const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const STRTOD = /^\s*([+-]?)(0x[0-9a-f]+|inf|infinity|nan|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)$/i;

/** The number that a text stands for; null where it is none. */
export function parseNumber(text: string, dialect: Pick<Dialect, 'numbers'>): number | null {
  if (PLAIN.test(text)) return Number(text);
  if (dialect.numbers === 'plain') return null;
  const match = STRTOD.exec(text);
  if (match === null) return null;
  const body = (match[2] ?? '').toLowerCase();
  const size = body.startsWith('inf') ? Number.POSITIVE_INFINITY : body === 'nan' ? Number.NaN : Number(body);
  return match[1] === '-' ? -size : size;
}

/** As Splunk prints a double: integers in full, others to the dialect's digits without trailing zeros. */
export function formatNumber(value: number, dialect: Pick<Dialect, 'digits'>): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0';
  if (Number.isInteger(value)) return Math.abs(value) < 1e21 ? String(value) : BigInt(value).toString();
  const shortest = dialect.digits === 17 ? String(value) : String(Number(value.toPrecision(15)));
  return shortest.replace(/e([+-])(\d)$/, 'e$10$2');
}

export function cellText(cell: string | number, dialect: Pick<Dialect, 'digits'>): string {
  return typeof cell === 'number' ? formatNumber(cell, dialect) : cell;
}

export function cellTexts(cell: Cell | undefined, dialect: Pick<Dialect, 'digits'>): readonly string[] {
  if (cell === undefined) return [];
  return typeof cell === 'object' ? cell : [cellText(cell, dialect)];
}

/** Several values stay several; one is one; none is no field. */
export function setCell(row: Row, name: string, cell: Cell | null): void {
  if (cell === null || (typeof cell === 'object' && cell.length === 0)) row.delete(name);
  else row.set(name, typeof cell === 'object' && cell.length === 1 ? (cell[0] ?? '') : cell);
}

export function foldText(text: string, dialect: Pick<Dialect, 'fold'>): string {
  if (dialect.fold === 'unicode') return text.toLowerCase();
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Byte order of UTF-8, which is the order of code points. */
export function compareTexts(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
