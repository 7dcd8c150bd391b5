/** Sets of records: which fields are kept of a dataset, and what its clock makes of them. */
import type { Dataset, RecordsDataset } from '../../config/model.ts';
import type { KpiDefinition, RecordsMeasure } from '../../core/definition/model.ts';
import { filterFields } from '../../core/filter/bind.ts';
import { hashOf } from '../../core/hash.ts';
import type { Probe } from '../../ports/connector.ts';
import type { RecordSetBinding } from './bind.ts';
import { filtersOf } from './filters-of.ts';
import { byKnownFields } from './known-fields.ts';

/** The set of this dataset's records that all measures of a definition read. */
export type SetOf = (dataset: RecordsDataset, definition: KpiDefinition) => RecordSetBinding;

export function recordSets(definitions: readonly KpiDefinition[], probes: ReadonlyMap<string, Probe>): SetOf {
  const setOf = byKnownFields(
    probes,
    (dataset: RecordsDataset) => definitions.flatMap((definition) => fieldsKept(definition, dataset)),
    (dataset, fields) => recordSet(dataset, fields, probes.get(dataset.name)),
  );
  return (dataset, definition) => setOf(dataset, fieldsKept(definition, dataset));
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
  fields: readonly string[],
  probe: Probe | undefined,
): RecordSetBinding {
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
