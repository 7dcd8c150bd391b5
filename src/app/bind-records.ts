/** Sets of records: which fields are kept of a dataset, and what its clock makes of them. */
import type { Config, Dataset, RecordsDataset } from '../config/model.ts';
import type { KpiDefinition, RecordsMeasure } from '../core/definition/model.ts';
import { filterFields } from '../core/filter/bind.ts';
import { hashOf } from '../core/hash.ts';
import type { Probe } from '../ports/connector.ts';
import type { RecordSetBinding } from './bind.ts';
import { filtersOf } from './filters-of.ts';

export function recordSets(
  definitions: readonly KpiDefinition[],
  config: Config,
  probes: ReadonlyMap<string, Probe>,
): ReadonlyMap<string, RecordSetBinding> {
  const fields = new Map<string, Set<string>>();
  for (const definition of definitions) {
    for (const measure of Object.values(definition.measures)) {
      const dataset = config.datasets[measure.dataset];
      if (measure.kind !== 'records' || dataset?.kind !== 'records') continue;
      const names = fields.get(measure.dataset) ?? new Set<string>();
      for (const name of fieldsOfRecords(measure, definition.groupBy, dataset)) names.add(name);
      fields.set(measure.dataset, names);
    }
  }
  const sets = new Map<string, RecordSetBinding>();
  for (const [name, names] of fields) {
    const dataset = config.datasets[name];
    if (dataset?.kind !== 'records') continue;
    const kept = [...names].filter((field) => !isRecordTime(dataset, field)).sort();
    // What only reckons with the versions must not orphan those that were kept.
    const {
      settleMs: _,
      reviseForMs: __,
      expectEvents: ___,
      clock: ____,
      dueBy: _____,
      ...binding
    } = dataset;
    sets.set(name, {
      dataset,
      fields: kept,
      fingerprint: hashOf([probes.get(name)?.identity, binding, kept]),
    });
  }
  return sets;
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
