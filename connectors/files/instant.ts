/** Times as milliseconds since 1970, by the formats that the configuration names. */
import { type Field, onlyValue } from './field.ts';
import { join, type Sql, sql, text } from './sql.ts';
import { numeric, type Views } from './views.ts';

/**
 * NULL where the field is no time. Without formats: ISO 8601, or seconds (10 digits) or milliseconds (13 digits)
 * since 1970; other numbers are too easily something else.
 */
export function instantOf(field: Field, formats: readonly string[], timeZone: string): Sql {
  if (field.instant !== null) return field.instant;
  return onlyValue(field, (views) => {
    const attempts = (formats.length > 0 ? formats : ['iso', 'epoch']).map((format) =>
      attempt(views, format, timeZone),
    );
    return sql`coalesce(${join(attempts, ', ')})`;
  });
}

function attempt(views: Views, format: string, timeZone: string): Sql {
  const number = numeric(views);
  const seconds = sql`CAST(floor(round(${number} * 1e6) / 1e3) AS BIGINT)`;
  const milliseconds = sql`CAST(floor(${number}) AS BIGINT)`;
  if (format === 'epoch_s') return seconds;
  if (format === 'epoch_ms') return milliseconds;
  if (format === 'epoch') {
    return sql`CASE WHEN ${number} BETWEEN 1e9 AND 9999999999.999999 THEN ${seconds} WHEN ${number} BETWEEN 1e12 AND 9999999999999 THEN ${milliseconds} END`;
  }
  if (views.string === null) return sql`CAST(NULL AS BIGINT)`;
  // Times without a zone are taken in that of the session.
  if (format === 'iso') return sql`epoch_ms(try_cast(${views.string} AS TIMESTAMPTZ))`;
  const time = sql`try_strptime(${views.string}, ${text(format)})`;
  if (timeZone === 'UTC' || /%[zZ]/.test(format)) return sql`epoch_ms(${time})`;
  return sql`epoch_ms(timezone(current_setting('TimeZone'), ${time}))`;
}
