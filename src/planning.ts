/** `clause9 plan`: what the next cycle would ask, printed. Works beside a running service: it only reads the store. */
import { existsSync } from 'node:fs';
import { planCycle } from './app/plan/plan.ts';
import { planText } from './app/plan/text.ts';
import { loadSet } from './load.ts';
import { createLogger, openConnectors, openStore, systemClock } from './wiring.ts';

/** Returns the exit code: 1 where a read is refused, or a source did not answer. */
export async function runPlan(
  configPath: string,
  output: 'text' | 'json',
  print: (text: string) => void,
): Promise<number> {
  const { config, definitions } = await loadSet(configPath);
  const isNew = !existsSync(config.store.path);
  const store = isNew
    ? await openStore({ ...config, store: { path: ':memory:' } })
    : await openStore(config, { readOnly: true });
  const { connector, close } = openConnectors(config);
  const log = createLogger('warn', 'stderr');
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new Error('interrupted')));
  const context = { config, definitions, store, connector, clock: systemClock, log, meter: new Map() };
  try {
    const plan = await planCycle(context, stop.signal);
    print(output === 'json' ? JSON.stringify(plan, null, 2) : planText(plan));
    process.stderr.write(
      'Asked: what the datasets are, and for late data. Nothing was read, nothing stored.\n',
    );
    const isRefused = plan.sources.some(({ reads }) => reads.some(({ state }) => state === 'refused'));
    return isRefused || plan.warnings.length > 0 ? 1 : 0;
  } finally {
    await close();
    await store.close();
  }
}
