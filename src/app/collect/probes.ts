/** What each dataset's source says of it (types, identity, rights): asked now and then, the last word kept. */
import type { Dataset } from '../../config/model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import { type Instant, MINUTE } from '../../core/time/interval.ts';
import type { Probe } from '../../ports/connector.ts';
import type { Store } from '../../ports/store.ts';
import { type Ask, guarded } from '../ask/ask.ts';
import { datasetNames } from '../bind/bind.ts';
import type { LoopContext } from '../context.ts';
import { type AccessChange, noteAccess } from './access.ts';

/** How long a source's own word about field types and identity is believed. */
const PROBE_EVERY = 15 * MINUTE;

export interface KnownProbe {
  readonly probe: Probe;
  readonly at: Instant;
  /** What the account may see was another thing the time before. */
  readonly change: AccessChange | null;
}

export type KnownProbes = Map<string, KnownProbe>;

/** The probing under way, by source. */
export interface Probing {
  readonly sources: ReadonlyMap<string, Promise<void>>;
  /** How many datasets of a source are being asked for. */
  searches(source: string): number;
}

/** Asks for each dataset that it is time for; what a source last said stands in while it can't be reached. */
export async function startProbing(
  context: LoopContext,
  ask: Ask,
  definitions: readonly KpiDefinition[],
  probes: KnownProbes,
  signal: AbortSignal,
): Promise<Probing> {
  const now = context.clock.now();
  const names = [...new Set(definitions.flatMap(datasetNames))];
  await Promise.all(names.map((name) => recall(context, name, probes)));
  const due = names.flatMap((name) => {
    const dataset = context.config.datasets[name];
    const last = probes.get(name);
    const isKnown = last !== undefined && now - last.at < PROBE_EVERY && now >= last.at;
    return dataset === undefined || isKnown ? [] : [dataset];
  });
  const bySource = Map.groupBy(due, (dataset) => dataset.source);
  const sources = new Map(
    [...bySource].map(([source, datasets]) => {
      const asked = Promise.all(
        datasets.map((dataset) => probeDataset(context, ask, dataset, probes, signal)),
      ).then(() => {});
      // Whoever waits for it gets the error; nobody may be waiting yet.
      asked.catch(() => {});
      return [source, asked];
    }),
  );
  return { sources, searches: (source) => bySource.get(source)?.length ?? 0 };
}

const keyOf = (name: string): string => `probe ${name}`;

/** What the source of a dataset last said of it; null: it was never asked. */
export async function storedProbe(store: Pick<Store, 'cursor'>, name: string): Promise<Probe | null> {
  const stored = await store.cursor(keyOf(name));
  return stored === null ? null : JSON.parse(stored);
}

async function recall({ store }: LoopContext, name: string, probes: KnownProbes): Promise<void> {
  const probe = probes.has(name) ? null : await storedProbe(store, name);
  if (probe !== null) probes.set(name, { probe, at: Number.NEGATIVE_INFINITY, change: null });
}

const probeDataset = (
  context: LoopContext,
  ask: Ask,
  dataset: Dataset,
  probes: KnownProbes,
  signal: AbortSignal,
): Promise<void> =>
  guarded(context, dataset, async () => {
    const { name, source } = dataset;
    const before = probes.get(name)?.probe;
    const probe = await ask(source, signal, (connector, abort) => connector.probe(dataset, abort));
    const at = context.clock.now();
    const change = before === undefined ? null : await noteAccess(context, dataset, before, probe, at);
    probes.set(name, { probe, at, change });
    await context.store.uncover([], [], { key: keyOf(name), value: JSON.stringify(probe) });
  });

/** The sources that are not through with it after so many milliseconds. */
export async function lateSources({ sources }: Probing, patienceMs: number): Promise<ReadonlySet<string>> {
  const late = new Set(sources.keys());
  const all = [...sources].map(([source, asked]) => asked.finally(() => late.delete(source)));
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  try {
    await Promise.race([Promise.all(all), patience]);
    return new Set(late);
  } finally {
    clearTimeout(timer);
    for (const one of all) one.catch(() => {});
  }
}
