/** Times in fields, which Splunk holds as text. */
import { numericValue } from '../../src/core/filter/value.ts';
import { type Grain, type Instant, parseInstant } from '../../src/core/time/interval.ts';
import type { ResultCell } from './row.ts';

export type TimeFormat = 'iso' | 'epoch_s' | 'epoch_ms';

/**
 * Null for what is no time. Without a format: ISO 8601 with its zone (a blank may stand for the T), or seconds (10
 * digits) or milliseconds (13 digits) since 1970; other numbers are too easily something else.
 */
export function instantOf(cell: ResultCell, format?: TimeFormat): Instant | null {
  if (typeof cell !== 'string') return null;
  const number = numericValue(cell);
  const seconds = number === null ? null : Math.floor(Math.round(number * 1e6) / 1e3);
  if (format === 'epoch_s') return seconds;
  if (format === 'epoch_ms') return number === null ? null : Math.floor(number);
  if (number === null || format === 'iso') return parseInstant(zoned(cell));
  if (/^[0-9]{10}(\.|$)/.test(cell)) return seconds;
  return /^[0-9]{13}(\.|$)/.test(cell) ? Math.floor(number) : null;
}

/** `2026-03-29 00:00:00+0100` as ISO 8601 writes it. */
function zoned(text: string): string {
  return text
    .replace(/^(\d{4}-\d{2}-\d{2})[ t](?=\d)/, '$1T')
    .replace(/ ?z$/i, 'Z')
    .replace(/ ?([+-]\d{2})(\d{2})?$/, (all, hours: string, minutes?: string) =>
      all.includes(':') ? all : `${hours}:${minutes ?? '00'}`,
    );
}

/** Seconds of a `span` of `tstats`: minutes begin where slices do in every zone; longer spans would follow the user's. */
export const spanOf = (grain: Grain): number => Math.min(grain / 1000, 900);
