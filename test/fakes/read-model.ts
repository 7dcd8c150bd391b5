/** A read model over data in memory, and a control that remembers what it was asked: for tests of the HTTP faces. */
import type {
  Control,
  Derivation,
  Health,
  KpiView,
  ReadModel,
  Status,
  TrendPoint,
} from '../../src/app/read-model.ts';
import type { Reason, Result, Verdict } from '../../src/core/result/model.ts';
import type { Instant } from '../../src/core/time/interval.ts';
import type { ResultQuery } from '../../src/ports/store.ts';
import { fakeTargetAt } from './kpi.ts';
import { FAKE_NOW, type FakeKpi, fakeKpis, type Revisions } from './kpi-data.ts';

type Group = Readonly<Record<string, string>> | null;

const SENTENCES: Partial<Record<Reason, string>> = {
  missing: 'Splunk answered, but one of its servers didn’t: part of the window was not read.',
  silent: 'The sensors sent no event at all, where there should be at least one an hour.',
  undecided:
    'The outcome of 1,521 of 6,878 is still open, and it decides on which side of the target the value falls.',
  'small-sample': 'There were too few cases to judge: 3, and 20 are needed.',
  'no-target': 'No target was in force.',
  stale: 'The newest window ended too long ago to say how things are now.',
};

const statusOf = (verdict: Status['verdict'], reason: Reason | null): Status => ({
  verdict,
  reason,
  sentence: reason === null ? null : (SENTENCES[reason] ?? `There is no value: ${reason}.`),
});

const groupKey = (group: Group): string => JSON.stringify(group);
const newestOf = (revisions: Revisions): Result => revisions.at(-1) ?? revisions[0];
const sameGroup = (group: Group) => (revisions: Revisions) =>
  groupKey(revisions[0].group) === groupKey(group);

/** The newest revision known at the instant. */
const knownAt = (revisions: Revisions, asOf: Instant | undefined): Result | undefined =>
  revisions.findLast((result) => asOf === undefined || result.asOf <= asOf);

function viewOf(kpi: FakeKpi): KpiView {
  const own = kpi.windows.filter(sameGroup(null)).at(-1);
  const newest = own === undefined ? null : newestOf(own);
  const groups = kpi.windows
    .filter(([first]) => first.group !== null && first.end === newest?.end)
    .map(newestOf);
  return {
    definition: kpi.definition,
    missingDatasets: kpi.missingDatasets ?? [],
    newest,
    status:
      newest === null
        ? ({ verdict: 'unknown', reason: null, sentence: 'No result yet.' } as const)
        : statusOf(kpi.now?.verdict ?? newest.verdict, kpi.now?.reason ?? newest.reason),
    groups: groups
      .map((result) => ({
        result,
        status: statusOf(result.verdict, result.reason),
        target: fakeTargetAt(kpi.definition, result, result.group),
      }))
      .sort((a, b) => rank(a.status) - rank(b.status)),
    target: newest === null ? null : fakeTargetAt(kpi.definition, newest, null),
    benchmarks: kpi.benchmarks ?? [],
    ageMs: newest === null ? null : FAKE_NOW - newest.end,
  };
}

const RANK: Record<Verdict, number> = { 'off-target': 0, unknown: 0, 'at-risk': 1, 'on-target': 2 };
const rank = (status: Status): number => RANK[status.verdict];
const viewRank = (view: KpiView): number => (view.missingDatasets.length > 0 ? 9 : rank(view.status));

function query(kpi: FakeKpi | undefined, wanted: ResultQuery): readonly Result[] {
  const rows = (kpi?.windows ?? [])
    .filter((revisions) => wanted.group === undefined || sameGroup(wanted.group)(revisions))
    .map((revisions) => knownAt(revisions, wanted.asOf))
    .filter((result) => result !== undefined)
    .filter(
      (result) =>
        result.end > (wanted.from ?? Number.NEGATIVE_INFINITY) &&
        result.end <= (wanted.to ?? Number.POSITIVE_INFINITY),
    )
    .sort((a, b) => a.end - b.end || groupKey(a.group).localeCompare(groupKey(b.group)));
  if (wanted.order === 'descending') rows.reverse();
  const offset = wanted.offset ?? 0;
  return rows.slice(offset, offset + (wanted.limit ?? rows.length));
}

const trendOf = (kpi: FakeKpi | undefined, limit: number, group: Group): readonly TrendPoint[] =>
  (kpi?.windows ?? [])
    .filter(sameGroup(group))
    .slice(-limit)
    .map((revisions) => ({
      window: { start: revisions[0].start, end: revisions[0].end },
      first: revisions[0],
      newest: newestOf(revisions),
      revisions: revisions.length,
      target: kpi === undefined ? null : fakeTargetAt(kpi.definition, revisions[0], group),
    }));

const node = (
  label: string,
  value: Derivation['value'],
  children: readonly Derivation[] = [],
): Derivation => ({ label, value, children });

const derivationOf = (kpi: FakeKpi, result: Result): Derivation =>
  node(kpi.definition.title, result.value, [
    node('formula', kpi.definition.formula, [
      node('with values', result.value === null ? null : `100.0 * 2925 / 6878`),
    ]),
    node('measures', 1, [
      node('attained', 0.4253, [
        { ...node('see for yourself', 'in the pages of <prod>'), link: 'https://siem.example/?q="a"&b=c' },
        { ...node('see for yourself', 'not a page'), link: 'javascript:alert(1)' },
      ]),
    ]),
    node('measure attained', result.value === null ? null : 0.4253, [
      node('dataset', 'incidents'),
      node('records', result.sample),
      node('undecided', result.undecided),
      node(
        'query',
        'SELECT key, version, opened, closed, fields FROM read_parquet($1) WHERE sys_updated_at < $2 ORDER BY sys_updated_at, sys_mod_count -- a long line that has to be broken somewhere',
      ),
    ]),
    node('measurement hash', 'f3a1c07d9b2e4c55a0d7a1c8e9b04f6de1c3a5b7f9d2e4c6a8b0c1d3e5f70912'),
    node('target met', result.verdict === 'on-target'),
  ]);

/** The rich data by default; `kpis` for a test's own. */
export function fakeReadModel(kpis: readonly FakeKpi[] = fakeKpis()): ReadModel {
  const find = (id: string): FakeKpi | undefined => kpis.find((kpi) => kpi.definition.id === id);
  return {
    version: async () => '1',
    kpis: async () =>
      kpis
        .map(viewOf)
        .sort((a, b) => viewRank(a) - viewRank(b) || (a.definition.id < b.definition.id ? -1 : 1)),
    kpi: async (id) => {
      const kpi = find(id);
      return kpi === undefined ? null : viewOf(kpi);
    },
    results: async (wanted) => query(find(wanted.kpi), wanted),
    trend: async (id, limit, group = null) => trendOf(find(id), limit, group),
    sparklines: async (limit) =>
      new Map(kpis.map((kpi) => [kpi.definition.id, trendOf(kpi, limit, null).map((point) => point.newest)])),
    explain: async (id, selector) => {
      const kpi = find(id);
      const fits = ([first]: Revisions): boolean =>
        (selector.window === undefined ||
          (first.start === selector.window.start && first.end === selector.window.end)) &&
        (selector.at === undefined || first.start === selector.at);
      const window = kpi?.windows
        .filter(sameGroup(selector.group ?? null))
        .filter(fits)
        .at(-1);
      const result = window === undefined ? undefined : knownAt(window, selector.asOf);
      if (kpi === undefined || result === undefined) return null;
      return { result, sentence: `It was ${result.value ?? 'not known'}.`, tree: derivationOf(kpi, result) };
    },
    now: () => FAKE_NOW,
  };
}

const CALM = { breaker: 'closed', putOff: 0, refused: 0 } as const;

export const FAKE_HEALTH: Health = {
  ready: true,
  waitingFor: null,
  version: '0.1.0',
  definitions: 13,
  lastCycle: { start: FAKE_NOW - 60_000, durationMs: 840, error: null },
  lastSuccess: FAKE_NOW - 59_160,
  lastReload: { at: FAKE_NOW - 3_600_000, ok: true, problems: [] },
  sources: [
    { name: 'log-files', lastError: null, searches: 42, failures: 0, searchSeconds: 3.25, ...CALM },
    {
      name: 'prod-splunk',
      lastError: 'one of its servers didn’t answer',
      searches: 17,
      failures: 2,
      searchSeconds: 61.5,
      breaker: 'open',
      putOff: 12,
      refused: 0,
    },
  ],
  missingSlices: 3,
  datasets: [
    { dataset: 'authentication', completeSince: FAKE_NOW - 7_200_000, until: FAKE_NOW - 300_000, missing: 3 },
    { dataset: 'mail', completeSince: null, until: null, missing: 0 },
  ],
};

/** Counts reloads; `problems` makes them fail. */
export function fakeControl(
  health: Partial<Health> = {},
  problems: readonly string[] = [],
): Control & { reloads: number } {
  return {
    reloads: 0,
    health: () => ({ ...FAKE_HEALTH, ...health }),
    async reload() {
      this.reloads += 1;
      return { ok: problems.length === 0, problems };
    },
  };
}
