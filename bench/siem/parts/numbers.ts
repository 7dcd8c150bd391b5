/** What the programs are told on the command line, and how they print what they found. */
import { parseArgs } from 'node:util';

/** `--documents 500000`: numbers by name, each with its default; a list as `--kpis 1,100`. */
export function numbersOf<K extends string>(
  defaults: Readonly<Record<K, readonly number[]>>,
): (name: K) => readonly number[] {
  const options = Object.fromEntries(
    Object.keys(defaults).map((name) => [name, { type: 'string' as const }]),
  );
  const { values } = parseArgs({ options });
  return (name) => {
    const given = values[name];
    if (typeof given !== 'string') return defaults[name];
    const numbers = given.split(',').map(Number);
    if (numbers.some((one) => !(one > 0))) throw new Error(`--${name}: write numbers above 0`);
    return numbers;
  };
}

export function oneOf(numbers: readonly number[]): number {
  const [first] = numbers;
  if (first === undefined) throw new Error('a number is missing');
  return first;
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

/** Cycles an hour apart describe each dataset anew, which a service does every 15 minutes. */
export const PROBE =
  'Of the searches of a dataset one asks for the time of the server and matches nothing (every 15 minutes).';

/** The first column to the left, numbers to the right. */
export function printTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const text = [head, ...rows].map((row) => row.map(show));
  const widths = head.map((_, c) => Math.max(...text.map((row) => row[c]?.length ?? 0)));
  for (const row of text) {
    const cells = row.map((cell, c) =>
      c === 0 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0),
    );
    console.log(cells.join('  '));
  }
}

const show = (cell: string | number): string => {
  if (typeof cell === 'string') return cell;
  return cell.toLocaleString('en', { maximumFractionDigits: Math.abs(cell) < 10 ? 1 : 0 });
};

export function goal(text: string, isMet: boolean): void {
  console.log(`${isMet ? 'met   ' : 'MISSED'}  ${text}`);
}
