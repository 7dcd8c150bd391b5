/** The JSON Schema of a KPI definition, for editors: the same fields, descriptions and limits that are checked on load. */
import { z } from 'zod';
import { kpiSchema } from './schema.ts';

type Json = Readonly<Record<string, unknown>>;

/** A whole definition, or, with `extends`, an overlay: then nothing is required, and null removes a key. */
export function definitionJsonSchema(): Json {
  const { $schema, ...whole } = z.toJSONSchema(kpiSchema, { io: 'input' });
  const overlay = relaxed(whole);
  const properties = isMap(overlay.properties) ? overlay.properties : {};
  const base = {
    type: 'string',
    description: 'Id of the definition that this one adapts: write only what differs.',
  };
  const overlayOrWhole = Object.fromEntries([
    ['if', { required: ['extends'] }],
    ['then', { ...overlay, properties: { extends: base, ...properties } }],
    ['else', whole],
  ]);
  return { $schema, title: 'KPI definition of clause9', ...overlayOrWhole };
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What differs from a whole: no key is required, and each may be null. */
function relaxed(node: Json): Json {
  const entries = Object.entries(node).filter(([key]) => key !== 'required');
  return Object.fromEntries(entries.map(([key, value]) => [key, relaxedPart(key, value)]));
}

function relaxedPart(key: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => (isMap(item) ? relaxed(item) : item));
  if (!isMap(value)) return value;
  if (key === 'properties')
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, orNull(part)]));
  return key === 'additionalProperties' ? orNull(value) : relaxed(value);
}

function orNull(part: unknown): Json {
  return { anyOf: [isMap(part) ? relaxed(part) : {}, { type: 'null' }] };
}
