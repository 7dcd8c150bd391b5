/** From a number to the events or cases behind it: links into the source's own pages, beside each measure of a derivation. */
import type { Config, Dataset, EventsDataset, RecordsDataset } from '../../config/model.ts';
import type { KpiDefinition, Measure } from '../../core/definition/model.ts';
import { Clause9Error } from '../../core/errors.ts';
import type { Result } from '../../core/result/model.ts';
import type { Interval } from '../../core/time/interval.ts';
import type { Connector, FieldTypes } from '../../ports/connector.ts';
import type { Store } from '../../ports/store.ts';
import { sentence } from '../ask/ask.ts';
import { storedProbe } from '../collect/probes.ts';
import type { Derivation, ReadModel } from '../read-model.ts';
import { type Behind, behindMeasure } from './behind.ts';

export interface DrillDownContext {
  readonly store: Pick<Store, 'definition' | 'cursor'>;
  readonly config: () => Config;
  /** Asked only for sources that have pages; nothing is read from them. */
  readonly connector: (source: string) => Promise<Connector>;
}

/** The same read model, whose derivations lead to the sources' pages where these have any (`webUrl`). */
export function withLinks(read: ReadModel, context: DrillDownContext): ReadModel {
  return {
    ...read,
    async explain(id, selector) {
      const explanation = await read.explain(id, selector);
      if (explanation === null) return null;
      const links = await linksOf(context, explanation.result);
      return { ...explanation, tree: linked(explanation.tree, links) };
    },
  };
}

function linked(tree: Derivation, links: ReadonlyMap<string, Derivation>): Derivation {
  const ofMeasure = (measure: Derivation): Derivation => {
    const link = links.get(measure.label);
    return link === undefined ? measure : { ...measure, children: [link, ...measure.children] };
  };
  const children = tree.children.map((child) =>
    child.label === 'measures' ? { ...child, children: child.children.map(ofMeasure) } : child,
  );
  return { ...tree, children };
}

/** By the measures' names. */
async function linksOf(context: DrillDownContext, result: Result): Promise<ReadonlyMap<string, Derivation>> {
  const { kpi, measurementHash, evaluationHash } = result;
  const stored = await context.store.definition(kpi, measurementHash, evaluationHash);
  const definition: KpiDefinition | null = stored === null ? null : JSON.parse(stored.body);
  const links = new Map<string, Derivation>();
  for (const [name, measure] of Object.entries(definition?.measures ?? {})) {
    const link = await linkOf(context, measure, result);
    if (link !== null) links.set(name, link);
  }
  return links;
}

/** Null where the source has no pages. */
async function linkOf(
  { store, config, connector }: DrillDownContext,
  measure: Measure,
  result: Result,
): Promise<Derivation | null> {
  const { datasets, sources } = config();
  const dataset = datasets[measure.dataset];
  if (dataset === undefined || dataset.kind === 'snapshot') return null;
  if (!hasPages(sources[dataset.source]?.options)) return null;
  const label = 'see for yourself';
  try {
    const types = (await storedProbe(store, dataset.name))?.types ?? {};
    const behind = behindMeasure(measure, result.group, dataset, types);
    const url = urlOf(await connector(dataset.source), dataset, behind, rangeOf(measure, result), types);
    if (url === null) return null;
    return { label, value: whatIsThere(dataset, measure, behind), link: url, children: [] };
  } catch (error) {
    if (!(error instanceof Clause9Error)) throw error;
    return { label, value: `there is no link: ${sentence(error)}`, children: [] };
  }
}

const hasPages = (options: unknown): boolean =>
  typeof options === 'object' && options !== null && 'webUrl' in options && options.webUrl !== undefined;

const urlOf = (
  connector: Connector,
  dataset: EventsDataset | RecordsDataset,
  { where }: Behind,
  range: Interval,
  types: FieldTypes,
): string | null => connector.link({ dataset, types, where, range });

/** A source's pages know when a case was opened. */
const rangeOf = (measure: Measure, { start, end }: Interval): Interval =>
  measure.kind === 'records' && measure.cohort !== 'opened' ? { start: 0, end } : { start, end };

/** What the pages show, where it is not just what was counted. */
function whatIsThere({ source }: Dataset, measure: Measure, { joined, hidden }: Behind): string {
  const notes = [
    ...(measure.kind === 'records' && measure.cohort !== 'opened'
      ? ['all versions of cases opened before the window ended']
      : []),
    ...(measure.kind === 'query'
      ? ['all events of the dataset, since only the query knows which it took']
      : []),
    ...(joined === null ? [] : ['before values are looked up elsewhere']),
    ...(Object.keys(hidden).length === 0
      ? []
      : ['of all groups, since pseudonyms are known to clause9 alone']),
  ];
  return [`in the pages of ${source}`, ...notes].join('; ');
}
