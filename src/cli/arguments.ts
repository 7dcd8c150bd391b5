/** What commands share: how arguments are written, options that many have, and whether colours show. */
import { InvalidArgumentError, Option } from 'commander';
import { type Instant, type Interval, parseDuration, parseInstant } from '../core/time/interval.ts';

export const print = (text: string) => process.stdout.write(`${text}\n`);
export const inColor = (stream: NodeJS.WriteStream) =>
  stream.isTTY === true && process.env.NO_COLOR === undefined;

export const configOption = ['-c, --config <file>', 'configuration', './clause9.yaml'] as const;
export const sinceHelp = ' (a day, or an instant such as 2016-04-01T00:00:00Z)';
export const outputOption = (formats: readonly string[]) =>
  new Option('-o, --output <format>', 'how to print').choices(formats).default('text');

/** An instant, or a day for its first instant in UTC. */
export function instantArgument(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === null) throw new InvalidArgumentError('Write 2016-04-01, or 2016-04-01T00:00:00Z.');
  return instant;
}

export function windowArgument(text: string): { readonly at: Instant } | { readonly window: Interval } {
  const [start, end, ...more] = text.split('/').map(instantArgument);
  if (start === undefined || more.length > 0) throw new InvalidArgumentError('Write START or START/END.');
  return end === undefined ? { at: start } : { window: { start, end } };
}

export const rowsWindowArgument = (text: string) => (text === 'last' ? text : windowArgument(text));

export function groupArgument(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write field=value, once a field.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Milliseconds. */
export function durationArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms === null || ms <= 0) throw new InvalidArgumentError('Write a duration such as 7d or 12h.');
  return ms;
}

export function countArgument(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new InvalidArgumentError('Write a whole number from 1 on.');
  return count;
}

/** `HOST:PORT`, as in clause9.yaml. */
export function addressArgument(text: string): { readonly host: string; readonly port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  if (match?.[1] === undefined) throw new InvalidArgumentError('Write HOST:PORT, such as 0.0.0.0:9464.');
  return { host: match[1].replace(/^\[(.*)\]$/, '$1'), port: Number(match[2]) };
}

/** Aborted by Ctrl-C. */
export function interruptible(): AbortSignal {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new Error('interrupted')));
  return stop.signal;
}
