/** The kinds of field of Elasticsearch and OpenSearch: what a filter may ask hangs on how a field is indexed. */
import { fieldKind } from '../field-kinds.ts';
import { compileFilter } from './filter.ts';
import type { NativeField, Schema } from './schema.ts';

function kind(name: string, type: string, family: NativeField['family']) {
  const field: NativeField = {
    types: new Map([[type, []]]),
    family,
    aggregatable: family !== 'prose',
    unmapped: [],
  };
  const schema: Schema = { where: 'events', fields: new Map([['f', field]]), valuesOf: () => [] };
  return fieldKind(name, (filter) => compileFilter(filter, schema));
}

export const fieldKinds = [
  kind('keyword', 'keyword', 'keyword'),
  kind('number', 'double', 'number'),
  kind('boolean', 'boolean', 'boolean'),
  kind('ip', 'ip', 'address'),
  kind('date', 'date', 'time'),
  kind('text', 'text', 'prose'),
];
