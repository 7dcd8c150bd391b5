/** The shipped example holds what its README says: sound definitions, the published data, and the story of March 2016. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { connectorTypes } from '../../connectors/index.ts';
import { type Validation, validate } from '../../src/app/validate/validate.ts';
import { EVERYTHING } from '../../src/core/filter/model.ts';
import { parseFilter } from '../../src/core/filter/parse.ts';
import type { RecordVersion } from '../../src/core/measure/record.ts';
import { compileClock } from '../../src/core/measure/record-clock.ts';
import { compileRecordsMeasure, latestVersions } from '../../src/core/measure/records.ts';
import { NO_GROUP } from '../../src/core/measure/tally.ts';
import { WALL_TIME } from '../../src/core/time/business-hours.ts';

const folder = join(import.meta.dirname, '../../examples/incident-log');
let validation: Validation;

beforeAll(async () => {
  const configPath = join(folder, 'clause9.yaml');
  validation = await validate({ configPath, connectorTypes, profile: 'iso27001' });
});

describe("the example's configuration and KPIs", () => {
  it('have no problem, also by what ISO/IEC 27001 clause 9.1 asks of a measurement', () => {
    expect(validation.problems.map(({ file, line, message }) => `${file}:${line} ${message}`)).toEqual([]);
    expect(validation.notConfigured).toEqual([]);
    expect(validation.definitions.length).toBe(readdirSync(join(folder, 'kpis')).length);
  });

  it('cover what the demo promises', () => {
    const ids = validation.definitions.map(({ definition }) => definition.id);
    expect(ids).toEqual(
      expect.arrayContaining([
        'sla-attainment',
        'sla-by-priority',
        'time-to-resolve-median',
        'time-to-resolve-p90',
        'backlog',
        'backlog-age',
        'reopen-rate',
        'reassignments',
        'resolved-within-72h',
        'intake',
      ]),
    );
  });

  it('tell an editor their schema in the first line', () => {
    for (const name of readdirSync(join(folder, 'kpis'))) {
      const [first] = readFileSync(join(folder, 'kpis', name), 'utf8').split('\n');
      expect(first, name).toBe(
        '# yaml-language-server: $schema=../../../docs/reference/definition.schema.json',
      );
    }
  });

  it('set no target for a time before the demo begins', () => {
    const dates = validation.definitions.flatMap(({ definition }) =>
      definition.targets.map((target) => target.from),
    );
    expect(dates.filter((date) => date < '2016-03-01')).toEqual([]);
  });
});

describe('incidents.parquet', () => {
  it('holds every row and case of the data set, with types', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const from = `read_parquet('${join(folder, 'incidents.parquet').replaceAll("'", "''")}')`;
    const types = await connection.runAndReadAll(`SELECT * FROM ${from} LIMIT 0`);
    const counts = await connection.runAndReadAll(
      `SELECT count(*)::INTEGER, count(DISTINCT number)::INTEGER,
         count(DISTINCT CASE WHEN resolved_at IS NULL THEN number END)::INTEGER FROM ${from}`,
    );
    connection.closeSync();
    expect(counts.getRows()).toEqual([[141_712, 24_918, 1_556]]);
    const typeOf = Object.fromEntries(
      types.columnNames().map((name, index) => [name, String(types.columnType(index))]),
    );
    expect(typeOf).toMatchObject({
      number: 'VARCHAR',
      made_sla: 'BOOLEAN',
      sys_mod_count: 'INTEGER',
      sys_updated_at: 'TIMESTAMP WITH TIME ZONE',
      resolved_at: 'TIMESTAMP WITH TIME ZONE',
    });
  });
});

const MARCH = { start: Date.UTC(2016, 2, 1), end: Date.UTC(2016, 3, 1) };
const APRIL = { start: MARCH.end, end: Date.UTC(2016, 4, 1) };

describe('SLA attainment, as it was known when', () => {
  const rows = [
    ['March on 1 April', MARCH, '2016-04-01', { n: 6878, undecided: 1521 }, [53.1, 31.0, 53.11]],
    ['March on 11 April', MARCH, '2016-04-11', { n: 6878, undecided: 98 }, [43.95, 42.53, 43.95]],
    ['March at the end of the year', MARCH, '2017-03-01', { n: 6878, undecided: 0 }, [42.53, 42.53, 42.53]],
    ['April on 2 May', APRIL, '2016-05-02', { n: 7794, undecided: 1169 }, [76.23, 61.23, 76.23]],
    ['April at the end of the year', APRIL, '2017-03-01', { n: 7794, undecided: 0 }, [72.74, 72.74, 72.74]],
  ] as const;

  it.each(rows)('%s', async (_, window, day, counts, percentages) => {
    const asOf = Date.parse(`${day}T00:00:00Z`);
    const { measure, shape } = slaMeasure();
    const versions = (await versionsAt(asOf)).values();
    const result = compileRecordsMeasure(measure, shape, [])(versions, window, asOf).get(NO_GROUP);
    expect(result).toMatchObject(counts);
    const { value, lower, upper } = result ?? {};
    expect([value, lower, upper].map((share) => Number((100 * (share ?? Number.NaN)).toFixed(2)))).toEqual(
      percentages,
    );
  });
});

describe('A clock that pauses while a user is awaited', () => {
  it('gives the medians that window functions in SQL give, of the cases of each month', async () => {
    const asOf = Date.UTC(2017, 2, 1);
    const { shape } = slaMeasure();
    const parsed = parseFilter({ ident_state: 'Awaiting User Info' });
    if ('problems' in parsed) throw new Error('no filter');
    const timed = compileClock(
      { ...shape, clock: { businessHours: null, pausedWhile: parsed.filter } },
      WALL_TIME,
    );
    const versions = await allVersionsAt(asOf);
    const histories = Map.groupBy(versions, ({ key }) => key);
    const cases = [...latestVersions(versions).values()].map((one) =>
      timed(one, histories.get(one.key) ?? []),
    );
    const median = compileRecordsMeasure(
      {
        kind: 'records',
        dataset: 'incidents',
        where: EVERYTHING,
        cohort: 'closed',
        aggregate: { type: 'duration', percentile: 50, unit: 'hours' },
        decidedWhen: null,
        followUpMs: 0,
      },
      shape,
      [],
    );
    const medians = [3, 4, 5, 6, 7].map((month) => {
      const window = { start: Date.UTC(2016, month - 1), end: Date.UTC(2016, month) };
      const { n, value } = median(cases, window, asOf).get(NO_GROUP) ?? {};
      return [n, value];
    });
    expect(medians).toEqual(await mediansBySql());
  });
});

/** Cases closed from March to July 2016 and their median time to close, in hours, less what they waited for a user. */
async function mediansBySql(): Promise<unknown[][]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const from = `read_parquet('${join(folder, 'incidents.parquet').replaceAll("'", "''")}')`;
  const reader = await connection.runAndReadAll(`
    WITH version AS (
      SELECT number, ident_state AS state, sys_updated_at AS since, opened_at AS opened,
        coalesce(resolved_at, closed_at) AS closed,
        lead(sys_updated_at) OVER (PARTITION BY number ORDER BY sys_updated_at, sys_mod_count) AS until,
        row_number() OVER (PARTITION BY number ORDER BY sys_updated_at DESC, sys_mod_count DESC) AS age
      FROM ${from}),
    latest AS (SELECT number, opened, closed FROM version WHERE age = 1),
    waited AS (
      SELECT number, sum(greatest(0, epoch_ms(least(coalesce(until, latest.closed), latest.closed))
        - epoch_ms(greatest(since, latest.opened)))) AS ms
      FROM version JOIN latest USING (number) WHERE state = 'Awaiting User Info' GROUP BY number)
    SELECT count(*)::INTEGER, quantile_disc((epoch_ms(closed) - epoch_ms(opened) - coalesce(ms, 0)) / 3600000.0, 0.5)::DOUBLE
    FROM latest LEFT JOIN waited USING (number)
    WHERE closed >= TIMESTAMPTZ '2016-03-01 00:00:00+00' AND closed < TIMESTAMPTZ '2016-08-01 00:00:00+00'
    GROUP BY date_trunc('month', closed AT TIME ZONE 'UTC') ORDER BY date_trunc('month', closed AT TIME ZONE 'UTC')`);
  connection.closeSync();
  return reader.getRows();
}

function slaMeasure() {
  const found = validation.definitions.find(({ definition }) => definition.id === 'sla-attainment');
  const measure = found?.definition.measures.kept;
  const shape = validation.config?.datasets.incidents;
  if (measure?.kind !== 'records' || shape?.kind !== 'records')
    throw new Error('sla-attainment is not there');
  return { measure, shape };
}

/** The latest version of each case as of an instant. */
const versionsAt = async (asOf: number): Promise<Map<string, RecordVersion>> =>
  latestVersions(await allVersionsAt(asOf));

/** All versions, read through the files connector. */
async function allVersionsAt(asOf: number): Promise<readonly RecordVersion[]> {
  const { shape: dataset } = slaMeasure();
  const source = validation.config?.sources[dataset.source];
  const type = connectorTypes.find((one) => one.type === source?.type);
  if (source === undefined || type === undefined) throw new Error('the source is not there');
  const connector = await type.open(source, folder);
  const { signal } = new AbortController();
  const { types } = await connector.probe(dataset, signal);
  const fields = ['ident_state', 'made_sla'];
  const versions: RecordVersion[] = [];
  const request = { dataset, types, fields, asOf, cursor: null };
  for await (const batch of connector.readRecords(request, signal)) versions.push(...batch.records);
  await connector.close();
  return versions;
}
