/** What the fields of an index expression really are, over all its indices (`_field_caps`), and which of them can be asked for what. */
import { distance } from 'fastest-levenshtein';
import type { ConnectorError } from '../../../src/core/errors.ts';
import type { FieldType, FieldTypes } from '../../../src/ports/connector.ts';
import { indexPath } from './engine.ts';
import { refusal } from './failure.ts';
import { at, isObject, objectAt, textsAt } from './json.ts';
import { type Session, STRICT, search } from './search.ts';

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

/** Asks the server for all fields. */
export async function readSchema(session: Session): Promise<Schema> {
  const { engine, index, signal, dataset } = session;
  const { body } = await engine.call(
    {
      method: 'GET',
      path: `/${indexPath(index)}/_field_caps`,
      query: { fields: '*', include_unmapped: true, ...STRICT },
    },
    signal,
  );
  const fields = new Map<string, NativeField>();
  const nested: string[] = [];
  for (const [name, types] of Object.entries(objectAt(body, 'fields'))) {
    if (at(types, 'nested') !== undefined) nested.push(`${name}.`);
    const field = fieldOf(types);
    if (field !== null) fields.set(name, field);
  }
  // What stands in nested objects is found by nested queries alone: asked plainly, it would silently not be there.
  for (const [name, field] of fields) {
    if (nested.some((prefix) => name.startsWith(prefix))) fields.set(name, { ...field, family: 'unknown' });
  }
  if (textsAt(body, 'indices').length === 0 || fields.size === 0) {
    // OpenSearch leaves out here what is closed or blocked; a search says why.
    await search(session, { size: 0, query: { match_all: {} } });
    throw refusal(
      dataset,
      `No index matches "${index}"`,
      'Check `index` in the dataset, and that the account may read it.',
    );
  }
  await forgetEmpty(session, fields);
  return { where: dataset, fields };
}

/** An index that takes in whatever fields come along has no event with one that it does not know. */
async function forgetEmpty(
  { engine, index, signal }: Session,
  fields: Map<string, NativeField>,
): Promise<void> {
  if ([...fields.values()].every(({ unmapped }) => unmapped.length === 0)) return;
  const query = { filter_path: '**.dynamic', ...STRICT };
  const { body } = await engine.call({ method: 'GET', path: `/${indexPath(index)}/_mapping`, query }, signal);
  // The mappings of another cluster's indices can't be had: those stay.
  const deaf = (name: string): boolean => name.includes(':') || leavesOut(at(body, name));
  for (const [name, field] of fields) {
    if (field.unmapped.length > 0) fields.set(name, { ...field, unmapped: field.unmapped.filter(deaf) });
  }
}

function leavesOut(mapping: unknown): boolean {
  if (!isObject(mapping)) return false;
  return Object.entries(mapping).some(
    ([key, value]) => (key === 'dynamic' && String(value) === 'false') || leavesOut(value),
  );
}

function fieldOf(caps: unknown): NativeField | null {
  const types = new Map<string, readonly string[]>();
  let [aggregatable, unmapped]: [boolean, readonly string[]] = [true, []];
  for (const [type, about] of Object.entries(isObject(caps) ? caps : {})) {
    if (type === 'unmapped') unmapped = textsAt(about, 'indices');
    else if (type !== 'object' && type !== 'nested') types.set(type, textsAt(about, 'indices'));
    if (type !== 'unmapped' && at(about, 'aggregatable') === false) aggregatable = false;
  }
  if (types.size === 0) return null;
  const families = new Set([...types.keys()].map((type) => FAMILIES[type] ?? 'unknown'));
  const [family = 'unknown'] = families;
  return { types, family: families.size > 1 ? 'mixed' : family, aggregatable, unmapped };
}

/** Metadata such as `_id` is left out. */
export function portTypes({ fields }: Schema): FieldTypes {
  return Object.fromEntries(
    [...fields]
      .filter(([name]) => !name.startsWith('_'))
      .map(([name, { family }]) => [name, PORT_TYPES[family]]),
  );
}

/** Where a call comes before any probe: what the caller remembers of one. */
export function schemaOfTypes(types: FieldTypes, where: string): Schema {
  const native: Readonly<Record<FieldType, string | undefined>> = {
    text: 'keyword',
    number: 'double',
    boolean: 'boolean',
    time: 'date',
    address: 'ip',
    mixed: undefined,
    unknown: undefined,
  };
  const fields = new Map<string, NativeField>();
  for (const [name, type] of Object.entries(types)) {
    const one = native[type];
    if (one === undefined) continue;
    const family = FAMILIES[one] ?? 'unknown';
    fields.set(name, { types: new Map([[one, []]]), family, aggregatable: true, unmapped: [] });
  }
  return { where, fields };
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
  const { family, aggregatable } = field;
  if (family !== 'prose') return { name, path: name, family, type, hasColumn: aggregatable };
  const part = schema.fields.get(`${name}.keyword`);
  if (part?.family === 'keyword')
    return {
      name,
      path: `${name}.keyword`,
      family: 'keyword',
      type: 'keyword',
      hasColumn: part.aggregatable,
    };
  return { name, path: name, family: 'prose', type, hasColumn: false };
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
  const near = nearest(name, [...schema.fields.keys()]);
  const meant = near === null ? '' : `Did you mean "${near}"? `;
  return refusal(
    schema.where,
    `No index has a field "${name}"`,
    `${meant}Map it, or name the source's own field in the dataset's \`fields\`.`,
  );
}

function nearest(word: string, candidates: readonly string[]): string | null {
  let [best, least]: [string | null, number] = [null, Math.floor(word.length / 3) + 1];
  for (const candidate of candidates) {
    const far = distance(word, candidate);
    if (far < least) [best, least] = [candidate, far];
  }
  return best;
}

/** A field whose values are read, not asked for: also the words of a text. */
export function resolveShown(schema: Schema, name: string): Resolved {
  const field = resolve(schema, name);
  return field.path === name ? field : { ...field, path: name, hasColumn: false };
}
