/** Definitions, how far each KPI has come, results with their revisions, and what waits to be computed again. */
import { type SelectQueryBuilder, sql } from 'kysely';
import type { Quality, Reason, Result, Verdict } from '../core/result/model.ts';
import type { KpiState, NewResult, ResultQuery, Store, Touched } from '../ports/store.ts';
import { type Db, insertRows, listOf } from './rows.ts';
import type { Tables } from './schema.ts';

type ResultMethods = Pick<
  Store,
  | 'version'
  | 'registerDefinition'
  | 'results'
  | 'newest'
  | 'revisions'
  | 'result'
  | 'definition'
  | 'kpiStates'
  | 'touched'
  | 'clearTouched'
  | 'deferred'
  | 'dueWindows'
  | 'saveResults'
>;

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
const groupText = (group: Readonly<Record<string, string>> | null): string =>
  group === null
    ? ''
    : JSON.stringify(Object.fromEntries(Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1))));

export function resultMethods(db: Db): ResultMethods {
  return {
    async version() {
      const { rows } = await sql<{ data_version: number }>`pragma data_version`.execute(db);
      return rows[0]?.data_version ?? 0;
    },
    async registerDefinition(definition) {
      await insertRows(
        db,
        'definition',
        ['kpi', 'measurement_hash', 'evaluation_hash', 'body', 'first_loaded'],
        [
          [
            definition.kpi,
            definition.measurementHash,
            definition.evaluationHash,
            definition.body,
            definition.firstLoaded,
          ],
        ],
        'ignore',
      );
      const row = await db
        .selectFrom('definition')
        .select('first_loaded')
        .where('kpi', '=', definition.kpi)
        .where('measurement_hash', '=', definition.measurementHash)
        .where('evaluation_hash', '=', definition.evaluationHash)
        .executeTakeFirstOrThrow();
      return row.first_loaded;
    },
    async results(query) {
      return (await selectResults(db, query).execute()).map(toResult);
    },
    async newest(kpis) {
      const wanted = sql<never>`(select value ->> 0, value ->> 1 from json_each(${JSON.stringify(kpis.map((one) => [one.kpi, one.measurementHash]))}))`;
      const rows = await db
        .selectFrom('result')
        .selectAll()
        .where('newest', '=', 1)
        .where(sql<never>`(kpi, measurement_hash)`, 'in', wanted)
        .where('end', '=', (inner) =>
          inner
            .selectFrom('kpi_state')
            .select('evaluated_to')
            .whereRef('kpi_state.kpi', '=', 'result.kpi')
            .whereRef('kpi_state.measurement_hash', '=', 'result.measurement_hash'),
        )
        .execute();
      return rows.map(toResult);
    },
    async revisions(kpi, window, group) {
      const rows = await db
        .selectFrom('result')
        .selectAll()
        .where('kpi', '=', kpi)
        .where('start', '=', window.start)
        .where('end', '=', window.end)
        .where('grp', '=', groupText(group))
        .orderBy('id')
        .execute();
      return rows.map(toResult);
    },
    async result(id) {
      const row = await db.selectFrom('result').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toResult(row);
    },
    async definition(kpi, measurementHash, evaluationHash) {
      const row = await db
        .selectFrom('definition')
        .selectAll()
        .where('kpi', '=', kpi)
        .where('measurement_hash', '=', measurementHash)
        .where('evaluation_hash', '=', evaluationHash)
        .executeTakeFirst();
      return row === undefined
        ? null
        : { kpi, measurementHash, evaluationHash, body: row.body, firstLoaded: row.first_loaded };
    },
    async kpiStates() {
      const rows = await db.selectFrom('kpi_state').selectAll().execute();
      return rows.map((row) => ({
        kpi: row.kpi,
        measurementHash: row.measurement_hash,
        evaluationHash: row.evaluation_hash,
        firstLoaded: row.first_loaded,
        wantedFrom: row.wanted_from,
        evaluated:
          row.evaluated_from === null || row.evaluated_to === null
            ? null
            : { start: row.evaluated_from, end: row.evaluated_to },
      }));
    },
    async touched() {
      const rows = await db.selectFrom('touched').selectAll().orderBy('id').execute();
      return {
        rows: rows.map((row) => ({
          input: row.input,
          kind: row.kind as Touched['kind'],
          fields: row.fields === null ? null : JSON.parse(row.fields),
          start: row.start,
          end: row.end,
        })),
        upTo: rows.at(-1)?.id ?? 0,
      };
    },
    async clearTouched(upTo) {
      await db.deleteFrom('touched').where('id', '<=', upTo).execute();
    },
    async deferred() {
      return await db
        .selectFrom('deferred')
        .select(['kpi', 'measurement_hash as measurementHash', 'start', 'end'])
        .orderBy('start')
        .execute();
    },
    async dueWindows(now) {
      return await db
        .selectFrom('result')
        .select(['kpi', 'measurement_hash as measurementHash', 'start', 'end'])
        .distinct()
        .where('newest', '=', sql.lit(1))
        .where('due_at', '<=', now)
        .orderBy('end')
        .execute();
    },
    saveResults: (input) => db.transaction().execute((trx) => saveResults(trx, input)),
  };
}

const stateRow = (state: KpiState) => [
  state.kpi,
  state.measurementHash,
  state.evaluationHash,
  state.firstLoaded,
  state.wantedFrom,
  state.evaluated?.start ?? null,
  state.evaluated?.end ?? null,
];

function selectResults(db: Db, query: ResultQuery): SelectQueryBuilder<Tables, 'result', Tables['result']> {
  let rows = db.selectFrom('result').selectAll().where('kpi', '=', query.kpi);
  if (query.measurementHash !== undefined) rows = rows.where('measurement_hash', '=', query.measurementHash);
  if (query.from !== undefined) rows = rows.where('end', '>', query.from);
  if (query.to !== undefined) rows = rows.where('end', '<=', query.to);
  if (query.group !== undefined) rows = rows.where('grp', '=', groupText(query.group));
  if (query.asOf === undefined) rows = rows.where('newest', '=', 1);
  else {
    const { asOf } = query;
    rows = rows.where('id', 'in', (inner) =>
      inner
        .selectFrom('result as known')
        .select(sql<number>`max(known.id)`.as('id'))
        .where('known.kpi', '=', query.kpi)
        .where('known.as_of', '<=', asOf)
        .groupBy(['known.measurement_hash', 'known.end', 'known.grp']),
    );
  }
  const direction = query.order === 'descending' ? 'desc' : 'asc';
  rows = rows.orderBy('end', direction).orderBy('grp').orderBy('id');
  if (query.limit !== undefined || query.offset !== undefined) rows = rows.limit(query.limit ?? -1);
  return query.offset === undefined ? rows : rows.offset(query.offset);
}

function toResult(row: Tables['result']): Result {
  return {
    id: row.id,
    kpi: row.kpi,
    group: row.grp === '' ? null : JSON.parse(row.grp),
    start: row.start,
    end: row.end,
    value: row.value,
    lower: row.lower,
    upper: row.upper,
    sample: row.sample,
    undecided: row.undecided,
    quality: row.quality as Quality,
    verdict: row.verdict as Verdict,
    reason: row.reason as Reason | null,
    final: row.final === 1,
    asOf: row.as_of,
    supersedes: row.supersedes,
    measurementHash: row.measurement_hash,
    evaluationHash: row.evaluation_hash,
    retroactive: row.retroactive === 1,
    measures: JSON.parse(row.measures),
    inputs: JSON.parse(row.inputs),
  };
}

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

async function saveResults(db: Db, items: Parameters<Store['saveResults']>[0]): Promise<number> {
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
