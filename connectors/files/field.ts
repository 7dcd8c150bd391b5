/**
 * What one field of a row is in SQL: as text, as number, as boolean, with one value or several. Filters, groups and
 * aggregates are written over these views, and so mean the same over every format.
 */
import { FALSE, int, join, NULL, type Sql, sql, text, texts } from './sql.ts';

/** One value, seen in each way; a view that does not apply is NULL, and all are where there is no value. */
export interface Views {
  /** The canonical text of any value. */
  readonly text: Sql;
  /** The value, where it is a text. */
  readonly string: Sql | null;
  /** The value as a double, where it is a number. */
  readonly number: Sql | null;
  readonly boolean: Sql | null;
  /** The value, where the column holds whole numbers of 64 bits: lets comparisons stay whole. */
  readonly integer: Sql | null;
}

export interface Field {
  /** `one` value a row, a list of `many`, or JSON, which may be `either`. */
  readonly shape: 'one' | 'many' | 'either';
  readonly column: Sql;
  readonly views: (value: Sql) => Views;
  /** Milliseconds, where the column is a native time. */
  readonly instant: Sql | null;
  /** A condition on a native time that lets whole parts of a file be skipped; it holds at least from `start` to `end`. */
  readonly near?: (start: number, end: number) => Sql;
}

export type DeclaredType = 'number' | 'text' | 'time' | 'boolean' | undefined;

/** A column of texts, of which some stand for no value. */
export function textField(column: Sql, nulls: readonly string[], declared?: DeclaredType): Field {
  return { shape: 'one', column, instant: null, views: (value) => textViews(value, nulls, declared) };
}

export function textViews(value: Sql, nulls: readonly string[], declared: DeclaredType): Views {
  const string =
    nulls.length === 0
      ? value
      : sql`CASE WHEN ${value} NOT IN (${join(nulls.map(text), ', ')}) THEN ${value} END`;
  return declaredViews({ text: string, string, number: null, boolean: null, integer: null }, declared);
}

export function integerViews(value: Sql): Views {
  return {
    text: sql`CAST(${value} AS VARCHAR)`,
    string: null,
    number: sql`CAST(${value} AS DOUBLE)`,
    boolean: null,
    integer: value,
  };
}

export function numberViews(value: Sql): Views {
  return { text: sql`c9_text(${value})`, string: null, number: value, boolean: null, integer: null };
}

export function booleanViews(value: Sql): Views {
  return { text: sql`CAST(${value} AS VARCHAR)`, string: null, number: null, boolean: value, integer: null };
}

/** A native time: as text it is ISO 8601 in UTC, with milliseconds. */
export function timeField(column: Sql, instant: Sql, near?: Field['near']): Field {
  const iso = sql`strftime(make_timestamp(${instant} * 1000), '%Y-%m-%dT%H:%M:%S.%gZ')`;
  return {
    shape: 'one',
    column,
    instant,
    ...(near === undefined ? {} : { near }),
    views: () => ({ text: iso, string: iso, number: null, boolean: null, integer: null }),
  };
}

/** A value as JSON text, or a JSON array of such; objects, arrays within arrays and JSON's null are no values. */
export function jsonField(column: Sql, nulls: readonly string[], declared?: DeclaredType): Field {
  return { shape: 'either', column, instant: null, views: (value) => jsonViews(value, nulls, declared) };
}

function jsonViews(value: Sql, nulls: readonly string[], declared: DeclaredType): Views {
  const string = sql`CASE WHEN starts_with(${value}, '"') THEN json_extract_string(${value}, '$') END`;
  const strings = textViews(string, nulls, undefined);
  const isNumber = sql`regexp_matches(${value}, '^-?[0-9]')`;
  const number = sql`CASE WHEN ${isNumber} THEN try_cast(${value} AS DOUBLE) END`;
  const boolean = sql`CASE ${value} WHEN 'true' THEN true WHEN 'false' THEN false END`;
  // A whole number keeps its digits, also those that a double can't hold.
  const whole = sql`CASE WHEN regexp_matches(${value}, '^-?[0-9]+$') AND ${value} <> '-0' THEN ${value} ELSE c9_text(${number}) END`;
  const views: Views = {
    text: sql`CASE WHEN starts_with(${value}, '"') THEN ${strings.text} WHEN ${isNumber} THEN ${whole} WHEN ${value} IN ('true', 'false') THEN ${value} END`,
    string: strings.text,
    number,
    boolean,
    integer: null,
  };
  return declaredViews(views, declared);
}

/** What the configuration says that a field is goes before what the file shows. */
function declaredViews(views: Views, declared: DeclaredType): Views {
  const { text: canonical } = views;
  switch (declared) {
    case 'number': {
      const number = sql`c9_number(${canonical})`;
      return {
        text: sql`coalesce(c9_text(${number}), ${canonical})`,
        string: sql`CASE WHEN ${number} IS NULL THEN ${canonical} END`,
        number,
        boolean: null,
        integer: null,
      };
    }
    case 'boolean': {
      const folded = sql`c9_fold(${canonical})`;
      return {
        text: sql`CASE WHEN ${folded} IN ('true', 'false') THEN ${folded} ELSE ${canonical} END`,
        string: sql`CASE WHEN ${folded} NOT IN ('true', 'false') THEN ${canonical} END`,
        number: null,
        boolean: sql`CASE ${folded} WHEN 'true' THEN true WHEN 'false' THEN false END`,
        integer: null,
      };
    }
    case 'text':
      return { text: canonical, string: canonical, number: null, boolean: null, integer: null };
    default:
      return views;
  }
}

/** Whether any value of the field passes. Not more than unknown where it has none: `known()` makes it false. */
export function anyValue(field: Field, test: (views: Views) => Sql): Sql {
  const { column } = field;
  if (field.shape === 'one') return test(field.views(column));
  const element = sql`v`;
  const any = sql`len(list_filter(${listOf(field)}, lambda v: ${test(field.views(element))})) > 0`;
  if (field.shape === 'many') return any;
  return sql`CASE WHEN starts_with(${column}, '[') THEN ${any} ELSE ${test(field.views(column))} END`;
}

/** All values of the field as canonical texts, each once. */
export function valueTexts(field: Field): Sql {
  const { column } = field;
  const one = sql`list_filter([${field.views(column).text}], lambda w: w IS NOT NULL)`;
  if (field.shape === 'one') return one;
  const transformed = sql`list_transform(${listOf(field)}, lambda v: ${field.views(sql`v`).text})`;
  const many = sql`list_distinct(list_filter(${transformed}, lambda w: w IS NOT NULL))`;
  if (field.shape === 'many') return many;
  return sql`CASE WHEN starts_with(${column}, '[') THEN ${many} ELSE ${one} END`;
}

/** The field as a finite number: NULL where it has no value, is no number or has several values. */
export function numberOf(field: Field): Sql {
  const { column } = field;
  if (field.shape === 'one') return numeric(field.views(column));
  const values = sql`list_filter(${listOf(field)}, lambda v: ${field.views(sql`v`).text} IS NOT NULL)`;
  const many = sql`CASE WHEN len(${values}) = 1 THEN ${numeric(field.views(sql`${values}[1]`))} END`;
  if (field.shape === 'many') return many;
  return sql`CASE WHEN starts_with(${column}, '[') THEN ${many} ELSE ${numeric(field.views(column))} END`;
}

/** A value as a finite number, also one that is held as text. */
export function numeric(views: Views): Sql {
  const held = views.string === null ? null : sql`c9_number(${views.string})`;
  const number = views.number ?? held ?? NULL;
  const either = views.number !== null && held !== null ? sql`coalesce(${number}, ${held})` : number;
  if (views.integer !== null || views.number === null) return sql`CAST(${either} AS DOUBLE)`;
  return sql`CASE WHEN isfinite(${either}) THEN ${either} END`;
}

export function hasValue(field: Field): Sql {
  return anyValue(field, (views) => sql`${views.text} IS NOT NULL`);
}

/** The only value, for fields that must have one: NULL where there are several. */
export function single(field: Field): Views {
  if (field.shape !== 'many') return field.views(field.column);
  return field.views(sql`CASE WHEN len(${field.column}) = 1 THEN ${field.column}[1] END`);
}

function listOf({ shape, column }: Field): Sql {
  return shape === 'many' ? column : sql`CAST(from_json(${column}, '["JSON"]') AS VARCHAR[])`;
}

/** A field that no row has. */
export const ABSENT: Field = textField(sql`CAST(NULL AS VARCHAR)`, []);

/**
 * The field as milliseconds since 1970, by the formats that the configuration names. Without any: ISO 8601, or
 * seconds (10 digits) or milliseconds (13 digits) since 1970; other numbers are too easily something else.
 */
export function instantOf(field: Field, formats: readonly string[], timeZone: string): Sql {
  if (field.instant !== null) return field.instant;
  const views = single(field);
  const { string } = views;
  const number = numeric(views);
  const attempts = (formats.length > 0 ? formats : ['iso', 'epoch']).map((format) => {
    if (format === 'epoch') return guessed(number);
    if (format === 'epoch_s') return sql`CAST(floor(round(${number} * 1e6) / 1e3) AS BIGINT)`;
    if (format === 'epoch_ms') return sql`CAST(floor(${number}) AS BIGINT)`;
    if (string === null) return NULL;
    if (format === 'iso') return sql`epoch_ms(try_cast(${string} AS TIMESTAMPTZ))`;
    return parsed(string, format, timeZone);
  });
  return attempts.length === 1 && attempts[0] !== undefined
    ? attempts[0]
    : sql`coalesce(${join(attempts, ', ')})`;
}

function guessed(number: Sql): Sql {
  const seconds = sql`CAST(floor(round(${number} * 1e6) / 1e3) AS BIGINT)`;
  const milliseconds = sql`CAST(floor(${number}) AS BIGINT)`;
  return sql`CASE WHEN ${number} >= 1e9 AND ${number} < 1e10 THEN ${seconds} WHEN ${number} >= 1e12 AND ${number} < 1e13 THEN ${milliseconds} END`;
}

function parsed(string: Sql, format: string, timeZone: string): Sql {
  const time = sql`try_strptime(${string}, ${text(format)})`;
  if (timeZone === 'UTC' || /%[zZ]/.test(format)) return sql`epoch_ms(${time})`;
  return sql`epoch_ms(timezone(current_setting('TimeZone'), ${time}))`;
}

/** Whether a value is one of a few texts. */
export function isOneOf(value: Sql, list: readonly string[]): Sql {
  if (list.length === 0) return FALSE;
  return list.length === 1 && list[0] !== undefined
    ? sql`${value} = ${text(list[0])}`
    : sql`list_contains(${texts(list)}, ${value})`;
}

/** A whole number, or null where it is none that a double and a 64-bit integer share. */
export function wholeNumber(value: number): Sql | null {
  return Number.isSafeInteger(value) && Math.abs(value) < Number.MAX_SAFE_INTEGER ? int(value) : null;
}
