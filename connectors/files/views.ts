/**
 * What one value is in SQL: as text, as number, as boolean. Filters, groups and aggregates are written over these
 * views, and so mean the same over every format.
 */
import { join, type Sql, sql, text } from './sql.ts';

/** One value, seen in each way; a view that does not apply is null, or NULL in SQL, as all are where there is no value. */
export interface Views {
  /** Whether there is a value: never unknown. */
  readonly present: Sql;
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

export type DeclaredType = 'number' | 'text' | 'time' | 'boolean' | undefined;

/** Texts, of which some stand for no value. */
export function textViews(value: Sql, nulls: readonly string[], declared: DeclaredType): Views {
  const tokens = join(nulls.map(text), ', ');
  const string = nulls.length === 0 ? value : sql`CASE WHEN ${value} NOT IN (${tokens}) THEN ${value} END`;
  return declaredViews(stringViews(string), declared);
}

function stringViews(string: Sql): Views {
  return {
    present: sql`${string} IS NOT NULL`,
    text: string,
    string,
    number: null,
    boolean: null,
    integer: null,
  };
}

export function integerViews(value: Sql): Views {
  const number = sql`CAST(${value} AS DOUBLE)`;
  return { ...absent(value), text: sql`CAST(${value} AS VARCHAR)`, number, integer: value };
}

export function numberViews(value: Sql): Views {
  return { ...absent(value), text: sql`c9_text(${value})`, number: value };
}

export function booleanViews(value: Sql): Views {
  return { ...absent(value), text: sql`CAST(${value} AS VARCHAR)`, boolean: value };
}

function absent(value: Sql): Omit<Views, 'text'> {
  return { present: sql`${value} IS NOT NULL`, string: null, number: null, boolean: null, integer: null };
}

/** A native time, given in milliseconds: as text it is ISO 8601 in UTC. */
export function timeViews(instant: Sql): Views {
  const iso = sql`strftime(make_timestamp(${instant} * 1000), '%Y-%m-%dT%H:%M:%S.%gZ')`;
  return { ...absent(instant), text: iso, string: iso };
}

/** A value as JSON text; objects, arrays and JSON's null are no values. */
export function jsonViews(value: Sql, nulls: readonly string[], declared: DeclaredType): Views {
  const string = sql`CASE WHEN starts_with(${value}, '"') THEN json_extract_string(${value}, '$') END`;
  const strings = textViews(string, nulls, undefined);
  const isNumber = sql`regexp_matches(${value}, '^-?[0-9]')`;
  const number = sql`CASE WHEN ${isNumber} THEN try_cast(${value} AS DOUBLE) END`;
  // A whole number keeps its digits, also those that a double can't hold.
  const isWhole = sql`regexp_matches(${value}, '^(0|-?[1-9][0-9]*)$')`;
  const written = sql`CASE WHEN ${isWhole} THEN ${value} ELSE c9_text(${number}) END`;
  const canonical = sql`CASE WHEN starts_with(${value}, '"') THEN ${strings.text} WHEN ${isNumber} THEN ${written} WHEN ${value} IN ('true', 'false') THEN ${value} END`;
  const views: Views = {
    present: sql`${canonical} IS NOT NULL`,
    text: canonical,
    string: strings.text,
    number,
    boolean: sql`CASE ${value} WHEN 'true' THEN true WHEN 'false' THEN false END`,
    integer: null,
  };
  return declaredViews(views, declared);
}

/** What the configuration says that a field is goes before what the file shows. */
function declaredViews(views: Views, declared: DeclaredType): Views {
  const { text: canonical } = views;
  if (declared === 'text') {
    return stringViews(canonical);
  }
  if (declared === 'number') {
    const number = sql`c9_number(${canonical})`;
    return {
      ...views,
      text: sql`coalesce(c9_text(${number}), ${canonical})`,
      string: sql`CASE WHEN ${number} IS NULL THEN ${canonical} END`,
      number,
      boolean: null,
      integer: null,
    };
  }
  if (declared === 'boolean') {
    const folded = sql`c9_fold(${canonical})`;
    return {
      ...views,
      text: sql`CASE WHEN ${folded} IN ('true', 'false') THEN ${folded} ELSE ${canonical} END`,
      string: sql`CASE WHEN ${folded} NOT IN ('true', 'false') THEN ${canonical} END`,
      number: null,
      boolean: sql`CASE ${folded} WHEN 'true' THEN true WHEN 'false' THEN false END`,
      integer: null,
    };
  }
  return views;
}

/** All views of a value in one: what is costly to see is seen once. NULL where there is no value. */
export function pack(views: Views): Sql {
  const kinds = [
    views.string === null ? sql`` : sql`WHEN ${views.string} IS NOT NULL THEN 's' `,
    views.number === null ? sql`` : sql`WHEN ${views.number} IS NOT NULL THEN 'n' `,
    views.boolean === null ? sql`` : sql`WHEN ${views.boolean} IS NOT NULL THEN 'b' `,
  ];
  const kind = sql`CASE ${kinds[0] ?? sql``}${kinds[1] ?? sql``}${kinds[2] ?? sql``}END`;
  const number = views.number ?? sql`CAST(NULL AS DOUBLE)`;
  return sql`struct_pack(text := ${views.text}, number := ${number}, kind := ${kind})`;
}

/** The views of a packed value. */
export function packedViews(value: Sql): Views {
  const canonical = sql`struct_extract(${value}, 'text')`;
  const kind = sql`struct_extract(${value}, 'kind')`;
  return {
    present: sql`${canonical} IS NOT NULL`,
    text: canonical,
    string: sql`CASE WHEN ${kind} = 's' THEN ${canonical} END`,
    number: sql`struct_extract(${value}, 'number')`,
    boolean: sql`CASE WHEN ${kind} = 'b' THEN ${canonical} = 'true' END`,
    integer: null,
  };
}

/** A value as a finite number, also one that is held as text. */
export function numeric({ string, number, integer }: Views): Sql {
  if (integer !== null) return sql`CAST(${integer} AS DOUBLE)`;
  const held = string === null ? null : sql`c9_number(${string})`;
  if (number === null) return held ?? sql`CAST(NULL AS DOUBLE)`;
  const either = held === null ? number : sql`coalesce(${number}, ${held})`;
  return sql`CASE WHEN isfinite(${either}) THEN ${either} END`;
}
