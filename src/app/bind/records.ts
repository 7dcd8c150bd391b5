/** Sets of records: which fields are kept of a dataset, and what its clock makes of them. */
import type { Dataset, RecordsDataset } from '../../config/model.ts';
import type { KpiDefinition, RecordsMeasure } from '../../core/definition/model.ts';
import { filterFields } from '../../core/filter/bind.ts';
import { hashOf } from '../../core/hash.ts';
import type { Probe } from '../../ports/connector.ts';
import type { RecordSetBinding } from './bind.ts';
import { filtersOf } from './filters-of.ts';

/** The set of this dataset's records that all measures of a definition read. */
export type SetOf = (dataset: RecordsDataset, definition: KpiDefinition) => RecordSetBinding;

/**
 * One set for each dataset, with the fields of all measures. Where the source does not know all of them, one with those
 * that it knows stands beside it: a measure that the source refuses must not take the others down with it.
 */
export function recordSets(definitions: readonly KpiDefinition[], probes: ReadonlyMap<string, Probe>): SetOf {
  const sets = new Map<
    RecordsDataset,
    { readonly whole: RecordSetBinding; readonly known: RecordSetBinding }
  >();
  const isKnown = (dataset: RecordsDataset) => {
    const types = probes.get(dataset.name)?.types ?? {};
    return (field: string) => Object.hasOwn(types, dataset.fields[field] ?? field);
  };
  const setsOf = (dataset: RecordsDataset) => {
    const probe = probes.get(dataset.name);
    const names = definitions.flatMap((definition) => fieldsKept(definition, dataset));
    const whole = recordSet(dataset, names, probe);
    const known = recordSet(dataset, names.filter(isKnown(dataset)), probe);
    // The same object where it is the same set.
    return { whole, known: known.fingerprint === whole.fingerprint ? whole : known };
  };
  return (dataset, definition) => {
    const { whole, known } = sets.get(dataset) ?? setsOf(dataset);
    sets.set(dataset, { whole, known });
    return fieldsKept(definition, dataset).every(isKnown(dataset)) ? known : whole;
  };
}

function fieldsKept({ measures, groupBy }: KpiDefinition, dataset: RecordsDataset): string[] {
  return Object.values(measures)
    .flatMap((measure) =>
      measure.kind === 'records' && measure.dataset === dataset.name
        ? fieldsOfRecords(measure, groupBy, dataset)
        : [],
    )
    .filter((field) => !isRecordTime(dataset, field));
}

function recordSet(
  dataset: RecordsDataset,
  names: readonly string[],
  probe: Probe | undefined,
): RecordSetBinding {
  const fields = [...new Set(names)].sort();
  // What only reckons with the versions must not orphan those that were kept.
  const { settleMs: _, reviseForMs: __, expectEvents: ___, clock: ____, dueBy: _____, ...binding } = dataset;
  return { dataset, fields, fingerprint: hashOf([probe?.identity, binding, fields]) };
}

/** The standard names of the fields that a records measure depends on: by filters, groups and its dataset's clock. */
export const fieldsOfRecords = (
  measure: RecordsMeasure,
  groupBy: readonly string[],
  { clock, dueBy }: RecordsDataset,
): string[] => {
  const pause = clock?.pausedWhile ?? null;
  const ofClock = [
    ...(pause === null ? [] : filterFields(pause)),
    ...(dueBy === undefined ? [] : [dueBy.by]),
  ];
  return [...new Set([...filtersOf(measure).flatMap(filterFields), ...groupBy, ...ofClock])];
};

/** Empty where nothing but data and definition decide. */
export function reckoningOf(datasets: readonly Dataset[]): string {
  const clocks = datasets.flatMap((dataset) =>
    dataset.kind === 'records' && (dataset.clock ?? dataset.dueBy) !== undefined
      ? [{ dataset: dataset.name, clock: dataset.clock, dueBy: dataset.dueBy }]
      : [],
  );
  return clocks.length === 0 ? '' : hashOf(clocks);
}

const isRecordTime = (dataset: RecordsDataset, field: string): boolean =>
  field === dataset.opened || field === dataset.due || dataset.closed.includes(field);
