import { afterAll, describe, expect, it } from 'vitest';
import { CONFIG, edited, KPI, RECORDS, validationFolder } from '../../../test/fakes/validation.ts';

const folder = validationFolder();
afterAll(folder.remove);

const HIDDEN = edited(CONFIG, [
  ['definitions: kpis', 'definitions: kpis\npseudonymKey: {env: KEY}'],
  ['files: auth.ndjson', 'files: auth.ndjson, pseudonymise: [user.name]'],
  ['closed: resolved_at', 'closed: resolved_at, pseudonymise: [user.name]'],
]);
const kpi = (edits: Parameters<typeof edited>[1]) =>
  edited(KPI, [['groupBy: [user.domain]', 'groupBy: [user.name]'], ...edits]);
const records = (where: string) => edited(RECORDS, [['cohort: closed', `cohort: closed, where: ${where}`]]);
const problems = async (definition: string, config = HIDDEN) =>
  (await folder.problemsOf({ 'kpis/a.yaml': definition, 'clause9.yaml': config })).filter((line) =>
    line.includes('error'),
  );

const FAILED = 'where: {event.outcome: failure}';

describe('what is hidden behind pseudonyms', () => {
  it('may be a group, be counted, be tested by the source, or be there', async () => {
    expect(
      await problems(
        kpi([['failure}, aggregate: count', 'failure, user.name: alice}, aggregate: {distinct: user.name}']]),
      ),
    ).toEqual([]);
    expect(await problems(records('{user.name|exists: true}'))).toEqual([]);
  });

  it.each([
    ['a test after reading', records('{user.name: alice}'), "so its value can't be tested"],
    [
      'a test beside a join',
      kpi([
        [
          FAILED,
          'where: {a: {user.name: x}, b: {host|in: {dataset: assets, field: name}}, condition: a or b}',
        ],
      ]),
      "so its value can't be tested",
    ],
    [
      'a list in the clear',
      kpi([[FAILED, 'where: {user.name|in: {dataset: assets, field: name}}']]),
      '`user.name` would never match `name`: `authentication` holds pseudonyms, `assets` clear values',
    ],
    [
      'a number of it',
      kpi([['failure}, aggregate: count', 'failure}, aggregate: {max: user.name}']]),
      'a max would tell its value',
    ],
    [
      'a target for one',
      kpi([['atRisk: "<= 8"', 'for: {user.name: alice}']]),
      'no target can name its value',
    ],
  ])('can not serve %s', async (_, definition, message) => {
    expect(await problems(definition)).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    [[['\npseudonymKey: {env: KEY}', '']], 'pseudonyms need a key'],
    [
      [['pseudonymise: [user.name]', 'pseudonymise: [user.name], values: {user.name: {a: b}}']],
      'its values are mapped',
    ],
    [
      [['closed: resolved_at', 'closed: resolved_at, due: {by: user.name, table: {a: 4h}}']],
      'due times follow from it',
    ],
    [[['closed: resolved_at', 'closed: resolved_at, version: user.name']], 'versions are ordered by it'],
    [
      [['closed: resolved_at', 'closed: resolved_at, ingested: at, clock: {pausedWhile: {user.name: a}}']],
      'the clock pauses by it',
    ],
  ] as const)('is refused where the configuration needs it: %j', async (edits, message) => {
    const told = await problems(KPI, edited(HIDDEN, edits));
    expect(told[0]).toContain(message);
  });
});
