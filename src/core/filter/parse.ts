/**
 * Sigma's detection language, from plain YAML values to the filter AST: whatever comes in, out comes a filter or
 * all that is wrong with it, each problem with its place.
 */
import { parseCondition, selectionNameProblem } from './condition.ts';
import { EVERYTHING, type Filter } from './model.ts';
import { describe, type FilterMap, type FilterProblem, isMap, type Path, type Report } from './problem.ts';
import { join, parseTest } from './selection.ts';

export type { FilterProblem } from './problem.ts';

export type ParsedFilter = { readonly filter: Filter } | { readonly problems: readonly FilterProblem[] };

/** Which logs a Sigma rule is about; what the rule does not say is null. */
export interface LogSource {
  readonly category: string | null;
  readonly product: string | null;
  readonly service: string | null;
}

export type ParsedRule =
  | { readonly filter: Filter; readonly logsource: LogSource }
  | { readonly problems: readonly FilterProblem[] };

const MAX_TESTS = 20_000;

/**
 * Reads a `where`: a map (and), a list of maps (or), or named selections with a `condition`.
 * Never throws; a filter comes back only where nothing at all is wrong.
 */
export function parseFilter(node: unknown): ParsedFilter {
  const problems: FilterProblem[] = [];
  const filter = parseDetection(node, [], reportTo(problems));
  return problems.length > 0 ? { problems } : { filter };
}

/** Reads a parsed Sigma rule file: its detection as a filter, and its log source. Never throws. */
export function parseSigmaRule(node: unknown): ParsedRule {
  const problems: FilterProblem[] = [];
  const report = reportTo(problems);
  if (!isMap(node)) {
    report([], `a Sigma rule is a map with \`logsource\` and \`detection\`; this is ${describe(node)}`);
    return { problems };
  }
  const logsource = parseLogSource(node, report);
  const filter = parseRuleDetection(node, report);
  return problems.length > 0 ? { problems } : { filter, logsource };
}

function reportTo(problems: FilterProblem[]): Report {
  return (path, message, help) =>
    problems.push(help === undefined ? { path, message } : { path, message, help });
}

function parseRuleDetection(rule: FilterMap, report: Report): Filter {
  const { detection } = rule;
  if (isMap(detection) && Object.hasOwn(detection, 'condition'))
    return parseNamed(detection, ['detection'], report);
  if (isMap(detection)) report(['detection'], 'the detection has no `condition`');
  else if (Object.hasOwn(rule, 'correlation'))
    report(['correlation'], 'correlation rules are not supported', 'Name a rule that has a `detection`.');
  else
    report(
      detection === undefined ? [] : ['detection'],
      'the rule needs a `detection`: a map of selections with a `condition`',
    );
  return EVERYTHING;
}

function parseLogSource(rule: FilterMap, report: Report): LogSource {
  const { logsource } = rule;
  const map = isMap(logsource) ? logsource : {};
  const part = (name: string) => {
    const value = Object.hasOwn(map, name) ? map[name] : null;
    if (value === null || typeof value === 'string') return value;
    report(['logsource', name], `\`${name}\` must be text; this is ${describe(value)}`);
    return null;
  };
  const parsed = { category: part('category'), product: part('product'), service: part('service') };
  if (Object.keys(parsed).every((name) => !Object.hasOwn(map, name))) {
    report(
      logsource === undefined ? [] : ['logsource'],
      'the rule needs a `logsource` with a category, product or service',
    );
  }
  return parsed;
}

function parseDetection(node: unknown, path: Path, report: Report): Filter {
  if (isMap(node) && Object.hasOwn(node, 'condition')) return parseNamed(node, path, report);
  return parseSelection(node, path, report);
}

/** A map is AND, a list of maps is OR. */
function parseSelection(node: unknown, path: Path, report: Report): Filter {
  if (isMap(node)) return parseMap(node, path, report);
  if (!Array.isArray(node)) {
    report(path, `a filter is a map of \`field: value\`, or a list of such maps; this is ${describe(node)}`);
  } else if (node.length === 0) {
    report(path, 'the list is empty');
  } else {
    return join(
      'or',
      Array.from(node, (item, i) => parseListItem(item, [...path, i], report)),
    );
  }
  return EVERYTHING;
}

function parseListItem(item: unknown, path: Path, report: Report): Filter {
  if (isMap(item)) return parseMap(item, path, report);
  const keyword = typeof item === 'string' || typeof item === 'number';
  if (keyword)
    report(
      path,
      'a value without a field (a keyword search) is not supported',
      'Write `field: value`, or `message|contains: value`.',
    );
  else report(path, `a list of selections holds maps; this is ${describe(item)}`);
  return EVERYTHING;
}

function parseMap(map: FilterMap, path: Path, report: Report): Filter {
  const entries = Object.entries(map);
  if (entries.length === 0) report(path, 'the map is empty', 'Leave it out to take everything.');
  return join(
    'and',
    entries.map(([key, value]) => parseTest(key, value, [...path, key], report) ?? EVERYTHING),
  );
}

function parseNamed(node: FilterMap, path: Path, report: Report): Filter {
  const selections = new Map<string, Filter>();
  for (const [name, value] of Object.entries(node)) {
    if (name !== 'condition') selections.set(name, parseNamedSelection(name, value, [...path, name], report));
  }
  if (selections.size === 0) report(path, 'there is a `condition`, but no selection');
  const { condition } = node;
  const isList = Array.isArray(condition) && condition.length > 0;
  const texts: readonly unknown[] = isList ? condition : [condition];
  const filters = texts.map((text, i) => {
    const at = [...path, 'condition', ...(isList ? [i] : [])];
    if (typeof text === 'string') return parseCondition(text, selections, (...told) => report(at, ...told));
    report(at, `a condition is text; this is ${describe(text)}`);
    return EVERYTHING;
  });
  return bounded(join('or', filters), [...path, 'condition'], report);
}

function parseNamedSelection(name: string, value: unknown, path: Path, report: Report): Filter {
  const problem = selectionNameProblem(name);
  if (problem !== null) report(path, problem, 'Choose a name of letters, digits, `_` and `-`.');
  if (name === 'timeframe')
    report(
      path,
      '`timeframe` belongs to aggregations, which Sigma no longer has',
      'Use the window of the KPI.',
    );
  else if (isMap(value) || Array.isArray(value)) return parseSelection(value, path, report);
  else
    report(
      path,
      `\`${name}\` is a selection here, since a \`condition\` stands beside it; it must be a map or a list of maps`,
    );
  return EVERYTHING;
}

/** A condition may name a selection again and again: the sum of it is bounded, not each part. */
function bounded(filter: Filter, path: Path, report: Report): Filter {
  if (countTests(filter) > MAX_TESTS) report(path, `the filter has more than ${MAX_TESTS} tests`);
  return filter;
}

function countTests(filter: Filter): number {
  if (filter.op === 'not') return countTests(filter.of);
  if (filter.op === 'and' || filter.op === 'or')
    return filter.of.reduce((sum, part) => sum + countTests(part), 0);
  return 1;
}
