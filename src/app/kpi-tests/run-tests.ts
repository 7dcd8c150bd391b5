/** `clause9 test`: finds the tests, loads them with their definitions, runs all cases, and reports. */
import { loadDefinitions } from '../../config/definitions.ts';
import { findTestFiles } from '../../config/files.ts';
import { type KpiTest, type LoadedTest, loadTest } from '../../config/kpi-tests.ts';
import { type LocatedProblem, located, sortProblems } from '../../config/located.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import { error, hasErrors, type Path } from '../../core/definition/problem.ts';
import { suggest } from '../../core/definition/suggest.ts';
import type { ConnectorType } from '../../ports/connector.ts';
import { missingDatasets } from '../bind/bind.ts';
import { checkSet } from '../validate/check-set.ts';
import { type CaseOutcome, runCase, type TestParts, testConfig } from './kpis.ts';
import { reportTests, type TestOutput } from './report.ts';

export interface TestRun {
  readonly outcomes: readonly CaseOutcome[];
  /** What is wrong with tests and definitions themselves; such a file's cases are not run. */
  readonly problems: readonly LocatedProblem[];
  readonly files: readonly string[];
}

export interface TestOptions {
  /** Files and folders; of a definition, the test beside it. */
  readonly paths: readonly string[];
  readonly sourceType: ConnectorType;
  readonly parts: TestParts;
}

/** All cases of all tests, in the order of their files. */
export async function runTests({ paths, sourceType, parts }: TestOptions): Promise<TestRun> {
  const found = findTestFiles(paths);
  const problems: LocatedProblem[] = found.problems.map(({ file, problem }) =>
    located(problem, { file, line: 1, column: 1 }),
  );
  const outcomes: CaseOutcome[] = [];
  for (const file of found.files) {
    const loaded = loadTest(file, sourceType);
    problems.push(...loaded.problems);
    const ready = loaded.test === null ? null : await definitionOf(loaded.test, loaded, problems);
    if (loaded.test === null || ready === null) continue;
    for (const one of loaded.test.cases) outcomes.push(await runCase(loaded.test, ready, one, parts));
  }
  return { outcomes, problems: sortProblems(problems), files: found.files };
}

/** The definition under test; null where something is wrong with it, which is reported. */
async function definitionOf(
  test: KpiTest,
  { locate }: LoadedTest,
  problems: LocatedProblem[],
): Promise<KpiDefinition | null> {
  const loaded = await loadDefinitions(test.definitions);
  const say = (path: Path, message: string, help: string) =>
    problems.push(located(error('test', path, message, help), locate(path)));
  const config = testConfig(Object.values(test.datasets));
  const ofSet = checkSet(loaded, config).problems.filter(({ rule }) => DATA_RULES.has(rule));
  problems.push(...[...loaded.problems, ...ofSet].filter(({ severity }) => severity === 'error'));
  if (hasErrors([...loaded.problems, ...ofSet])) return null;
  const ids = loaded.definitions.map(({ definition }) => definition.id);
  const wanted = test.kpi ?? (ids.length === 1 ? ids[0] : undefined);
  const found = loaded.definitions.find(({ definition }) => definition.id === wanted);
  if (found === undefined) {
    const message =
      test.kpi === null
        ? `these files hold ${ids.length} KPIs`
        : `there is no KPI "${test.kpi}" in these files`;
    say(['kpi'], message, suggest(test.kpi ?? '', ids, 'Say which one is tested: `kpi: …`.'));
    return null;
  }
  const missing = missingDatasets(found.definition, config);
  if (missing.length === 0) return found.definition;
  say(
    ['datasets'],
    `the KPI reads ${missing.join(', ')}, which the test doesn't have`,
    'Add it to `datasets`.',
  );
  return null;
}

/** What is wrong between a definition and the test's datasets. People, targets and the like are the business of `validate`. */
const DATA_RULES: ReadonlySet<string> = new Set(['dataset-kind', 'join', 'log-source']);

/** The report and the exit code: 0 all cases hold, 1 one doesn't or a file has an error, 2 there is nothing to test. */
export async function testReport(
  options: TestOptions & { readonly output: TestOutput; readonly cwd: string; readonly color: boolean },
): Promise<{ readonly text: string; readonly exitCode: 0 | 1 | 2 }> {
  const run = await runTests(options);
  const text = reportTests(run, options);
  if (run.files.length === 0 && run.problems.length === 0) return { text, exitCode: 2 };
  const isFailed = hasErrors(run.problems) || run.outcomes.some(({ failures }) => failures.length > 0);
  return { text, exitCode: isFailed ? 1 : 0 };
}
