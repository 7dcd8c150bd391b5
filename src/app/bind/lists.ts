/** Lists: with which of a snapshot dataset's fields one is read and kept. */
import type { Config, SnapshotDataset } from '../../config/model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import { filterFields, filterLookups } from '../../core/filter/bind.ts';
import { hashOf } from '../../core/hash.ts';
import type { Probe } from '../../ports/connector.ts';
import { filtersOf } from './filters-of.ts';
import { byKnownFields } from './known-fields.ts';

export interface ListBinding {
  readonly dataset: SnapshotDataset;
  /** Standard names, sorted. */
  readonly fields: readonly string[];
  /** Its name in the store: another binding is another list. */
  readonly key: string;
}

/** The list of a dataset that has these fields. */
export type ListOf = (dataset: SnapshotDataset, wanted: readonly string[]) => ListBinding;

export const listsOf = (
  definitions: readonly KpiDefinition[],
  config: Config,
  probes: ReadonlyMap<string, Probe>,
): ListOf =>
  byKnownFields(
    probes,
    (dataset) => definitions.flatMap((definition) => fieldsOf(definition, config, dataset)),
    listBinding,
  );

/** What a definition needs of a list: the columns that it looks values up in, and those that it measures. */
function fieldsOf(definition: KpiDefinition, config: Config, dataset: SnapshotDataset): string[] {
  return Object.values(definition.measures).flatMap((measure) => {
    const looked = filtersOf(measure)
      .flatMap(filterLookups)
      .flatMap((lookup) => (config.datasets[lookup.dataset] === dataset ? [lookup.field] : []));
    const isOwn = measure.kind === 'events' && config.datasets[measure.dataset] === dataset;
    return isOwn ? [...looked, ...measuredFields(measure, definition.groupBy)] : looked;
  });
}

/** The fields of a list that a measure of it needs. */
export const measuredFields = (
  { where, aggregate }: Extract<KpiDefinition['measures'][string], { kind: 'events' }>,
  groupBy: readonly string[],
): string[] => [...filterFields(where), ...(aggregate.type === 'count' ? [] : [aggregate.field]), ...groupBy];

function listBinding(dataset: SnapshotDataset, fields: readonly string[]): ListBinding {
  const { source, options, filter, pseudonymise, pseudonymKeyId } = dataset;
  const hidden = pseudonymise === undefined ? [] : [pseudonymise, pseudonymKeyId];
  const key = `${dataset.name} ${hashOf([source, options, filter, dataset.fields, fields, ...hidden])}`;
  return { dataset, fields, key };
}
