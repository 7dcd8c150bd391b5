/** Loads tests of KPIs (`*.test.yaml`): every problem with its place, rows and times read, nothing run. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { atKey, error, type Path, type Problem } from '../core/definition/problem.ts';
import { readShape } from '../core/definition/shape.ts';
import { suggest } from '../core/definition/suggest.ts';
import { type Report, readInstant } from '../core/definition/words.ts';
import type { Instant } from '../core/time/interval.ts';
import type { ConnectorType } from '../ports/connector.ts';
import { isMap, readDataset } from './datasets.ts';
import { readTextFile } from './files.ts';
import { type LocatedProblem, type Location, locateAll, located, sortProblems } from './located.ts';
import type { Dataset } from './model.ts';
import { readRows, type TestRow } from './test-rows.ts';
import { testSchema, type WrittenExpectation, type WrittenStep, type WrittenTest } from './test-schema.ts';
import { readYaml, type YamlText } from './yaml.ts';

/** What a step expects of one window and group; only what is written is there. */
export interface Expectation extends Omit<WrittenExpectation, 'end'> {
  /** null: the newest window at the step's `now`. */
  readonly end: Instant | null;
  readonly at: Location;
}

export interface TestStep {
  readonly now: Instant;
  /** By dataset: what comes in with this step. */
  readonly data: Readonly<Record<string, readonly TestRow[]>>;
  readonly expect: readonly Expectation[];
}

export interface TestCase {
  readonly name: string;
  readonly at: Location;
  readonly steps: readonly TestStep[];
}

export interface KpiTest {
  readonly file: string;
  /** Absolute. */
  readonly definitions: readonly string[];
  readonly kpi: string | null;
  readonly datasets: Readonly<Record<string, Dataset>>;
  readonly cases: readonly TestCase[];
}

export interface LoadedTest {
  readonly file: string;
  /** Null where there is an error among the problems. */
  readonly test: KpiTest | null;
  readonly problems: readonly LocatedProblem[];
  readonly locate: (path: Path) => Location;
}

/** The name of the source that a test's datasets are in. */
export const TEST_SOURCE = 'test';

/** Never throws for what the file holds. `sourceType` is the type whose options a test's datasets may have. */
export function loadTest(path: string, sourceType: ConnectorType): LoadedTest {
  const file = resolve(path);
  const read = readTextFile(file);
  const start = { file, line: 1, column: 1 };
  if ('problem' in read)
    return { file, test: null, problems: [located(read.problem, start)], locate: () => start };
  const text = readYaml(read.text);
  const problems: Problem[] = [];
  const locate = (at: Path): Location => ({ file, ...text.locate({ path: at, at: 'key' }) });
  const test =
    text.value === undefined
      ? null
      : readTest(text, file, sourceType, locate, (problem) => problems.push(problem));
  const all = sortProblems(locateAll(file, text, problems));
  return { file, test: all.some((one) => one.severity === 'error') ? null : test, problems: all, locate };
}

function readTest(
  text: YamlText,
  file: string,
  sourceType: ConnectorType,
  locate: (path: Path) => Location,
  report: Report,
): KpiTest | null {
  const shaped = readShape(testSchema, text.value, { source: text.source });
  if ('problems' in shaped) {
    for (const problem of shaped.problems) report(problem);
    return null;
  }
  const written = shaped.value;
  const folder = dirname(file);
  const datasets = readDatasets(written, sourceType, text.source, folder, report);
  const rows = dataReader(datasets, folder, report);
  const shared = rows(written.data, ['data']);
  const cases = written.cases.map((one, index): TestCase => {
    const path = ['cases', index];
    const [first, ...later] = [one, ...(one.later ?? [])].map((step, at) => {
      const place = at === 0 ? path : [...path, 'later', at - 1];
      return readStep(step, place, rows(step.data, [...place, 'data']), locate, report);
    });
    checkOrder([first, ...later], path, report);
    const steps = first === undefined ? [] : [{ ...first, data: joined(shared, first.data) }, ...later];
    return { name: one.name, at: locate([...path, 'name']), steps };
  });
  return {
    file,
    definitions: definitionFiles(written, file, report),
    kpi: written.kpi ?? null,
    datasets,
    cases,
  };
}

function readDatasets(
  written: WrittenTest,
  sourceType: ConnectorType,
  source: YamlText['source'],
  folder: string,
  report: Report,
): Record<string, Dataset> {
  const sourceTypes = { [TEST_SOURCE]: sourceType.type };
  const context = { sourceTypes, connectorTypes: [sourceType], source, folder, onFile: () => {} };
  const datasets: Record<string, Dataset> = {};
  for (const [name, value] of Object.entries(written.datasets)) {
    const whole = isMap(value) ? { source: TEST_SOURCE, settle: '0s', ...value } : value;
    const dataset = readDataset(name, whole, context, report);
    if (dataset !== null) datasets[name] = dataset;
  }
  return datasets;
}

function dataReader(datasets: Readonly<Record<string, Dataset>>, folder: string, report: Report) {
  return (data: WrittenTest['data'], path: Path): Record<string, readonly TestRow[]> => {
    const rows: Record<string, readonly TestRow[]> = {};
    for (const [name, written] of Object.entries(data ?? {})) {
      const dataset = datasets[name];
      if (dataset !== undefined) rows[name] = readRows(written, dataset, [...path, name], folder, report);
      else
        report(
          atKey(
            error(
              'unknown-dataset',
              [...path, name],
              `there is no dataset "${name}"`,
              suggest(name, Object.keys(datasets), 'Add it to `datasets`.'),
            ),
          ),
        );
    }
    return rows;
  };
}

function joined(
  a: Readonly<Record<string, readonly TestRow[]>>,
  b: Readonly<Record<string, readonly TestRow[]>>,
): Record<string, readonly TestRow[]> {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, [...(a[name] ?? []), ...(b[name] ?? [])]]));
}

function readStep(
  step: Pick<WrittenStep, 'now' | 'expect'>,
  path: Path,
  data: TestStep['data'],
  locate: (path: Path) => Location,
  report: Report,
): TestStep {
  const now = readInstant(step.now, [...path, 'now'], report) ?? 0;
  const isList = Array.isArray(step.expect);
  const expect = [step.expect].flat().map(({ end, ...rest }, index): Expectation => {
    const place = isList ? [...path, 'expect', index] : [...path, 'expect'];
    const at = end === undefined ? null : readInstant(end, [...place, 'end'], report);
    if (at !== null && at > now)
      report(
        error('date', [...place, 'end'], 'the window ends after `now`', 'Look at it when it has ended.'),
      );
    return { ...rest, end: at, at: locate(place) };
  });
  return { now, data, expect };
}

function checkOrder(steps: readonly (TestStep | undefined)[], path: Path, report: Report): void {
  for (const [index, step] of steps.slice(1).entries()) {
    if ((step?.now ?? 0) > (steps[index]?.now ?? 0)) continue;
    report(
      error(
        'date',
        [...path, 'later', index, 'now'],
        'this is not later than the step before',
        'Time goes on from step to step.',
      ),
    );
  }
}

/** Those that are named, else the one beside the test. */
function definitionFiles(written: WrittenTest, file: string, report: Report): string[] {
  const beside = ['.yaml', '.yml'].map((ending) => file.replace(/\.test\.ya?ml$/i, ending));
  if (written.definition !== undefined)
    return [written.definition].flat().map((name) => resolve(dirname(file), name));
  const found = beside.find((one) => one !== file && existsSync(one));
  if (found !== undefined) return [found];
  report(
    error(
      'file',
      ['definition'],
      `there is no definition ${beside[0]}`,
      'Name it: `definition: my-kpi.yaml`.',
    ),
  );
  return [];
}
