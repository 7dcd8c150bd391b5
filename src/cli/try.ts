/** `clause9 try`: a draft's values, printed. Stores nothing: the loop works over a store in memory. */
import { relative } from 'node:path';
import { connectorTypes } from '../../connectors/index.ts';
import { resultRow } from '../app/evaluate/result-row.ts';
import { loadDraft, neverMatched, requireDatasets, tryDraft, withListsOfNow } from '../app/plan/draft.ts';
import { draftText, whyUnknown } from '../app/results-text.ts';
import type { LocatedProblem } from '../config/located.ts';
import { hasErrors } from '../core/definition/problem.ts';
import { progressBar } from '../progress.ts';
import { createLogger, openLoop, openStore, systemClock } from '../wiring.ts';
import { interruptible, print } from './arguments.ts';

export interface TryOptions {
  readonly config: string;
  readonly last: number;
  readonly output: string;
}

/** Returns the exit code: 1 where the draft has an error or a window could not be read. */
export async function runTry(
  path: string,
  { config: configPath, last, output }: TryOptions,
): Promise<number> {
  const { config, definition, problems } = await loadDraft(path, configPath, connectorTypes);
  for (const problem of problems) process.stderr.write(`${line(problem)}\n`);
  if (config === null || definition === null || hasErrors(problems)) return 1;
  requireDatasets(definition, config);
  const draft = { ...definition, status: 'draft' } as const;
  const store = await openStore({ ...config, store: { path: ':memory:' } });
  const bar = progressBar();
  const log = createLogger('warn', 'stderr');
  const now = systemClock.now();
  const parts = { store: withListsOfNow(store), clock: { now: () => now }, log, progress: bar.onProgress };
  const open = openLoop({ config, definitions: [draft] }, parts);
  const names = Object.values(draft.measures).map(({ dataset }) => config.datasets[dataset]);
  const settleMs = Math.max(0, ...names.map((dataset) => dataset?.settleMs ?? 0));
  try {
    const times = { now, lastMs: last, settleMs };
    const { results, report } = await tryDraft(open.loop, store, draft, times, interruptible());
    bar.stop();
    if (output === 'text') print(draftText(draft, results));
    else for (const one of results) print(JSON.stringify({ ...resultRow(one), why: whyUnknown(one, draft) }));
    for (const told of await neverMatched(store, results)) process.stderr.write(`${told}\n`);
    const lists = names.some((dataset) => dataset?.kind === 'snapshot');
    if (lists) process.stderr.write('Lists are taken as they are now, also for windows of the past.\n');
    process.stderr.write('Nothing was stored.\n');
    const lacks = report.missingSlices > 0 || results.some(({ quality }) => quality === 'missing');
    return lacks || results.length === 0 ? 1 : 0;
  } finally {
    bar.stop();
    await open.close();
    await store.close();
  }
}

function line({ file, line, column, severity, message, help }: LocatedProblem): string {
  const near = relative(process.cwd(), file);
  const name = near.startsWith('..') ? file : near;
  return `${name}:${line}:${column} ${severity} ${message}${help === '' ? '' : `\n  ${help}`}`;
}
