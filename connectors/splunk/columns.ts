/** The columns that a search computes for each event, each once however often it is used. */

import type { Filter } from '../../src/core/filter/model.ts';
import { compileFilter, isNumber } from './filter.ts';
import { ANY } from './regex.ts';
import { join, name, type Spl, spl, TRUE, text } from './spl.ts';

export interface Columns {
  /** The field's values, of which an empty text is none. */
  field(field: string): Spl;
  /** 1 where the event passes, else null; null for a filter that all pass. */
  passes(filter: Filter): Spl | null;
  /** The field's number, where it has just one value and that is a number. */
  number(field: string): Spl;
  /** Anything else, by an alias of its own. */
  column(expression: Spl): Spl;
  /** `eval …`, in the order in which they build on one another. */
  evals(): Spl;
}

export function createColumns(): Columns {
  const aliases = new Map<string, Spl>();
  const column = (expression: Spl): Spl => {
    const known = aliases.get(expression.spl);
    if (known !== undefined) return known;
    const alias = { spl: `c9_e${aliases.size}` };
    aliases.set(expression.spl, alias);
    return alias;
  };
  const field = (own: string): Spl => {
    const value = name(own);
    // In a column of its own first: `mvfilter` then sees a plain name, and an empty text is gone.
    return column(spl`mvfilter(match(${value}, ${text(ANY)}))`);
  };
  return {
    field,
    column,
    passes: (filter) => {
      const condition = compileFilter(filter, field);
      return condition.spl === TRUE.spl ? null : column(spl`if(${condition}, 1, null())`);
    },
    number: (own) => {
      const value = field(own);
      return column(spl`if(mvcount(${value})=1 AND ${isNumber(value)}, tonumber(${value}), null())`);
    },
    evals: () => {
      const parts = [...aliases].map(([expression, alias]) => spl`${alias}=${{ spl: expression }}`);
      return parts.length === 0 ? spl`` : spl` | eval ${join(parts, ', ')}`;
    },
  };
}
