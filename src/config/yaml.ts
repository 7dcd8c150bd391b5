/**
 * Reads YAML 1.2 text as plain data that remembers where everything stood. It refuses what people trip over
 * (duplicate keys, tabs, tags, several documents) and what is made to hurt (loops, explosions, depth).
 */
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { error, type Path, type Problem } from '../core/definition/problem.ts';
import { offsetOf, readNodes } from './yaml-reader.ts';

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A problem of the text itself, which already knows its place. */
export interface PlacedProblem extends Problem {
  readonly position: Position;
}

export interface YamlText {
  /** Undefined where the text could not be read at all; then `problems` says why. */
  readonly value: unknown;
  readonly problems: readonly PlacedProblem[];
  /** Where a problem's path stands: its key or its value; of what is not there, the nearest part that is. */
  readonly locate: (problem: Pick<Problem, 'path' | 'at' | 'offset'>) => Position;
  /** The spelling of a plain scalar at a path. */
  readonly source: (path: Path) => string | undefined;
}

/** Never throws. */
export function readYaml(text: string): YamlText {
  const { document, position } = compose(text);
  const unreadable = (problems: readonly PlacedProblem[]): YamlText => ({
    value: undefined,
    problems,
    locate: () => ({ line: 1, column: 1 }),
    source: () => undefined,
  });
  const faults = syntaxFaults([...document.errors, ...document.warnings], text);
  if (faults.length > 0)
    return unreadable(faults.map(([problem, at]) => ({ ...problem, position: position(at) })));
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) {
    const empty = error('yaml', [], 'the file is empty', 'Write something into it, or delete it.');
    return unreadable([{ ...empty, position: { line: 1, column: 1 } }]);
  }
  const { value, problems } = readNodes(root);
  return {
    value,
    problems: problems.map(({ problem, offset }) => ({ ...problem, position: position(offset) })),
    locate: (problem) => {
      const again = composeAgain(text);
      return again.position(offsetOfProblem(again.follow(problem.path), problem, text));
    },
    source: (path) => {
      const { node, complete } = composeAgain(text).follow(path);
      return complete && isScalar(node) && node.type === 'PLAIN' ? node.source : undefined;
    },
  };
}

function compose(text: string) {
  const lines = new LineCounter();
  // The parser would compare each key with each other one; the reader finds duplicates by itself.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    schema: 'core',
  });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  return { document, position };
}

interface Places {
  readonly text: string;
  readonly position: (offset: number) => Position;
  readonly follow: (path: Path) => Place;
}

/** The nodes of a text take a hundred times its room, and most files have no problem: so they are had again when asked for. */
let newest: Places | null = null;

function composeAgain(text: string): Places {
  if (newest?.text === text) return newest;
  const { document, position } = compose(text);
  const root = document.contents;
  const resolve = root === null ? (node: unknown) => node : readNodes(root).resolve;
  newest = { text, position, follow: (path) => follow(root, path, resolve) };
  return newest;
}

/** One slip makes the parser stumble again and again: only the first counts, and all tabs. */
function syntaxFaults(errors: readonly YAMLError[], text: string): (readonly [Problem, number])[] {
  const tabs = errors.filter((fault) => fault.code === 'TAB_AS_INDENT');
  const faults =
    tabs.length > 0 ? tabs : errors.filter((fault) => fault.code !== 'TAG_RESOLVE_FAILED').slice(0, 1);
  return faults.map((fault) => [inOwnWords(fault, text), fault.pos[0]]);
}

function inOwnWords(fault: YAMLError, text: string): Problem {
  switch (fault.code) {
    case 'TAB_AS_INDENT':
      return error('yaml-tab', [], 'a tab stands where only spaces may', 'Indent with spaces.');
    case 'MULTIPLE_DOCS':
      return error('yaml', [], 'a second document begins here (`---`)', 'Put each into a file of its own.');
    case 'RESOURCE_EXHAUSTION':
      return error('yaml-limit', [], 'the text is nested too deeply', 'Write it flatter.');
    case 'BLOCK_AS_IMPLICIT_KEY':
      return error(
        'yaml',
        [],
        'a second `key: value` stands on this line',
        'Put a value that holds `: ` in quotes.',
      );
    case 'BAD_SCALAR_START':
      return error(
        'yaml',
        [],
        `a plain text can't begin with ${text.charAt(fault.pos[0])}`,
        'Put it in quotes.',
      );
    case 'BAD_DIRECTIVE':
      return error(
        'yaml',
        [],
        'a line that begins with % is a directive, and this one is unknown',
        'Leave it out.',
      );
    default:
      return error(
        'yaml',
        [],
        `this is no YAML: ${lowerFirst(fault.message)}`,
        'Check indentation, brackets and quotes around it.',
      );
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

interface Place {
  /** The value at the deepest part of the path that is there. */
  readonly node: unknown;
  /** The key before it; undefined for the root and items of a list. */
  readonly key: unknown;
  readonly complete: boolean;
}

function follow(root: unknown, path: Path, resolve: (node: unknown) => unknown): Place {
  let place: Place = { node: root, key: undefined, complete: true };
  for (const step of path) {
    const node = resolve(place.node);
    const next =
      isSeq(node) && typeof step === 'number'
        ? itemOf(node.items, step)
        : isMap(node)
          ? pairOf(node.items, step)
          : null;
    if (next === null) return { ...place, complete: false };
    place = next;
  }
  return place;
}

function itemOf(items: readonly unknown[], index: number): Place | null {
  return index < items.length ? { node: items[index], key: undefined, complete: true } : null;
}

function pairOf(pairs: readonly { key: unknown; value: unknown }[], step: string | number): Place | null {
  const pair = pairs.find(({ key }) => isScalar(key) && (key.source ?? String(key.value)) === step);
  return pair === undefined ? null : { node: pair.value, key: pair.key, complete: true };
}

function offsetOfProblem(place: Place, problem: Pick<Problem, 'at' | 'offset'>, text: string): number {
  const { node, key, complete } = place;
  const value = offsetOf(node);
  const empty = value === undefined || (isScalar(node) && node.source === '');
  if (key !== undefined && (problem.at === 'key' || !complete || empty)) return offsetOf(key) ?? 0;
  return (value ?? 0) + (complete ? textOffset(node, value ?? 0, problem.offset, text) : 0);
}

/** Where a character of a text's value stands in the file, as long as the value is spelled there as it is. */
function textOffset(node: unknown, start: number, offset: number | undefined, text: string): number {
  if (offset === undefined || !isScalar(node) || typeof node.value !== 'string') return 0;
  const quote = node.type === 'PLAIN' ? 0 : 1;
  return text.startsWith(node.value, start + quote) ? quote + offset : 0;
}
