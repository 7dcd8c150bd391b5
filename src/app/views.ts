/** The read model: what every face shows, assembled from stored results and the definitions in force. */
import type { Config } from '../config/model.ts';
import type { Benchmark, KpiDefinition, Target } from '../core/definition/model.ts';
import type { Result } from '../core/result/model.ts';
import { isStale } from '../core/result/quality.ts';
import { reasonSentence } from '../core/result/reasons.ts';
import { type Instant, MINUTE } from '../core/time/interval.ts';
import { previousWindow, windowAYearBefore } from '../core/time/window.ts';
import { compareWithBenchmarks } from '../core/verdict/benchmark.ts';
import { targetInForce } from '../core/verdict/target.ts';
import { worstFirst } from '../core/verdict/worst.ts';
import type { Clock } from '../ports/clock.ts';
import type { ResultQuery, Store } from '../ports/store.ts';
import { failureBehind } from './ask/failures.ts';
import { datasetNames, missingDatasets } from './bind/bind.ts';
import { absenceSentences } from './checks/absences.ts';
import { explainResult } from './explain/explain.ts';
import type { KpiView, ReadModel, Status, TrendPoint } from './read-model.ts';

export interface ActiveSet {
  readonly config: Config;
  readonly definitions: readonly KpiDefinition[];
}

/** `active` is asked at each call, so that a reload shows at once. */
export function createReadModel(store: Store, active: () => ActiveSet, clock: Clock): ReadModel {
  const find = (id: string) => active().definitions.find((one) => one.id === id);
  const view = async (definition: KpiDefinition, newest: readonly Result[]): Promise<KpiView> => {
    const own = newest.find((one) => one.group === null) ?? null;
    return {
      definition,
      missingDatasets: missingDatasets(definition, active().config),
      newest: own,
      status: await withCause(
        store,
        definition,
        own,
        statusOf(own, definition, active().config, clock.now()),
        clock,
      ),
      groups: newest
        .filter((one) => one.group !== null && one.reason !== 'no-value')
        .sort(worstFirst(definition.direction))
        .map((result) => ({
          result,
          status: statusOf(result, definition, active().config, clock.now()),
          target: targetOf(definition, result),
        })),
      target: own === null ? null : targetOf(definition, own),
      benchmarks: own === null ? [] : await benchmarksOf(store, definition, own),
      ageMs: own === null ? null : clock.now() - own.end,
    };
  };

  let seen: ActiveSet | null = null;
  let sets = 0;
  return {
    now: () => clock.now(),
    async version() {
      if (seen !== active()) {
        seen = active();
        sets += 1;
      }
      return [await store.version(), sets, Math.floor(clock.now() / MINUTE)].join(' ');
    },
    async kpis() {
      const { definitions } = active();
      const newest = Map.groupBy(await newestOf(store, definitions), (one) => one.kpi);
      const views: KpiView[] = [];
      for (const definition of definitions)
        views.push(await view(definition, newest.get(definition.id) ?? []));
      return views.sort(decisionFirst);
    },
    async kpi(id) {
      const definition = find(id);
      return definition === undefined ? null : view(definition, await newestOf(store, [definition]));
    },
    results: (query) => store.results(withCurrentHash(query, find(query.kpi))),
    async trend(id, limit, group = null) {
      const definition = find(id);
      if (definition === undefined) return [];
      const { measurementHash } = definition;
      const newest = await store.results({ kpi: id, measurementHash, group, limit, order: 'descending' });
      return Promise.all(newest.toReversed().map((result) => trendPoint(store, definition, result)));
    },
    async sparklines(limit) {
      const lines = new Map<string, readonly Result[]>();
      for (const { id, measurementHash } of active().definitions) {
        const query = { kpi: id, measurementHash, group: null, limit, order: 'descending' } as const;
        lines.set(id, (await store.results(query)).toReversed());
      }
      return lines;
    },
    async explain(id, selector) {
      const definition = find(id);
      const result = await selected(store, withCurrentHash({ kpi: id }, definition), selector);
      return result === null ? null : explainResult(store, result);
    },
  };
}

const withCurrentHash = (query: ResultQuery, definition: KpiDefinition | undefined): ResultQuery =>
  definition === undefined ? query : { measurementHash: definition.measurementHash, ...query };

const newestOf = (store: Store, definitions: readonly KpiDefinition[]) =>
  store.newest(definitions.map(({ id, measurementHash }) => ({ kpi: id, measurementHash })));

const targetOf = (definition: KpiDefinition, result: Result): Target | null =>
  targetInForce(definition.targets, result.end - 1, definition.timeZone, result.group);

async function trendPoint(store: Store, definition: KpiDefinition, newest: Result): Promise<TrendPoint> {
  const { id, measurementHash } = definition;
  const all = newest.supersedes === null ? [newest] : await store.revisions(id, newest, newest.group);
  const own = all.filter((one) => one.measurementHash === measurementHash);
  const window = { start: newest.start, end: newest.end };
  return {
    window,
    first: own[0] ?? newest,
    newest,
    revisions: own.length,
    target: targetOf(definition, newest),
  };
}

/** As the newest result says, or `unknown: stale` where a newer one should long be there. */
function statusOf(result: Result | null, definition: KpiDefinition, config: Config, now: Instant): Status {
  if (result === null) return { verdict: 'unknown', reason: null, sentence: 'No result yet.' };
  const { window } = definition;
  const everyMs = window.kind === 'rolling' ? window.everyMs : result.end - result.start;
  const datasets = Object.values(definition.measures).map((measure) => config.datasets[measure.dataset]);
  const settleMs = Math.max(0, ...datasets.map((dataset) => dataset?.settleMs ?? 0));
  const stale = isStale(result.end, now, settleMs, everyMs);
  const reason = stale ? 'stale' : result.reason;
  if (reason === null) return { verdict: result.verdict, reason: null, sentence: null };
  const atLeast = definition.minimumSample?.atLeast;
  const context = {
    sample: result.sample,
    undecided: result.undecided,
    ...(atLeast === undefined ? {} : { atLeast }),
  };
  return { verdict: 'unknown', reason, sentence: reasonSentence(reason, context) };
}

/** Where data is missing, the sentence goes on with what the source last answered instead. */
async function withCause(
  store: Store,
  definition: KpiDefinition,
  result: Result | null,
  status: Status,
  clock: Clock,
): Promise<Status> {
  if (status.reason === 'field-vanished' && status.sentence !== null && result !== null) {
    const measures = Object.values(definition.measures);
    const absent = await Promise.all(measures.map((one) => absenceSentences(store, one, result)));
    return { ...status, sentence: [status.sentence, ...new Set(absent.flat())].join(' ') };
  }
  const isMissing = status.reason === 'missing' || (result === null && status.reason === null);
  if (!isMissing || status.sentence === null) return status;
  const causes = await Promise.all(
    datasetNames(definition).map((name) => failureBehind(store, name, result?.asOf ?? clock.now())),
  );
  const texts = new Set(causes.map((cause) => cause?.text).filter((text) => text !== undefined));
  return { ...status, sentence: [status.sentence, ...texts].join(' ') };
}

function decisionFirst(a: KpiView, b: KpiView): number {
  const rank = (view: KpiView) => (view.missingDatasets.length > 0 ? 2 : view.newest === null ? 1 : 0);
  const byVerdict = worstFirst('higher-is-better');
  const judged = (view: KpiView) => ({ verdict: view.status.verdict, value: 0 });
  return rank(a) - rank(b) || byVerdict(judged(a), judged(b)) || (a.definition.id < b.definition.id ? -1 : 1);
}

async function benchmarksOf(
  store: Store,
  definition: KpiDefinition,
  own: Result,
): Promise<KpiView['benchmarks']> {
  const earlier = new Map<Benchmark, readonly (number | null)[]>();
  for (const benchmark of definition.benchmarks) {
    if (benchmark.kind === 'historic')
      earlier.set(benchmark, await earlierValues(store, definition, own, benchmark));
  }
  return compareWithBenchmarks(definition, own.value, (benchmark) => earlier.get(benchmark) ?? []);
}

/** Values of earlier windows, newest first; null where a window has no value that can be trusted. */
async function earlierValues(
  store: Store,
  { id, measurementHash, window: spec }: KpiDefinition,
  own: Result,
  benchmark: Extract<Benchmark, { kind: 'historic' }>,
): Promise<readonly (number | null)[]> {
  const windows = [];
  if (benchmark.basis === 'previous-year') windows.push(windowAYearBefore(spec, own));
  const count =
    benchmark.basis === 'mean-of-last' ? benchmark.windows : benchmark.basis === 'previous-window' ? 1 : 0;
  for (
    let window = previousWindow(spec, own);
    windows.length < count;
    window = previousWindow(spec, window)
  ) {
    windows.push(window);
  }
  const [last, first] = [windows[0], windows.at(-1)];
  if (first === undefined || last === undefined) return [];
  const results = await store.results({
    kpi: id,
    measurementHash,
    group: null,
    from: first.end - 1,
    to: last.end,
  });
  const values = new Map(results.map((one) => [one.end, one.reason === null ? one.value : null]));
  return windows.map((window) => values.get(window.end) ?? null);
}

type Selector = Parameters<ReadModel['explain']>[1];

async function selected(
  store: Store,
  base: ResultQuery,
  { window, at, asOf, group }: Selector,
): Promise<Result | null> {
  const query = { ...base, group: group ?? null, ...(asOf === undefined ? {} : { asOf }) };
  if (window !== undefined) {
    const found = await store.results({ ...query, from: window.end - 1, to: window.end });
    return found.find((one) => one.start === window.start) ?? null;
  }
  if (at === undefined) return (await store.results({ ...query, order: 'descending', limit: 1 }))[0] ?? null;
  const around = await store.results({ ...query, from: at, order: 'ascending', limit: 10_000 });
  const containing = around.filter((one) => one.start <= at);
  return containing.find((one) => one.start === at) ?? containing.at(-1) ?? null;
}
