/** `clause9 try`: the values that a draft of a definition would have, computed by the production loop over a store that is thrown away. */
import { resolve } from 'node:path';
import { type LoadedDefinitions, loadDefinitions } from '../../config/definitions.ts';
import { loadConfig } from '../../config/load.ts';
import { type LocatedProblem, sortProblems } from '../../config/located.ts';
import type { Config } from '../../config/model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import { Clause9Error } from '../../core/errors.ts';
import type { Result } from '../../core/result/model.ts';
import type { Instant } from '../../core/time/interval.ts';
import { latestWindow, windowsEndingIn } from '../../core/time/window.ts';
import type { ConnectorType } from '../../ports/connector.ts';
import type { Store } from '../../ports/store.ts';
import { missingDatasets } from '../bind/bind.ts';
import { explainResult } from '../explain/explain.ts';
import type { Loop, PassReport } from '../loop/loop.ts';
import type { Derivation } from '../read-model.ts';
import { checkSet } from '../validate/check-set.ts';

export interface Draft {
  /** Null where it has an error. */
  readonly config: Config | null;
  readonly definition: KpiDefinition | null;
  /** Of the draft and of the configuration; those of other definitions don't matter here. */
  readonly problems: readonly LocatedProblem[];
}

/** The draft as if it stood among the definitions of the configuration, in place of the one with its id. */
export async function loadDraft(
  path: string,
  configPath: string,
  connectorTypes: readonly ConnectorType[],
): Promise<Draft> {
  const file = resolve(path);
  const { config, problems, definitions: places } = loadConfig(configPath, connectorTypes);
  const others = await loadDefinitions(places);
  const alone = await loadDefinitions([file]);
  // Only an overlay needs what it extends beside it.
  const isOverlay = alone.problems.some(({ rule }) => rule === 'extends');
  const loaded = isOverlay ? await loadDefinitions([file, ...places]) : alone;
  const own = loaded.definitions.filter((one) => one.file === file);
  const drafted: LoadedDefinitions = {
    ...loaded,
    definitions: own,
    ids: new Set([...others.ids, ...loaded.ids]),
  };
  const found = own.length > 0 ? loaded.problems.filter((one) => one.file === file) : loaded.problems;
  return {
    config,
    definition: own[0]?.definition ?? null,
    problems: sortProblems([...problems, ...found, ...checkSet(drafted, config).problems]),
  };
}

/** Throws where the draft can't be measured by this configuration. */
export function requireDatasets(definition: KpiDefinition, config: Config): void {
  const missing = missingDatasets(definition, config);
  if (missing.length === 0) return;
  const known = Object.keys(config.datasets).join(', ');
  throw new Clause9Error(
    `the configuration has no dataset ${missing.map((name) => `"${name}"`).join(', ')}`,
    {
      help: `There are ${known}.`,
    },
  );
}

/** A list is only known as it is now: that one stands for those of the past. */
export const withListsOfNow = (store: Store): Store => ({
  ...store,
  snapshot: (key) => store.snapshot(key, Number.MAX_SAFE_INTEGER),
});

/** Why a filter of the newest window can never have matched: a line a literal, with what the data holds instead. */
export async function neverMatched(store: Store, results: readonly Result[]): Promise<readonly string[]> {
  const newest = results.at(-1);
  if (newest?.reason !== 'filter-never-matched') return [];
  const lines = (tree: Derivation): string[] => [
    ...(tree.label === 'never matched'
      ? [`${tree.value}; ${tree.children.map(({ label, value }) => `${label}: ${value}`).join('; ')}`]
      : []),
    ...tree.children.flatMap(lines),
  ];
  return [...new Set(lines((await explainResult(store, newest)).tree))];
}

/** Its windows that ended within this time, the newest one at least; null: the loop did not evaluate it. */
export async function tryDraft(
  loop: Loop,
  store: Store,
  { id, window, measurementHash }: KpiDefinition,
  { now, lastMs, settleMs }: { readonly now: Instant; readonly lastMs: number; readonly settleMs: number },
  signal: AbortSignal,
): Promise<{ readonly results: readonly Result[]; readonly report: PassReport }> {
  const until = now - settleMs;
  const [first = latestWindow(window, until)] = windowsEndingIn(window, {
    start: until - lastMs,
    end: until,
  });
  let report = await loop.pass({ signal, from: first.start });
  // As many cycles as the budgets of its sources ask for.
  for (let before = Number.POSITIVE_INFINITY; report.putOff > 0 && report.missingSlices < before; ) {
    before = report.missingSlices;
    report = await loop.pass({ signal, from: first.start });
  }
  return { results: await store.results({ kpi: id, measurementHash, from: first.end - 1 }), report };
}
