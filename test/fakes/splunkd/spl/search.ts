/** What a `search` means: tests over a row, and the time range and indexes that stand in it. */
import type { Dialect } from '../model.ts';
import { inNetwork, isNetwork } from './network.ts';
import { parseSearch, type SearchOp, type SearchTree } from './search-parse.ts';
import { cellTexts, compareTexts, foldText, notKnown, parseNumber, type SeenRow } from './value.ts';

export type RowTest = (row: SeenRow) => boolean;

export interface SearchContext {
  readonly dialect: Dialect;
  readonly eventTypes: ReadonlyMap<string, string>;
}

const TIME_FIELDS: ReadonlySet<string> = new Set(['earliest', 'latest', '_index_earliest', '_index_latest']);

/** The range written into a search, which overrides what was dispatched. */
export type TimeTerms = Readonly<
  Partial<Record<'earliest' | 'latest' | '_index_earliest' | '_index_latest', string>>
>;

export interface CompiledSearch {
  readonly test: RowTest;
  readonly times: TimeTerms;
  /** Index patterns asked for by `index=`; empty: the role's default indexes. */
  readonly indexes: readonly string[];
  /** The role's search filter is left aside. */
  readonly unfiltered?: boolean;
}

export function compileSearch(text: string, context: SearchContext): CompiledSearch {
  const tree = parseSearch(text);
  const times: Record<string, string> = {};
  const indexes: string[] = [];
  if (tree === null) return { test: () => true, times, indexes };
  const test = compileTree(takeTimes(tree, times), context);
  collectIndexes(tree, indexes);
  return { test, times, indexes };
}

function takeTimes(tree: SearchTree, times: Record<string, string>): SearchTree {
  if (tree.kind === 'compare' && TIME_FIELDS.has(tree.field) && tree.op === '=') {
    times[tree.field] = tree.value;
    return { kind: 'and', of: [] };
  }
  if (tree.kind === 'and') return { kind: 'and', of: tree.of.map((part) => takeTimes(part, times)) };
  return tree;
}

function collectIndexes(tree: SearchTree, into: string[]): void {
  if (tree.kind === 'compare' && tree.field === 'index' && tree.op === '=') into.push(tree.value);
  if (tree.kind === 'in' && tree.field === 'index') into.push(...tree.values);
  if (tree.kind === 'and' || tree.kind === 'or') for (const part of tree.of) collectIndexes(part, into);
}

function compileTree(tree: SearchTree, context: SearchContext): RowTest {
  switch (tree.kind) {
    case 'and': {
      const tests = tree.of.map((part) => compileTree(part, context));
      return (row) => tests.every((test) => test(row));
    }
    case 'or': {
      const tests = tree.of.map((part) => compileTree(part, context));
      return (row) => tests.some((test) => test(row));
    }
    case 'not': {
      const test = compileTree(tree.of, context);
      return (row) => !test(row);
    }
    case 'in': {
      const tests = tree.values.map((value) => compileCompare(tree.field, '=', value, context));
      return (row) => tests.some((test) => test(row));
    }
    case 'compare':
      return compileCompare(tree.field, tree.op, tree.value, context);
    case 'keyword':
      return compileKeyword(tree.text, tree.cased, context.dialect);
  }
}

function compileCompare(field: string, op: SearchOp, value: string, context: SearchContext): RowTest {
  const { dialect } = context;
  if (field === 'eventtype') {
    const search = context.eventTypes.get(value);
    if (search === undefined) return () => op === '!=';
    const { test } = compileSearch(search, context);
    return op === '!=' ? (row) => !test(row) : test;
  }
  const matches = op === '=' || op === '!=' ? equality(value, dialect) : ordering(op, value, dialect);
  if (op !== '!=') return (row) => cellTexts(row.get(field), dialect).some(matches);
  return (row) => {
    const texts = cellTexts(row.get(field), dialect);
    const found = texts.filter(matches).length;
    if (found > 0 && found < texts.length)
      throw notKnown(`'${field}!=' of a field with several values (NOT ${field}= is sure)`);
    return texts.length > 0 && found === 0;
  };
}

/** Case aside, `*` is any text. The whole value must fit, or lie in the network that the value names. */
function equality(value: string, dialect: Dialect): (text: string) => boolean {
  const folded = foldText(value, dialect);
  const number = dialect.searchNumericEquality ? parseNumber(value, dialect) : null;
  const same = value.includes('*') ? wildcard(folded) : (text: string) => text === folded;
  if (isNetwork(value)) return (text) => same(foldText(text, dialect)) || inNetwork(value, text);
  return (text) =>
    same(foldText(text, dialect)) || (number !== null && parseNumber(text, dialect) === number);
}

export function wildcard(pattern: string): (text: string) => boolean {
  const source = pattern.split('*').map((part) => part.replace(/[\^$\\.*+?()[\]{}|/]/g, '\\$&'));
  const regex = new RegExp(`^${source.join('[\\s\\S]*')}$`, 'u');
  return (text) => regex.test(text);
}

/** By number where both are numbers, else by text. */
function ordering(op: SearchOp, value: string, dialect: Dialect): (text: string) => boolean {
  const limit = parseNumber(value, dialect);
  return (text) => {
    const number = parseNumber(text, dialect);
    const order =
      number !== null && limit !== null
        ? number - limit
        : compareTexts(foldText(text, dialect), foldText(value, dialect));
    if (op === '<') return order < 0;
    if (op === '>') return order > 0;
    return op === '<=' ? order <= 0 : order >= 0;
  };
}

/** A word stands in `_raw` between breakers; a phrase anywhere. */
function compileKeyword(text: string, cased: boolean, dialect: Dialect): RowTest {
  if (text === '*') return () => true;
  const wanted = cased ? text : foldText(text, dialect);
  const body = wanted
    .split('*')
    .map((part) => part.replace(/[\^$\\.*+?()[\]{}|/]/g, '\\$&'))
    .join('[^\\s"\',;|&=]*');
  const regex = new RegExp(`(?<![A-Za-z0-9])${body}(?![A-Za-z0-9])`, 'u');
  return (row) =>
    cellTexts(row.get('_raw'), dialect).some((raw) => regex.test(cased ? raw : foldText(raw, dialect)));
}
