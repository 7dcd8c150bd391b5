/** The shipped example holds what its README says: sound definitions, the published data, and the story of March 2016. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { connectorTypes } from '../../connectors/index.ts';
import { type Validation, validate } from '../../src/app/validate.ts';
import type { RecordVersion } from '../../src/core/measure/record.ts';
import { compileRecordsMeasure, latestVersions } from '../../src/core/measure/records.ts';
import { NO_GROUP } from '../../src/core/measure/tally.ts';

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

function slaMeasure() {
  const found = validation.definitions.find(({ definition }) => definition.id === 'sla-attainment');
  const measure = found?.definition.measures.kept;
  const shape = validation.config?.datasets.incidents;
  if (measure?.kind !== 'records' || shape?.kind !== 'records')
    throw new Error('sla-attainment is not there');
  return { measure, shape };
}

/** The latest version of each case, read through the files connector as of an instant. */
async function versionsAt(asOf: number): Promise<Map<string, RecordVersion>> {
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
  return latestVersions(versions);
}
