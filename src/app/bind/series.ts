/** Series of events: what is asked of the source in its own names, the fingerprint that slices belong to, and their grain. */
import type { Config, EventsDataset } from '../../config/model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import { bindFilter, filterFields } from '../../core/filter/bind.ts';
import { splitLookups } from '../../core/filter/join.ts';
import { EVERYTHING, type Filter } from '../../core/filter/model.ts';
import { hashOf } from '../../core/hash.ts';
import type { Aggregate } from '../../core/measure/tally.ts';
import { GRAINS, type Grain } from '../../core/time/interval.ts';
import { sliceGrain } from '../../core/time/slice.ts';
import type { MeasureRequest, Probe } from '../../ports/connector.ts';
import type { SeriesBinding } from './bind.ts';
import { hiddenNatives } from './pseudonyms.ts';

export function seriesBinding(
  dataset: EventsDataset,
  probe: Probe,
  where: Filter,
  aggregate: Aggregate,
  groupBy: readonly string[],
  maxGroups: number,
): Omit<SeriesBinding, 'grain'> {
  const request = nativeRequest(dataset, where, aggregate, groupBy);
  return { dataset, fingerprint: fingerprint(dataset, probe, request), request, groupBy, maxGroups };
}

/** The largest slices that the KPI's windows, and what is excluded from them, can be put together from. */
export const grainOf = ({ window, exclusions }: KpiDefinition): Grain | null =>
  sliceGrain(
    window,
    exclusions.flatMap(({ start, end }) => [start, end]),
  );

/** All events of the dataset, counted: tells zero from silent, and what late data is compared with. */
export const controlSeries = (dataset: EventsDataset, probe: Probe): Omit<SeriesBinding, 'grain'> => {
  const request = nativeRequest(dataset, EVERYTHING, { type: 'count' }, []);
  const control = hashOf(['control', fingerprint(dataset, probe, request)]);
  return { dataset, fingerprint: control, request, groupBy: [], maxGroups: 1 };
};

function nativeRequest(
  dataset: EventsDataset,
  where: Filter,
  aggregate: Aggregate,
  groupBy: readonly string[],
): Omit<MeasureRequest, 'id'> {
  const native = (field: string) => dataset.fields[field] ?? field;
  return {
    where: bindFilter(where, dataset.fields, dataset.values),
    aggregate: aggregate.type === 'count' ? aggregate : { ...aggregate, field: native(aggregate.field) },
    groupBy: groupBy.map(native),
  };
}

/** What the slices of a measure depend on; changing anything else orphans nothing. */
function fingerprint(dataset: EventsDataset, probe: Probe, request: Omit<MeasureRequest, 'id'>): string {
  const fields = [
    ...filterFields(request.where),
    ...(request.aggregate.type === 'count' ? [] : [request.aggregate.field]),
    ...request.groupBy,
  ];
  return hashOf({
    identity: probe.identity,
    options: dataset.options,
    filter: dataset.filter,
    time: dataset.time,
    types: Object.fromEntries(fields.map((field) => [field, probe.types[field] ?? 'unknown'])),
    request,
    // Under another key the same values have other names.
    pseudonyms: isHidden(dataset, request) ? [dataset.pseudonymise, dataset.pseudonymKeyId] : undefined,
  });
}

/** Whether what is stored of a measure holds values of fields that the dataset hides. */
function isHidden(dataset: EventsDataset, { groupBy, aggregate }: Omit<MeasureRequest, 'id'>): boolean {
  const hidden = hiddenNatives(dataset);
  return (
    groupBy.some((field) => hidden.has(field)) ||
    (aggregate.type === 'distinct' && hidden.has(aggregate.field))
  );
}

/**
 * A finer slice serves a coarser need: where KPIs share a measure, the finest grain among them is read. The other
 * measures of those KPIs over the same dataset follow, since what a formula combines comes from one read.
 */
export function finestGrains(
  definitions: readonly KpiDefinition[],
  config: Config,
  probes: ReadonlyMap<string, Probe>,
): ReadonlyMap<string, Grain> {
  const grains = new Map<string, Grain>();
  const together = definitions.flatMap((definition) => {
    const grain = grainOf(definition);
    return grain === null
      ? []
      : [...readTogether(definition, config, probes)].map((bases) => ({ bases, grain }));
  });
  let isStable = false;
  while (!isStable) {
    isStable = true;
    for (const { bases, grain } of together) {
      const finest =
        GRAINS.find((one) => one === grain || bases.some((base) => grains.get(base) === one)) ?? grain;
      for (const base of bases) {
        if (grains.get(base) !== finest) isStable = false;
        grains.set(base, finest);
      }
    }
  }
  return grains;
}

/** The fingerprints of a KPI's measures, for each dataset of events. */
function readTogether(
  definition: KpiDefinition,
  config: Config,
  probes: ReadonlyMap<string, Probe>,
): Iterable<readonly string[]> {
  const byDataset = new Map<string, string[]>();
  for (const measure of Object.values(definition.measures)) {
    const dataset = config.datasets[measure.dataset];
    const probe = probes.get(measure.dataset);
    if (measure.kind !== 'events' || dataset?.kind !== 'events' || probe === undefined) continue;
    const { own } = splitLookups(measure.where);
    const base = fingerprint(dataset, probe, nativeRequest(dataset, own, measure.aggregate, []));
    byDataset.set(dataset.name, [...(byDataset.get(dataset.name) ?? []), base]);
  }
  return byDataset.values();
}
