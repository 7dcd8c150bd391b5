/** The kinds of field in Splunk: there is one, text. */
import { fieldKind } from '../shared/field-kinds.ts';
import { compileFilter } from './filter.ts';
import { spl } from './spl.ts';

export const fieldKinds = [fieldKind('text', (filter) => compileFilter(filter, () => spl`c9_f`))];
