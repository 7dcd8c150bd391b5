/**
 * Checks a set of definitions against each other and against the configuration: what no file can tell alone.
 * A KPI whose dataset is not configured is no error; it is listed as not configured.
 */

import type { LoadedDefinition, LoadedDefinitions } from '../../config/definitions.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { type LocatedProblem, located } from '../../config/located.ts';
import type { Config, Dataset } from '../../config/model.ts';
import type { KpiDefinition, Measure } from '../../core/definition/model.ts';
import { atKey, error, type Path, type Problem, warning } from '../../core/definition/problem.ts';
import { suggest, within } from '../../core/definition/suggest.ts';
import type { Report } from '../../core/definition/words.ts';
import { filterDatasets } from '../../core/filter/bind.ts';
import type { Filter } from '../../core/filter/model.ts';
import type { LogSource } from '../../core/filter/parse.ts';
import { checkPseudonyms } from './check-pseudonyms.ts';

export interface NotConfigured {
  readonly kpi: string;
  readonly file: string;
  /** Names of the datasets that the configuration lacks. */
  readonly datasets: readonly string[];
}

export interface CheckedSet {
  readonly problems: readonly LocatedProblem[];
  readonly notConfigured: readonly NotConfigured[];
}

/** Without a configuration (null) only what the definitions say about each other is checked. */
export function checkSet(loaded: LoadedDefinitions, config: LoadedConfig['config']): CheckedSet {
  const problems: LocatedProblem[] = [];
  const notConfigured: NotConfigured[] = [];
  for (const one of loaded.definitions) {
    const report: Report = (problem) => problems.push(located(problem, one.locate(problem)));
    checkCompanions(one.definition, loaded.ids, report);
    checkApplied(one.definition, report);
    if (config === null) continue;
    checkRoles(one.definition, config.people, report);
    const missing = checkDatasets(one, config.datasets, report);
    checkPseudonyms(one.definition, config.datasets, filtersOf, report);
    if (missing.length > 0) notConfigured.push({ kpi: one.definition.id, file: one.file, datasets: missing });
  }
  return { problems, notConfigured };
}

/** What is checked and kept, but has no effect on results in this version, must not look as if it had. */
function checkApplied({ continues }: KpiDefinition, report: Report): void {
  if (continues === null) return;
  report(
    warning(
      'not-applied',
      ['continues'],
      '`continues` has no effect on results yet',
      'Values are computed as if it were not there.',
    ),
  );
}

function checkCompanions(definition: KpiDefinition, ids: ReadonlySet<string>, report: Report): void {
  for (const [index, id] of definition.shownWith.entries()) {
    if (!ids.has(id)) report(unknownKpi(warning, ['shownWith', index], id, ids));
  }
  for (const [index, id] of (definition.correctiveAction?.mustNotWorsen ?? []).entries()) {
    if (!ids.has(id)) report(unknownKpi(error, ['correctiveAction', 'mustNotWorsen', index], id, ids));
  }
}

function unknownKpi(kind: typeof error, path: Path, id: string, ids: ReadonlySet<string>): Problem {
  return kind(
    'unknown-kpi',
    path,
    `there is no KPI "${id}"`,
    suggest(id, ids, 'Write the id of a loaded definition.'),
  );
}

const NEEDED_ROLES = ['owner', 'collector', 'analyst'] as const;

function checkRoles(definition: KpiDefinition, people: Config['people'], report: Report): void {
  const named: [Path, string][] = Object.entries(definition.roles).map(([role, key]) => [
    ['roles', role],
    key,
  ]);
  if (definition.approved !== null) named.push([['approved', 'by'], definition.approved.by]);
  for (const [index, { approver }] of definition.exclusions.entries())
    named.push([['exclusions', index, 'approver'], approver]);
  // A configuration that lists nobody yet checks no names.
  const isListed = (key: string) => Object.keys(people).length === 0 || Object.hasOwn(people, key);
  for (const [path, key] of named) {
    if (isListed(key)) continue;
    const help = suggest(key, Object.keys(people), 'Add it to `people` in the configuration.');
    report(error('unknown-person', path, `there is no "${key}" among the people of the configuration`, help));
  }
  const missing = NEEDED_ROLES.filter((role) => definition.roles[role] === undefined);
  if (missing.length === 0 || definition.status !== 'active') return;
  report(
    atKey(
      warning(
        'unassigned-role',
        ['roles'],
        `nobody is ${missing.join(', ')} of this KPI`,
        `Add \`roles: {${missing[0]}: …}\`.`,
      ),
    ),
  );
}

type Datasets = Config['datasets'];

/** The names of the datasets that the configuration lacks. */
function checkDatasets(
  { definition, logSources }: LoadedDefinition,
  datasets: Datasets,
  report: Report,
): string[] {
  const missing = new Set<string>();
  const find = (name: string, path: Path): Dataset | null => {
    const dataset = Object.hasOwn(datasets, name) ? datasets[name] : undefined;
    if (dataset !== undefined) return dataset;
    missing.add(name);
    const near = within(name, Object.keys(datasets), 2);
    if (near !== null)
      report(warning('unknown-dataset', path, `there is no dataset "${name}"`, `Did you mean \`${near}\`?`));
    return null;
  };
  for (const [name, measure] of Object.entries(definition.measures)) {
    const path = ['measures', name];
    const dataset = find(measure.dataset, [...path, 'dataset']);
    if (dataset !== null) checkKind(measure, dataset, path, report);
    for (const [filter, at] of filtersOf(measure, path)) {
      for (const other of filterDatasets(filter)) checkJoin(find(other, at), at, report);
    }
    for (const { path: at, logsource } of logSources) {
      if (dataset !== null && at[1] === name) checkLogSource(logsource, dataset, at, report);
    }
  }
  return [...missing];
}

function checkKind(measure: Measure, dataset: Dataset, path: Path, report: Report): void {
  const at = [...path, 'dataset'];
  if (measure.kind === 'records' && dataset.kind !== 'records') {
    report(
      error(
        'dataset-kind',
        at,
        `a measure with a cohort needs records, but \`${dataset.name}\` holds ${inWords(dataset)}`,
        'Leave the cohort out, or take a dataset of kind `records`.',
      ),
    );
  }
  if (measure.kind === 'query' && dataset.kind !== 'events') {
    report(
      error(
        'dataset-kind',
        at,
        `a query is asked over events, but \`${dataset.name}\` holds ${inWords(dataset)}`,
        'Take a dataset of kind `events`.',
      ),
    );
  }
  if (measure.kind === 'events' && dataset.kind === 'records') {
    report(
      error(
        'dataset-kind',
        at,
        `\`${dataset.name}\` holds records, so the measure must say which of them a window is about`,
        'Add `cohort: opened`, `closed`, `due` or `open-at-end`.',
      ),
    );
  }
}

function inWords(dataset: Dataset): string {
  return dataset.kind === 'snapshot' ? 'a snapshot' : dataset.kind;
}

function filtersOf(measure: Measure, path: Path): (readonly [Filter, Path])[] {
  if (measure.kind === 'query') return [];
  const where = [measure.where, [...path, 'where']] as const;
  if (measure.kind === 'events') return [where];
  const { aggregate, decidedWhen } = measure;
  const of =
    'of' in aggregate && aggregate.of !== undefined
      ? [[aggregate.of, [...path, 'aggregate', aggregate.type]] as const]
      : [];
  return [where, ...of, ...(decidedWhen === null ? [] : [[decidedWhen, [...path, 'decidedWhen']] as const])];
}

function checkJoin(other: Dataset | null, path: Path, report: Report): void {
  if (other?.kind !== 'records') return;
  report(
    error(
      'join',
      path,
      `\`in\` looks into snapshots and events, but \`${other.name}\` holds records`,
      'Name a dataset of kind `snapshot` or `events`.',
    ),
  );
}

/** A rule is about logs of a kind: counting it over others would give a number that means nothing. */
function checkLogSource(rule: LogSource, dataset: Dataset, path: Path, report: Report): void {
  const parts = ['category', 'product', 'service'] as const;
  const covers = (own: LogSource) => parts.every((part) => rule[part] === null || rule[part] === own[part]);
  if ((dataset.logSources ?? []).some(covers)) return;
  const needed = parts.flatMap((part) => (rule[part] === null ? [] : [`${part}: ${rule[part]}`])).join(', ');
  report(
    error(
      'log-source',
      path,
      `the rule is about the log source {${needed}}, which \`${dataset.name}\` doesn't say it holds`,
      `Add \`logsource: {${needed}}\` to the dataset in the configuration, if it does.`,
    ),
  );
}
