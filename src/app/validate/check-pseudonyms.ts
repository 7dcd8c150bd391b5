/** Checks that no measure needs in the clear what its datasets hide behind pseudonyms. */
import type { Config, Dataset } from '../../config/model.ts';
import type { KpiDefinition, Measure } from '../../core/definition/model.ts';
import { error, type Path } from '../../core/definition/problem.ts';
import type { Report } from '../../core/definition/words.ts';
import { splitLookups } from '../../core/filter/join.ts';
import type { Filter } from '../../core/filter/model.ts';

const HELP = "Take the field out of the dataset's `pseudonymise`, or measure without it.";

const isHidden = (dataset: Dataset, field: string): boolean => dataset.pseudonymise?.includes(field) ?? false;

export function checkPseudonyms(
  definition: KpiDefinition,
  datasets: Config['datasets'],
  filtersOf: (measure: Measure, path: Path) => (readonly [Filter, Path])[],
  report: Report,
): void {
  for (const [name, measure] of Object.entries(definition.measures)) {
    const dataset = datasets[measure.dataset];
    if (dataset === undefined) continue;
    const path = ['measures', name];
    const say = (at: Path, message: string) => report(error('pseudonym', at, message, HELP));
    for (const [filter, at] of filtersOf(measure, path)) {
      checkFilter(measure, dataset, filter, datasets, (message) => say(at, message));
    }
    checkNumbers(measure, dataset, (message) => say([...path, 'aggregate'], message));
    checkTargets(definition, dataset, say);
  }
}

/** A source tests the clear values; what is tested after reading meets pseudonyms. */
function checkFilter(
  measure: Measure,
  dataset: Dataset,
  filter: Filter,
  datasets: Config['datasets'],
  say: (message: string) => void,
): void {
  const isAtSource = measure.kind === 'events' && dataset.kind === 'events';
  const after = isAtSource ? splitLookups(filter).joined : filter;
  for (const { field, predicate } of testsOf(after)) {
    const hidden = isHidden(dataset, field);
    if (predicate.kind === 'in') {
      const other = datasets[predicate.dataset];
      if (other === undefined || isHidden(other, predicate.field) === hidden) continue;
      const [here, there] = hidden ? [dataset.name, other.name] : [other.name, dataset.name];
      say(
        `\`${field}\` would never match \`${predicate.field}\`: \`${here}\` holds pseudonyms, \`${there}\` clear values`,
      );
    } else if (hidden && predicate.kind !== 'exists') {
      say(`\`${field}\` is hidden behind pseudonyms, so its value can't be tested`);
    }
  }
}

type Test = Extract<Filter, { op: 'test' }>;

function testsOf(filter: Filter | null): readonly Test[] {
  if (filter === null || filter.op === 'everything') return [];
  if (filter.op === 'test') return [filter];
  return filter.op === 'not' ? testsOf(filter.of) : filter.of.flatMap(testsOf);
}

function checkNumbers(measure: Measure, dataset: Dataset, say: (message: string) => void): void {
  if (measure.kind !== 'events') return;
  const { aggregate } = measure;
  if (aggregate.type === 'count' || aggregate.type === 'distinct' || !isHidden(dataset, aggregate.field))
    return;
  say(`\`${aggregate.field}\` is hidden behind pseudonyms, and a ${aggregate.type} would tell its value`);
}

function checkTargets(
  { targets }: KpiDefinition,
  dataset: Dataset,
  say: (at: Path, message: string) => void,
): void {
  for (const [index, target] of targets.entries()) {
    const field = Object.keys(target.for ?? {}).find((one) => isHidden(dataset, one));
    if (field !== undefined) {
      say(
        ['targets', index, 'for', field],
        `\`${field}\` is hidden behind pseudonyms, so no target can name its value`,
      );
    }
  }
}
