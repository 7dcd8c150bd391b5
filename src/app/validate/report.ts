/** Shows a validation: as text for people, as JSON, as GitHub workflow annotations, as SARIF 2.1.0. */
import { isAbsolute, relative, sep } from 'node:path';
import { styleText } from 'node:util';
import type { LocatedProblem } from '../../config/located.ts';
import type { Validation } from './validate.ts';

export type Output = 'text' | 'json' | 'github' | 'sarif';

/** Paths are shown relative to `cwd` where they lie in it. */
export function reportValidation(
  validation: Validation,
  output: Output,
  cwd: string,
  color: boolean,
): string {
  const shown = {
    ...validation,
    problems: validation.problems.map((problem) => ({
      ...problem,
      file: shorten(problem.file, cwd),
      // Of two files with one id, the message names the other.
      message: problem.message.replaceAll(`${cwd}${sep}`, ''),
    })),
  };
  switch (output) {
    case 'text':
      return asText(shown, color);
    case 'json':
      return asJson(shown, cwd);
    case 'github':
      return shown.problems.map(annotation).join('\n');
    case 'sarif':
      return asSarif(shown.problems);
  }
}

function shorten(file: string, cwd: string): string {
  const inside = relative(cwd, file);
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? file : inside;
}

function asText(validation: Validation, color: boolean): string {
  const paint = (style: 'red' | 'yellow' | 'green', text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const lines = validation.problems.flatMap(({ file, line, column, severity, message, help }) => [
    `${file}:${line}:${column} ${paint(severity === 'error' ? 'red' : 'yellow', severity)} ${message}`,
    ...(help === '' ? [] : [`  ${help}`]),
  ]);
  for (const { kpi, datasets } of validation.notConfigured) {
    lines.push(`Not configured: ${kpi} (no dataset ${datasets.join(', ')})`);
  }
  const { errors, warnings } = totals(validation.problems);
  const verdict = `${counted(errors, 'error')}, ${counted(warnings, 'warning')} in ${counted(validation.definitions.length, 'valid definition')}.`;
  if (lines.length > 0) lines.push('');
  lines.push(paint(errors > 0 ? 'red' : warnings > 0 ? 'yellow' : 'green', verdict));
  return lines.join('\n');
}

function totals(problems: readonly LocatedProblem[]) {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return { errors, warnings: problems.length - errors };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function asJson(validation: Validation, cwd: string): string {
  const notConfigured = validation.notConfigured.map((one) => ({ ...one, file: shorten(one.file, cwd) }));
  const definitions = validation.definitions.map(({ definition, file }) => ({
    id: definition.id,
    file: shorten(file, cwd),
  }));
  return JSON.stringify(
    { ...totals(validation.problems), problems: validation.problems, notConfigured, definitions },
    null,
    2,
  );
}

/** https://docs.github.com/actions: "Workflow commands", with its escapes. */
function annotation({ file, line, column, severity, rule, message, help }: LocatedProblem): string {
  const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  const text = help === '' ? message : `${message}\n${help}`;
  return `::${severity} file=${property(file)},line=${line},col=${column},title=${property(`clause9 ${rule}`)}::${data(text)}`;
}

function asSarif(problems: readonly LocatedProblem[]): string {
  const rules = [...new Set(problems.map(({ rule }) => rule))].sort().map((id) => ({ id }));
  const results = problems.map(({ file, line, column, severity, rule, message, help }) => ({
    ruleId: rule,
    level: severity,
    message: { text: help === '' ? message : `${message}. ${help}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: { startLine: line, startColumn: column },
        },
      },
    ],
  }));
  const driver = { name: 'clause9', rules };
  return JSON.stringify(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
    },
    null,
    2,
  );
}

function uriOf(file: string): string {
  const path = file.split(sep).map(encodeURIComponent).join('/');
  return isAbsolute(file) ? `file://${path}` : path;
}
