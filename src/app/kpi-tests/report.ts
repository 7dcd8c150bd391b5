/** Shows what tests of KPIs found: for people a line a failed case with its differences, for programs JSON. */
import { isAbsolute, relative } from 'node:path';
import { styleText } from 'node:util';
import type { Location } from '../../config/located.ts';
import type { Result } from '../../core/result/model.ts';
import { formatInstant } from '../../core/time/interval.ts';
import type { CaseOutcome, Failure } from './kpis.ts';
import type { TestRun } from './run-tests.ts';

export type TestOutput = 'text' | 'json';

interface ReportOptions {
  readonly output: TestOutput;
  /** Paths inside this folder are shown relative to it. */
  readonly cwd: string;
  readonly color: boolean;
}

export function reportTests(run: TestRun, options: ReportOptions): string {
  return options.output === 'json' ? asJson(run, options) : asText(run, options);
}

function asText({ outcomes, problems, files }: TestRun, { cwd, color }: ReportOptions): string {
  const paint = (style: 'red' | 'green' | 'yellow', text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const failed = outcomes.filter(({ failures }) => failures.length > 0);
  const lines = problems.flatMap((one) => [
    `${placeOf(one, cwd)} ${paint(one.severity === 'error' ? 'red' : 'yellow', one.severity)} ${one.message}`,
    ...(one.help === '' ? [] : [`  ${one.help}`]),
  ]);
  for (const outcome of failed) {
    lines.push(`${placeOf(outcome.at, cwd)} ${paint('red', 'failed')} ${outcome.kpi}: ${outcome.name}`);
    lines.push(...outcome.failures.flatMap((failure) => failureLines(failure, cwd)));
    lines.push(...outcome.warnings.map((warning) => `  the loop warned: ${warning}`));
  }
  if (lines.length > 0) lines.push('');
  if (files.length === 0 && problems.length === 0)
    return 'Nothing to test.\n  Name a *.test.yaml, a definition with one beside it, or a folder that holds some.';
  const kpis = new Set(outcomes.map(({ kpi }) => kpi)).size;
  const isSound = failed.length === 0 && !problems.some(({ severity }) => severity === 'error');
  lines.push(
    paint(
      isSound ? 'green' : 'red',
      `${counted(outcomes.length - failed.length, 'case')} passed, ${failed.length} failed, of ${counted(kpis, 'KPI')} in ${counted(files.length, 'file')}.`,
    ),
  );
  return lines.join('\n');
}

function failureLines({ at, window, group, differences, result }: Failure, cwd: string): string[] {
  const groupText = group === null ? '' : `, ${groupWords(group)}`;
  const what = Math.max(...differences.map((one) => one.what.length));
  const expected = Math.max(...differences.map((one) => one.expected.length));
  return [
    `  ${placeOf(at, cwd)}, window ${formatInstant(window.start)} to ${formatInstant(window.end)}${groupText}`,
    ...differences.map(
      (one) => `    ${one.what.padEnd(what)}  expected ${one.expected.padEnd(expected)}  got ${one.got}`,
    ),
    ...(result === null ? [] : [`    ${resultWords(result)}`]),
  ];
}

/** What else a reader wants to know of the result: the measures it was made from. */
function resultWords({ measures, quality, sample, verdict, reason }: Result): string {
  const values = Object.entries(measures).map(
    ([name, { value, n, undecided }]) =>
      `${name} ${value ?? 'none'} (n ${n}${undecided === 0 ? '' : `, ${undecided} undecided`})`,
  );
  const why = reason === null ? '' : `: ${reason}`;
  return `Measures: ${values.join(', ')}. Sample ${sample}, ${quality}, ${verdict}${why}.`;
}

const groupWords = (group: Readonly<Record<string, string>>): string =>
  Object.entries(group)
    .map(([field, value]) => `${field} = ${value}`)
    .join(', ');

function placeOf({ file, line, column }: Location, cwd: string): string {
  return `${shorten(file, cwd)}:${line}:${column}`;
}

function shorten(file: string, cwd: string): string {
  const inside = relative(cwd, file);
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? file : inside;
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function asJson({ outcomes, problems }: TestRun, { cwd }: ReportOptions): string {
  const failed = outcomes.filter(({ failures }) => failures.length > 0).length;
  const cases = outcomes.map((outcome) => caseRow(outcome, cwd));
  const shown = problems.map((one) => ({ ...one, file: shorten(one.file, cwd) }));
  return JSON.stringify({ passed: outcomes.length - failed, failed, problems: shown, cases }, null, 2);
}

const caseRow = ({ kpi, name, at, failures, warnings }: CaseOutcome, cwd: string) => ({
  kpi,
  name,
  file: shorten(at.file, cwd),
  line: at.line,
  passed: failures.length === 0,
  failures: failures.map((failure) => ({
    line: failure.at.line,
    column: failure.at.column,
    start: formatInstant(failure.window.start),
    end: formatInstant(failure.window.end),
    group: failure.group,
    differences: failure.differences,
  })),
  warnings,
});
