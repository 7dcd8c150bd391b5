/** A problem with the file, line and column that a person looks up. */
import type { Problem } from '../core/definition/problem.ts';
import type { YamlText } from './yaml.ts';

export interface LocatedProblem {
  /** Absolute path. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning';
  readonly rule: string;
  readonly message: string;
  readonly help: string;
}

export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export function located(problem: Problem, { file, line, column }: Location): LocatedProblem {
  const { severity, rule, message, help } = problem;
  return { file, line, column, severity, rule, message, help };
}

/** The problems of a text itself and those found in its value. */
export function locateAll(file: string, text: YamlText, problems: readonly Problem[]): LocatedProblem[] {
  const own = text.problems.map((problem) => located(problem, { file, ...problem.position }));
  return [...own, ...problems.map((problem) => located(problem, { file, ...text.locate(problem) }))];
}

/** By file, line and column; each said once, and how a number is spelled not beside an error at the same place. */
export function sortProblems(problems: readonly LocatedProblem[]): LocatedProblem[] {
  const place = ({ file, line, column }: LocatedProblem) => JSON.stringify([file, line, column]);
  const wrong = new Set(
    problems.filter(({ severity, rule }) => severity === 'error' && rule !== 'yaml-number').map(place),
  );
  const seen = new Set<string>();
  return problems
    .filter((problem) => problem.rule !== 'yaml-number' || !wrong.has(place(problem)))
    .filter((problem) => {
      const key = JSON.stringify([place(problem), problem.message]);
      return !seen.has(key) && seen.add(key);
    })
    .sort(
      (a, b) =>
        compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.message, b.message),
    );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
