/** What is wrong with a definition or configuration, as data: where in the value, which rule, and what to write instead. */

/** Steps from the root of the written value to the place: map keys and list indices. */
export type Path = readonly (string | number)[];

export interface Problem {
  readonly path: Path;
  /** Whether the key itself is wrong or what stands behind it. */
  readonly at: 'key' | 'value';
  /** Where the value is a text: the character in it that the problem begins at. */
  readonly offset?: number;
  readonly severity: 'error' | 'warning';
  /** Short, stable name of the rule: `unknown-key`, `formula`, … (docs/reference/validate.md lists them). */
  readonly rule: string;
  readonly message: string;
  /** What the reader can do about it. */
  readonly help: string;
}

export function error(rule: string, path: Path, message: string, help: string): Problem {
  return { path, at: 'value', severity: 'error', rule, message, help };
}

export function warning(rule: string, path: Path, message: string, help: string): Problem {
  return { path, at: 'value', severity: 'warning', rule, message, help };
}

/** Says that the key, not its value, is wrong. */
export function atKey(problem: Problem): Problem {
  return { ...problem, at: 'key' };
}

export function hasErrors(problems: readonly { readonly severity: 'error' | 'warning' }[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}
