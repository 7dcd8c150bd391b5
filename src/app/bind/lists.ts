/** Lists: with which of a snapshot dataset's fields one is read and kept. */
import type { Config, SnapshotDataset } from '../../config/model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import { filterFields, filterLookups } from '../../core/filter/bind.ts';
import { hashOf } from '../../core/hash.ts';
import type { Probe } from '../../ports/connector.ts';
import { filtersOf } from './filters-of.ts';

export interface ListBinding {
  readonly dataset: SnapshotDataset;
  /** Standard names, sorted. */
  readonly fields: readonly string[];
  /** Its name in the store: another binding is another list. */
  readonly key: string;
}

/** The list of a dataset that has these fields. */
export type ListOf = (dataset: SnapshotDataset, wanted: readonly string[]) => ListBinding;

/**
 * One list for each dataset, with the fields of all measures. Where the source does not know all of them, one with those
 * that it knows stands beside it: a measure that the source refuses must not take the others down with it.
 */
export function listsOf(
  definitions: readonly KpiDefinition[],
  config: Config,
  probes: ReadonlyMap<string, Probe>,
): ListOf {
  const lists = new Map<string, { readonly whole: ListBinding; readonly known: ListBinding }>();
  const isKnown = (dataset: SnapshotDataset) => {
    const types = probes.get(dataset.name)?.types ?? {};
    return (field: string) => Object.hasOwn(types, dataset.fields[field] ?? field);
  };
  const bothOf = (dataset: SnapshotDataset) => {
    const all = definitions.flatMap((definition) => fieldsOf(definition, config, dataset));
    return { whole: listBinding(dataset, all), known: listBinding(dataset, all.filter(isKnown(dataset))) };
  };
  return (dataset, wanted) => {
    const { whole, known } = lists.get(dataset.name) ?? bothOf(dataset);
    lists.set(dataset.name, { whole, known });
    return wanted.every(isKnown(dataset)) ? known : whole;
  };
}

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

function listBinding(dataset: SnapshotDataset, names: readonly string[]): ListBinding {
  const fields = [...new Set(names)].sort();
  const { source, options, filter, pseudonymise, pseudonymKeyId } = dataset;
  const hidden = pseudonymise === undefined ? [] : [pseudonymise, pseudonymKeyId];
  const key = `${dataset.name} ${hashOf([source, options, filter, dataset.fields, fields, ...hidden])}`;
  return { dataset, fields, key };
}
