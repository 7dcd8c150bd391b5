/** Results as they are computed: what is other than stored becomes a revision, beside how far its KPI has come. */
import { sql } from 'kysely';
import type { KpiState, NewResult, Store } from '../ports/store.ts';
import { type Db, insertRows, listOf } from './rows.ts';
import type { Tables } from './schema.ts';

const STATE_COLUMNS = [
  'kpi',
  'measurement_hash',
  'evaluation_hash',
  'first_loaded',
  'wanted_from',
  'evaluated_from',
  'evaluated_to',
] as const;

/** A group as one text: keys sorted, `''` for the KPI's own result. */
export const groupText = (group: Readonly<Record<string, string>> | null): string =>
  group === null
    ? ''
    : JSON.stringify(Object.fromEntries(Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1))));

const stateRow = (state: KpiState) => [
  state.kpi,
  state.measurementHash,
  state.evaluationHash,
  state.firstLoaded,
  state.wantedFrom,
  state.evaluated?.start ?? null,
  state.evaluated?.end ?? null,
];

const RESULT_COLUMNS = [
  'kpi',
  'measurement_hash',
  'evaluation_hash',
  'grp',
  'start',
  'end',
  'value',
  'lower',
  'upper',
  'sample',
  'undecided',
  'quality',
  'verdict',
  'reason',
  'final',
  'due_at',
  'as_of',
  'supersedes',
  'retroactive',
  'measures',
  'inputs',
  'newest',
] as const;

/** What makes a revision: any of these differs from the newest stored one. */
const COMPARED = [
  'value',
  'lower',
  'upper',
  'sample',
  'undecided',
  'quality',
  'verdict',
  'reason',
  'final',
] as const;

export async function saveResults(db: Db, items: Parameters<Store['saveResults']>[0]): Promise<number> {
  const results = items.flatMap((item) => item.results);
  const stored = await newestStored(db, results);
  const rows: (string | number | null)[][] = [];
  const superseded: number[] = [];
  const confirmed: [number, number | null][] = [];
  for (const result of results) {
    const before = stored.get(
      windowKey(result.kpi, result.measurementHash, result.end, groupText(result.group)),
    );
    if (before !== undefined && COMPARED.every((name) => same(before[name], result[name]))) {
      if (before.due_at !== result.dueAt) confirmed.push([before.id, result.dueAt]);
      continue;
    }
    if (before !== undefined) superseded.push(before.id);
    rows.push(resultRow(result, before?.id ?? null));
  }
  await db.updateTable('result').set({ newest: 0 }).where('id', 'in', listOf(superseded)).execute();
  await sql`update result set due_at = c.value ->> 1 from json_each(${JSON.stringify(confirmed)}) as c
    where result.id = c.value ->> 0`.execute(db);
  await insertRows(db, 'result', RESULT_COLUMNS, rows);
  await insertRows(
    db,
    'kpi_state',
    STATE_COLUMNS,
    items.map((item) => stateRow(item.state)),
    'replace',
  );
  await saveDeferred(db, items);
  return rows.length;
}

const windowKey = (kpi: string, hash: string, end: number, group: string) => `${kpi} ${hash} ${end} ${group}`;

const same = (stored: unknown, fresh: unknown): boolean =>
  stored === fresh || (typeof fresh === 'boolean' && stored === Number(fresh));

async function newestStored(
  db: Db,
  results: readonly NewResult[],
): Promise<ReadonlyMap<string, Tables['result']>> {
  const wanted = results.map((one) => [one.kpi, one.measurementHash, one.end, groupText(one.group)]);
  const rows = await db
    .selectFrom('result')
    .selectAll()
    .where('newest', '=', sql.lit(1))
    .where(
      sql<never>`(kpi, measurement_hash, end, grp)`,
      'in',
      sql<never>`(select value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each(${JSON.stringify(wanted)}))`,
    )
    .execute();
  return new Map(rows.map((row) => [windowKey(row.kpi, row.measurement_hash, row.end, row.grp), row]));
}

const resultRow = (result: NewResult, supersedes: number | null) => [
  result.kpi,
  result.measurementHash,
  result.evaluationHash,
  groupText(result.group),
  result.start,
  result.end,
  result.value,
  result.lower,
  result.upper,
  result.sample,
  result.undecided,
  result.quality,
  result.verdict,
  result.reason,
  Number(result.final),
  result.dueAt,
  result.asOf,
  supersedes,
  Number(result.retroactive),
  JSON.stringify(result.measures),
  JSON.stringify(result.inputs),
  1,
];

async function saveDeferred(db: Db, items: Parameters<Store['saveResults']>[0]): Promise<void> {
  const decided = items.flatMap(({ state, deferred }) => (deferred === null ? [] : [{ state, deferred }]));
  const pairs = JSON.stringify(decided.map(({ state }) => [state.kpi, state.measurementHash]));
  await db
    .deleteFrom('deferred')
    .where(
      sql<never>`(kpi, measurement_hash)`,
      'in',
      sql<never>`(select value ->> 0, value ->> 1 from json_each(${pairs}))`,
    )
    .execute();
  await insertRows(
    db,
    'deferred',
    ['kpi', 'measurement_hash', 'start', 'end'],
    decided.flatMap(({ state, deferred }) =>
      deferred.map((one) => [state.kpi, state.measurementHash, one.start, one.end]),
    ),
  );
}
