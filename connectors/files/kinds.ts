/** The kinds of field in files: what a filter may ask hangs on the format alone. */
import { fieldKind } from '../shared/field-kinds.ts';
import { type Field, packedField, textField } from './field.ts';
import { compileFilter } from './filter.ts';
import { sql } from './sql.ts';

const kind = (name: string, field: Field, emptyTexts: boolean) =>
  fieldKind(name, (filter) => compileFilter(filter, { field: () => field, emptyTexts }));

export const fieldKinds = [
  kind('NDJSON', packedField(sql`r.one`, sql`r.list`), true),
  kind('CSV', textField(sql`r.text`, []), false),
  kind('Parquet', textField(sql`r.text`, []), true),
];
