/** What the fields of an index expression really are, over all its indices (`_field_caps`). */
import { indexPath } from './engine.ts';
import { refusal } from './failure.ts';
import { at, isObject, objectAt, textsAt } from './json.ts';
import { familyOf, type NativeField, type Schema } from './schema.ts';
import { requireRemotes, type Session, STRICT, search } from './search.ts';

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
  await requireRemotes(session);
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
  const families = new Set([...types.keys()].map(familyOf));
  const [family = 'unknown'] = families;
  return { types, family: families.size > 1 ? 'mixed' : family, aggregatable, unmapped };
}
