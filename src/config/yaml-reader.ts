/** Walks the nodes of a YAML document into plain data, bounded, with every alias followed and every oddity named. */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import { error, type Path, type Problem, warning } from '../core/definition/problem.ts';

/** More than any honest file of at most 1 MB needs; what an alias stands for counts each time. */
const MAX_NODES = 200_000;
const MAX_DEPTH = 64;
const CORE_TAGS = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

export interface Reading {
  readonly value: unknown;
  /** Each problem with its place in the text. */
  readonly problems: readonly { readonly problem: Problem; readonly offset: number }[];
  /** What an alias stands for. */
  readonly resolve: (node: unknown) => unknown;
}

interface State {
  readonly problems: { problem: Problem; offset: number }[];
  readonly anchors: Map<string, Node>;
  readonly aliases: Map<unknown, Node>;
  readonly open: Set<unknown>;
  nodes: number;
  depth: number;
  stopped: boolean;
}

export function readNodes(root: Node): Reading {
  const state: State = {
    problems: [],
    anchors: new Map(),
    aliases: new Map(),
    open: new Set(),
    nodes: 0,
    depth: 0,
    stopped: false,
  };
  const value = read(root, [], state);
  return {
    value: state.stopped ? undefined : value,
    problems: state.problems,
    resolve: (node) => state.aliases.get(node) ?? node,
  };
}

function read(node: unknown, path: Path, state: State): unknown {
  if (state.stopped || node === null || node === undefined) return null;
  if (isAlias(node)) return readAlias(node, path, state);
  state.nodes += 1;
  if (state.nodes > MAX_NODES || state.depth >= MAX_DEPTH) return stop(node, path, state);
  if (!isScalar(node) && !isMap(node) && !isSeq(node)) return null;
  if (node.tag !== undefined && !CORE_TAGS.test(node.tag)) {
    report(state, node, error('yaml', path, `the tag ${node.tag} means nothing here`, 'Leave it out.'));
  }
  if (node.anchor !== undefined && !state.aliases.has(node)) state.anchors.set(node.anchor, node);
  if (isScalar(node)) return readScalar(node, path, state);
  state.depth += 1;
  state.open.add(node);
  const value = isMap(node)
    ? readMap(node, path, state)
    : node.items.map((item, index) => read(item, [...path, index], state));
  state.open.delete(node);
  state.depth -= 1;
  return value;
}

function report(state: State, node: unknown, problem: Problem): void {
  state.problems.push({ problem, offset: offsetOf(node) ?? 0 });
}

export function offsetOf(node: unknown): number | undefined {
  const isNode = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node);
  return isNode ? node.range?.[0] : undefined;
}

function stop(node: unknown, path: Path, state: State): null {
  const why =
    state.nodes > MAX_NODES
      ? `holds more than ${MAX_NODES} values`
      : `is nested deeper than ${MAX_DEPTH} levels`;
  report(
    state,
    node,
    error('yaml-limit', path, `the file ${why}, aliases included`, 'Write it out in smaller files.'),
  );
  state.stopped = true;
  return null;
}

function readAlias(alias: { readonly source: string }, path: Path, state: State): unknown {
  const target = state.anchors.get(alias.source);
  if (target === undefined) {
    report(
      state,
      alias,
      error('yaml', path, `there is no anchor &${alias.source} before this alias`, 'Write the value here.'),
    );
    return null;
  }
  if (state.open.has(target)) {
    report(
      state,
      alias,
      error(
        'yaml-loop',
        path,
        `the alias *${alias.source} stands inside what it stands for`,
        'Write the value here.',
      ),
    );
    return null;
  }
  state.aliases.set(alias, target);
  return read(target, path, state);
}

function readMap(node: YAMLMap, path: Path, state: State): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (const pair of node.items) {
    const key = readKey(pair, node, path, state);
    if (key === null) continue;
    if (Object.hasOwn(map, key)) {
      report(
        state,
        pair.key,
        error(
          'yaml-duplicate-key',
          [...path, key],
          `the key \`${key}\` stands in this map twice`,
          'Keep one of them.',
        ),
      );
      continue;
    }
    map[key] = read(pair.value, [...path, key], state);
  }
  return map;
}

/** Keys are texts: a number or truth value counts as it is spelled. */
function readKey(pair: Pair, map: YAMLMap, path: Path, state: State): string | null {
  const { key } = pair;
  const text = isScalar(key) && key.value !== null ? (key.source ?? String(key.value)) : null;
  if (text !== null && text !== '__proto__') return text;
  const what = text === null ? 'a key must be a plain text' : `\`${text}\` can't be a key`;
  report(state, offsetOf(key) === undefined ? map : key, error('yaml', path, what, 'Write `name: value`.'));
  return null;
}

function readScalar(
  node: { readonly value: unknown; readonly source?: string; readonly type?: string },
  path: Path,
  state: State,
): unknown {
  const { value, source } = node;
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'number' || source === undefined) return String(value);
  const whole = /^[-+]?[0-9]+$/.test(source);
  if (!Number.isFinite(value) || (whole && !Number.isSafeInteger(value))) {
    const what = `${source} can't be held exactly as a number`;
    report(
      state,
      node,
      error('yaml-number', path, what, `Put it in quotes if it is a name: \`"${source}"\`.`),
    );
  } else if (/^[-+]?0[0-9xo]|e/i.test(source)) {
    const what = `${source} is read as the number ${value}`;
    report(
      state,
      node,
      warning('yaml-number', path, what, `Write \`${value}\`, or \`"${source}"\` if it is a text.`),
    );
  }
  return value;
}
