/** `clause9 run` and `backfill`: a pass of the loop in the foreground. */
import { verdictTable } from '../app/text.ts';
import { createReadModel } from '../app/views.ts';
import { Clause9Error } from '../core/errors.ts';
import type { Instant } from '../core/time/interval.ts';
import { loadSet } from '../load.ts';
import { progressBar } from '../progress.ts';
import { createLogger, openLoop, openStore, systemClock } from '../wiring.ts';
import { inColor, interruptible, print } from './arguments.ts';

interface PassChoice {
  readonly from?: Instant;
  readonly to?: Instant;
  readonly only?: readonly string[];
}

export async function runPass(configPath: string, { from, to, only = [] }: PassChoice): Promise<void> {
  const set = await loadSet(configPath);
  const unknown = only.filter((id) => !set.definitions.some((one) => one.id === id));
  if (unknown.length > 0)
    throw new Clause9Error(`there is no KPI "${unknown.join('", "')}"`, { where: configPath });
  const store = await openStore(set.config);
  const bar = progressBar();
  const log = createLogger('warn', 'stderr');
  const open = openLoop(set, { store, clock: systemClock, log, progress: bar.onProgress });
  const signal = interruptible();
  try {
    const scope = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { until: to }) };
    const chosen = only.length === 0 ? {} : { only: new Set(only) };
    const pass = () => open.loop.pass({ signal, ...scope, ...chosen });
    let report = await pass();
    // A back-fill takes as many cycles as the budgets of its sources ask for.
    for (let before = Infinity; from !== undefined && report.putOff > 0; ) {
      if (report.missingSlices >= before) break;
      before = report.missingSlices;
      const next = await pass();
      report = { ...next, results: report.results + next.results };
    }
    bar.stop();
    const views = await createReadModel(store, () => set, systemClock).kpis();
    print(verdictTable(views, { color: inColor(process.stdout) }));
    const lacking = views.filter(({ newest }) => newest?.quality === 'missing').length;
    process.stderr.write(
      `${[
        `Results that are new or changed: ${report.results}`,
        `slices that are missing: ${report.missingSlices}`,
        ...(lacking === 0 ? [] : [`KPIs that lack data: ${lacking}`]),
        ...(report.putOff === 0 ? [] : [`reads put off to the next cycle: ${report.putOff}`]),
      ].join('; ')}.\n`,
    );
    if (report.missingSlices + lacking > 0) process.exitCode = 1;
  } finally {
    bar.stop();
    await open.close();
    await store.close();
  }
}
