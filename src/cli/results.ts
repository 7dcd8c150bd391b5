/** `clause9 results` and `explain`: what the store holds. They only read, so they work beside a running service. */

import { resultRow } from '../app/evaluate/result-row.ts';
import type { ReadModel } from '../app/read-model.ts';
import { resultsText } from '../app/results-text.ts';
import { derivationTree } from '../app/text.ts';
import type { KpiDefinition } from '../core/definition/model.ts';
import { suggest } from '../core/definition/suggest.ts';
import { Clause9Error } from '../core/errors.ts';
import type { Instant, Interval } from '../core/time/interval.ts';
import { loadSet } from '../load.ts';
import { openReadModel, openStore, systemClock } from '../wiring.ts';
import { print } from './arguments.ts';

async function withReadModel<T>(configPath: string, use: (read: ReadModel) => Promise<T>): Promise<T> {
  const set = await loadSet(configPath);
  const store = await openStore(set.config, { readOnly: true });
  const { read, close } = openReadModel(store, () => set, systemClock);
  try {
    return await use(read);
  } finally {
    await close();
    await store.close();
  }
}

interface ResultOptions {
  readonly config: string;
  readonly from?: Instant;
  readonly to?: Instant;
  readonly group?: Readonly<Record<string, string>>;
  readonly asOf?: Instant;
  readonly output: string;
}

export async function showResults(kpi: string, { config, output, ...query }: ResultOptions): Promise<void> {
  await withReadModel(config, async (read) => {
    const definition = await knownKpi(read, kpi);
    const results = await read.results({ kpi, ...query });
    if (results.length === 0) process.stderr.write('No results: not known then, or no such window.\n');
    else if (output === 'text') print(resultsText(definition, results));
    else for (const result of results) print(JSON.stringify(resultRow(result)));
  });
}

async function knownKpi(read: ReadModel, kpi: string): Promise<KpiDefinition> {
  const view = await read.kpi(kpi);
  if (view !== null) return view.definition;
  const ids = (await read.kpis()).map(({ definition }) => definition.id);
  throw new Clause9Error(`there is no KPI "${kpi}"`, {
    help: suggest(kpi, ids, `There are ${ids.slice(0, 12).join(', ')} and others.`),
  });
}

interface ExplainOptions extends ResultOptions {
  readonly window?: { readonly at: Instant } | { readonly window: Interval };
}

export async function showExplanation(
  kpi: string,
  { config, output, window, group, asOf }: ExplainOptions,
): Promise<void> {
  await withReadModel(config, async (read) => {
    await knownKpi(read, kpi);
    const selector = { ...window, group: group ?? null, ...(asOf === undefined ? {} : { asOf }) };
    const explanation = await read.explain(kpi, selector);
    if (explanation === null) throw new Clause9Error('not known then', { help: await whyNone(read, kpi) });
    if (output === 'json') {
      print(JSON.stringify({ ...explanation, result: resultRow(explanation.result) }, null, 2));
    } else print(`${explanation.sentence}\n\n${derivationTree(explanation.tree)}`);
  });
}

/** What stands in the way where there is no result at all. */
async function whyNone(read: ReadModel, kpi: string): Promise<string> {
  const view = await read.kpi(kpi);
  const none = view?.newest === null ? view.status.sentence : null;
  return none ?? 'Choose another --window or --as-of.';
}
