/** A filter over events that looks values up elsewhere, cut into what a source can test and what is joined afterwards. */
import { filterLookups } from './bind.ts';
import { EVERYTHING, type Filter } from './model.ts';
import { join } from './selection.ts';

export interface SplitFilter {
  /** Without any lookup. */
  readonly own: Filter;
  /** What must hold beside it; null: nothing. */
  readonly joined: Filter | null;
}

/** Both parts together (AND) mean the filter. */
export function splitLookups(filter: Filter): SplitFilter {
  const parts = conjuncts(filter);
  const joined = parts.filter((part) => filterLookups(part).length > 0);
  if (joined.length === 0) return { own: filter, joined: null };
  const own = parts.filter((part) => !joined.includes(part));
  return { own: own.length === 0 ? EVERYTHING : join('and', own), joined: join('and', joined) };
}

const conjuncts = (filter: Filter): readonly Filter[] =>
  filter.op === 'and' ? filter.of.flatMap(conjuncts) : filter.op === 'everything' ? [] : [filter];
