/** Definitions, how far each KPI has come, results with their revisions, and what waits to be computed again. */
import { type SelectQueryBuilder, sql } from 'kysely';
import type { Quality, Reason, Result, Verdict } from '../core/result/model.ts';
import type { ResultQuery, Store, Touched } from '../ports/store.ts';
import { groupText, saveResults } from './result-writes.ts';
import { type Db, insertRows } from './rows.ts';
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
