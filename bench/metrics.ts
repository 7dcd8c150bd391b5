/** Prints how long `/metrics` takes, at several sizes: the median and the worst of the scrapes. */
import { pino } from 'pino';
import type { KpiView, ReadModel } from '../src/app/read-model.ts';
import { createServer } from '../src/http/server.ts';
import { fakeDefinition, fakeResult, fakeTarget } from '../test/fakes/kpi.ts';
import { fakeControl, fakeReadModel } from '../test/fakes/read-model.ts';

const SCRAPES = 30;
const WINDOW = { start: Date.UTC(2016, 2, 1), end: Date.UTC(2016, 3, 1) };
const STATUS = { verdict: 'on-target', reason: null, sentence: null } as const;

/** `groups` 0: the KPI's own result alone. */
function view(index: number, groups: number): KpiView {
  const target = fakeTarget({ op: '>=', limit: 95 }, { op: '>=', limit: 90 });
  const definition = fakeDefinition({
    id: `kpi-${index}`,
    targets: [target],
    groupBy: groups > 0 ? ['host.name'] : [],
  });
  const result = (group: Readonly<Record<string, string>> | null) =>
    fakeResult({ kpi: definition.id, ...WINDOW, group, value: 95 + index / 1000, lower: 94, upper: 97 });
  return {
    definition,
    missingDatasets: [],
    newest: result(null),
    status: STATUS,
    groups: Array.from({ length: groups }, (_, group) => ({
      result: result({ 'host.name': `host-${group}.example.org` }),
      status: STATUS,
      target,
    })),
    target,
    benchmarks: [],
    ageMs: 0,
  };
}

async function measure(kpis: number, groups: number): Promise<void> {
  const views = Array.from({ length: kpis }, (_, index) => view(index, groups));
  let version = 0;
  // Something has changed at each scrape: the dearest case.
  const read: ReadModel = {
    ...fakeReadModel([]),
    version: async () => String(version++),
    kpis: async () => views,
  };
  const { api, metrics } = await createServer({
    read,
    control: fakeControl(),
    logger: pino({ level: 'silent' }),
  });
  const times: number[] = [];
  let series = 0;
  for (let scrape = 0; scrape < SCRAPES; scrape += 1) {
    const start = performance.now();
    const { body } = await metrics.inject('/metrics');
    times.push(performance.now() - start);
    series = body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  }
  times.sort((a, b) => a - b);
  const ms = (at: number): string => `${(times[at] ?? 0).toFixed(1)} ms`;
  console.log(
    `${kpis} KPIs × ${groups} groups, ${series} series: median ${ms(SCRAPES / 2)}, worst ${ms(SCRAPES - 1)}`,
  );
  await Promise.all([api.close(), metrics.close()]);
}

await measure(550, 0);
await measure(1000, 0);
await measure(1000, 10);
