/** The fields of an index expression, and which of them can be asked for what. */
import { nearest } from '../../../src/core/definition/suggest.ts';
import type { ConnectorError } from '../../../src/core/errors.ts';
import type { FieldType, FieldTypes } from '../../../src/ports/connector.ts';
import { refusal } from './failure.ts';

/** How a field can be asked: as exact texts, numbers …, or (`prose`) only whether it is there. */
export type Family = 'keyword' | 'number' | 'boolean' | 'time' | 'address' | 'prose';

export interface NativeField {
  /** Native type → the indices that have it so; none named where all do. */
  readonly types: ReadonlyMap<string, readonly string[]>;
  readonly family: Family | 'mixed' | 'unknown';
  readonly aggregatable: boolean;
  /** Indices that don't know the field: what their events hold in it can't be seen. */
  readonly unmapped: readonly string[];
}

export interface Schema {
  readonly where: string;
  readonly fields: ReadonlyMap<string, NativeField>;
  /** By the path of a keyword: all values that it has in the events that are asked for, where they were read. */
  readonly valuesOf?: (path: string) => readonly string[] | undefined;
}

/** A field as it is asked for. */
export interface Resolved {
  readonly name: string;
  /** Where its exact values are indexed: `message.keyword` for a text that has such a part. */
  readonly path: string;
  readonly family: Family;
  /** `long`, `double`, `keyword` … */
  readonly type: string;
  /** Whether its values can be had as they are indexed (doc_values). */
  readonly hasColumn: boolean;
}

const FAMILIES: Readonly<Record<string, Family>> = {
  keyword: 'keyword',
  constant_keyword: 'keyword',
  wildcard: 'keyword',
  text: 'prose',
  match_only_text: 'prose',
  long: 'number',
  integer: 'number',
  short: 'number',
  byte: 'number',
  unsigned_long: 'number',
  double: 'number',
  float: 'number',
  half_float: 'number',
  scaled_float: 'number',
  boolean: 'boolean',
  date: 'time',
  date_nanos: 'time',
  ip: 'address',
};

export const familyOf = (type: string): NativeField['family'] => FAMILIES[type] ?? 'unknown';

const PORT_TYPES: Readonly<Record<NativeField['family'], FieldType>> = {
  keyword: 'text',
  prose: 'text',
  number: 'number',
  boolean: 'boolean',
  time: 'time',
  address: 'address',
  mixed: 'mixed',
  unknown: 'unknown',
};

/** Metadata such as `_id` is left out. */
export function portTypes({ fields }: Schema): FieldTypes {
  return Object.fromEntries(
    [...fields]
      .filter(([name]) => !name.startsWith('_'))
      .map(([name, { family }]) => [name, PORT_TYPES[family]]),
  );
}

const NATIVE: Readonly<Partial<Record<FieldType, string>>> = {
  text: 'keyword',
  number: 'double',
  boolean: 'boolean',
  time: 'date',
  address: 'ip',
};

/** Where a call comes before any probe: what the caller remembers of one. */
export function schemaOfTypes(types: FieldTypes, where: string): Schema {
  const fields = Object.entries(types).flatMap(([name, type]): [string, NativeField][] => {
    const one = NATIVE[type];
    if (one === undefined) return [];
    const family = familyOf(one);
    return [[name, { types: new Map([[one, []]]), family, aggregatable: true, unmapped: [] }]];
  });
  return { where, fields: new Map(fields) };
}

/** Throws `ConnectorError` for a field that is unknown, or that can't be asked at all. */
export function resolve(schema: Schema, name: string): Resolved {
  const field = schema.fields.get(name);
  if (field === undefined) throw unknownField(schema, name);
  const [type = ''] = field.types.keys();
  if (field.family === 'mixed') throw mixedField(schema, name, field);
  if (field.family === 'unknown') {
    throw refusal(
      schema.where,
      `The field "${name}" is of the type ${type}, which can't be asked for exactly`,
      'Use another field, or a native query.',
    );
  }
  const { family, aggregatable: hasColumn } = field;
  if (family !== 'prose') return { name, path: name, family, type, hasColumn };
  const path = `${name}.keyword`;
  const part = schema.fields.get(path);
  return part?.family === 'keyword'
    ? { name, path, family: 'keyword', type: 'keyword', hasColumn: part.aggregatable }
    : { name, path: name, family, type, hasColumn: false };
}

/** A field whose values can be counted, grouped and computed with. */
export function resolveValues(schema: Schema, name: string): Resolved {
  const field = resolve(schema, name);
  if (field.family === 'prose') throw proseField(schema, name);
  if (!field.hasColumn) {
    throw refusal(
      schema.where,
      `The values of the field "${name}" can't be aggregated`,
      'Index it with doc_values, or use another field.',
    );
  }
  return field;
}

export function resolveNumber(schema: Schema, name: string): Resolved {
  const field = resolveValues(schema, name);
  if (field.family === 'number') return field;
  throw refusal(
    schema.where,
    `The field "${name}" is indexed as ${field.type}, so that the server can't compute with it`,
    "Map it as a number (a multi-field such as `.number` will do) and name that in the dataset's `fields`.",
  );
}

/** A field that says when: throws where it is no date. */
export function requireTime(schema: Schema, name: string): Resolved {
  const field = resolve(schema, name);
  if (field.family === 'time') return field;
  throw refusal(
    schema.where,
    `The field "${name}" is indexed as ${field.type}, not as a date`,
    'Name a date field, or map it as one.',
  );
}

export function proseField(schema: Schema, name: string): ConnectorError {
  return refusal(
    schema.where,
    `The field "${name}" is indexed as words of a text, not as a value`,
    `Give it a part of the type keyword ("${name}.keyword"), or name another field in the dataset's \`fields\`.`,
  );
}

function mixedField(schema: Schema, name: string, { types }: NativeField): ConnectorError {
  const kinds = [...types]
    .sort()
    .map(([type, indices]) => `${type}${indices.length > 0 ? ` in ${some(indices)}` : ''}`);
  return refusal(
    schema.where,
    `The field "${name}" is not the same in all indices: ${kinds.join(', ')}`,
    'Narrow `index` to those that agree, or reindex the others.',
  );
}

export function some(names: readonly string[], limit = 3): string {
  return names.length <= limit
    ? names.join(', ')
    : `${names.slice(0, limit).join(', ')} and ${names.length - limit} more`;
}

function unknownField(schema: Schema, name: string): ConnectorError {
  const near = nearest(name, schema.fields.keys());
  const meant = near === null ? '' : `Did you mean "${near}"? `;
  return refusal(
    schema.where,
    `No index has a field "${name}"`,
    `${meant}Map it, or name the source's own field in the dataset's \`fields\`.`,
  );
}

/** A field whose values are read, not asked for: also the words of a text. */
export function resolveShown(schema: Schema, name: string): Resolved {
  const field = resolve(schema, name);
  return field.path === name ? field : { ...field, path: name, hasColumn: false };
}
