/** Query parameters as typed values: instants, windows, groups and the paging cursor. */
import { z } from 'zod';
import { type Instant, type Interval, parseInstant } from '../core/time/interval.ts';

/** An ISO instant, or a day, which stands for its first instant in UTC. */
export const instant = z.string().transform((text, context): Instant => {
  const parsed = parseInstant(text);
  if (parsed !== null) return parsed;
  context.addIssue('write an instant as 2016-04-01T00:00:00Z, or a day as 2016-04-01 (in a URL, + is %2B)');
  return z.NEVER;
});

/** Either the start of a window, or `start/end`. */
export const windowSelector = z
  .string()
  .transform((text, context): { readonly at: Instant } | { readonly window: Interval } => {
    const ends = text.split('/').map((end) => instant.safeParse(end).data);
    const [start, end] = ends;
    if (ends.length === 1 && start !== undefined) return { at: start };
    if (ends.length === 2 && start !== undefined && end !== undefined && start < end)
      return { window: { start, end } };
    context.addIssue('write a window as its start, 2016-03-01, or as 2016-03-01/2016-04-01');
    return z.NEVER;
  });

/** `field=value`, repeated for each group field; `total` is the KPI's own (null). */
export const group = z
  .union([z.string(), z.array(z.string())])
  .transform((input, context): Readonly<Record<string, string>> | null => {
    const parts = typeof input === 'string' ? [input] : input;
    if (parts.length === 1 && parts[0] === 'total') return null;
    const pairs = parts.map((part): [string, string] => {
      const at = part.indexOf('=');
      return [part.slice(0, Math.max(at, 0)), part.slice(at + 1)];
    });
    if (pairs.some(([field]) => field === ''))
      context.addIssue('write a group as field=value, once a field, or as total');
    return Object.fromEntries(pairs);
  });

/** Where a page of results ended: the last row's window end, and how many rows of that end were given. */
export interface Cursor {
  readonly end: Instant;
  readonly given: number;
}

/** The cursor as an opaque text. */
export const writeCursor = (cursor: Cursor): string =>
  Buffer.from(`${cursor.end}:${cursor.given}`).toString('base64url');

export const cursor = z.string().transform((text, context): Cursor => {
  const match = /^(-?\d{1,16}):(\d{1,9})$/.exec(Buffer.from(text, 'base64url').toString());
  if (match === null) {
    context.addIssue('take the cursor from `next` of the page before');
    return z.NEVER;
  }
  return { end: Number(match[1]), given: Number(match[2]) };
});

/** Both spellings are taken: `asOf` as in rows, `as-of` as on the command line. */
export const asOfParameters = {
  asOf: instant.optional().describe('What was known at this instant'),
  'as-of': instant.optional().describe('The same as `asOf`'),
};
