/** What is wrong with a filter, said so that the caller can point at the line. */

export interface FilterProblem {
  /** Where, inside the node that was parsed: keys and list indices. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** What to write instead. */
  readonly help?: string;
}

export type Path = FilterProblem['path'];

/** Takes a problem down; parsing goes on, so that all problems are told at once. */
export type Report = (path: Path, message: string, help?: string) => void;

export type FilterMap = Readonly<Record<string, unknown>>;

/** A YAML map as it comes from the parser: a plain object. */
export function isMap(node: unknown): node is FilterMap {
  if (typeof node !== 'object' || node === null) return false;
  const prototype: unknown = Object.getPrototypeOf(node);
  return prototype === Object.prototype || prototype === null;
}

/** What a YAML node is, in a reader's words. */
export function describe(node: unknown): string {
  if (node === null || node === undefined) return 'empty';
  if (Array.isArray(node)) return 'a list';
  if (typeof node === 'string') return 'text';
  return typeof node === 'object' ? 'a map' : `a ${typeof node}`;
}
