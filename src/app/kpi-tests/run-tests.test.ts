/** `clause9 test` as its users see it: files in, report and exit code out. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testInMemory } from '../../testing.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clause9-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const run = (output: 'text' | 'json' = 'text', paths: readonly string[] = [folder]) =>
  testInMemory({ paths, output, cwd: folder, color: false });

const RATIO = `id: failed-logons
title: Share of logons that fail
unit: percent
measures:
  failed: {dataset: authentication, where: {event.outcome: failure}, aggregate: count}
  all: {dataset: authentication, aggregate: count}
formula: 100 * failed / all
groupBy: [user.domain]
window: {rolling: 1d, every: 1h}
targets:
  - {from: 2026-01-01, onTarget: "<= 5", atRisk: "<= 8"}
`;

const RATIO_TEST = `datasets:
  authentication: {kind: events, ingested: event.ingested}
cases:
  - name: five of a hundred fail
    now: 2026-03-02T00:00:00Z
    data:
      authentication:
        - {"@timestamp": 2026-03-01T01:00:00Z, event.outcome: success, user.domain: CORP, repeat: {times: 95, every: 1m}}
        - {"@timestamp": 2026-03-01T02:00:00Z, event.outcome: failure, user.domain: ADMIN, repeat: {times: 5}}
    expect:
      - {value: 5, verdict: on-target, quality: complete, sample: 100, measures: {failed: 5, all: 100}, groups: 2}
      - {group: {user.domain: ADMIN}, value: 100, verdict: off-target}
    later:
      - now: 2026-03-02T00:30:00Z
        data:
          authentication:
            - {"@timestamp": 2026-03-01T23:59:59.999Z, event.ingested: 2026-03-02T00:20:00Z, event.outcome: failure, user.domain: ADMIN, repeat: {times: 5}}
        expect: {value: {between: [9.5, 9.6]}, verdict: off-target}
`;

describe('a test that holds', () => {
  it('passes: values, bounds, groups, and what late data makes of them', async () => {
    write('ratio.yaml', RATIO);
    write('ratio.test.yaml', RATIO_TEST);
    expect(await run()).toEqual({ text: '1 case passed, 0 failed, of 1 KPI in 1 file.', exitCode: 0 });
  });

  it('is found by the definition that it stands beside', async () => {
    write('ratio.yaml', RATIO);
    write('ratio.test.yaml', RATIO_TEST);
    expect((await run('text', [join(folder, 'ratio.yaml')])).exitCode).toBe(0);
  });

  it('reads rows from NDJSON, nested, and from CSV', async () => {
    write('ratio.yaml', RATIO);
    write(
      'rows.ndjson',
      '{"@timestamp":"2026-03-01T01:00:00Z","event":{"outcome":"failure"},"user.domain":"CORP"}\n',
    );
    write(
      'rows.csv',
      '@timestamp,event.outcome,user.domain\n2026-03-01T01:00:00Z,"success",CORP\n2026-03-01T02:00:00Z,success,\n',
    );
    write(
      'ratio.test.yaml',
      `datasets: {authentication: {kind: events}}
cases:
  - name: ndjson
    now: 2026-03-02T00:00:00Z
    data: {authentication: {file: rows.ndjson}}
    expect: {value: 100}
  - name: csv
    now: 2026-03-02T00:00:00Z
    data: {authentication: {file: rows.csv}}
    expect: [{value: 0}, {group: {user.domain: (none)}, value: 0, sample: 1}]
`,
    );
    expect(await run()).toMatchObject({ text: '2 cases passed, 0 failed, of 1 KPI in 1 file.', exitCode: 0 });
  });

  it('takes lists when windows end, and records as versions come in', async () => {
    write(
      'kpi.yaml',
      `id: exposed
title: Open findings that are exploited
measures:
  open:
    dataset: findings
    where: {vulnerability.id|in: {dataset: kev, field: cveID}}
    cohort: open-at-end
    aggregate: count
window: {rolling: 7d, every: 1d}
`,
    );
    write(
      'kpi.test.yaml',
      `datasets:
  findings: {kind: records, key: id, opened: seen, closed: fixed, ingested: at}
  kev: {kind: snapshot}
data:
  kev: [{cveID: CVE-1}, {cveID: CVE-2}]
cases:
  - name: one of two is exploited; then it is fixed
    now: 2026-03-03T08:00:00Z
    data:
      findings:
        - {id: a, vulnerability.id: CVE-1, seen: 2026-03-01T00:00:00Z, at: 2026-03-01T00:00:00Z}
        - {id: b, vulnerability.id: CVE-9, seen: 2026-03-01T00:00:00Z, at: 2026-03-01T00:00:00Z}
    expect: [{value: 1, reason: no-target}, {end: 2026-03-03T00:00:00Z, value: 1}]
    later:
      - now: 2026-03-04T00:00:00Z
        data:
          findings:
            - {id: a, vulnerability.id: CVE-1, seen: 2026-03-01T00:00:00Z, fixed: 2026-03-03T09:00:00Z, at: 2026-03-03T09:00:00Z}
        expect: [{value: 0}, {end: 2026-03-03T00:00:00Z, value: 1}]
      - now: 2026-03-05T00:00:00Z
        data:
          kev: [{cveID: CVE-9}]
          findings:
            - {id: c, vulnerability.id: CVE-2, seen: 2026-03-04T00:00:00Z, at: 2026-03-04T00:00:00Z}
        expect: [{value: 1}, {end: 2026-03-04T00:00:00Z, value: 0}]
`,
    );
    expect(await run()).toMatchObject({ exitCode: 0, text: '1 case passed, 0 failed, of 1 KPI in 1 file.' });
  });

  it('repeats rows: later by a step, with a number of their own', async () => {
    write(
      'kpi.yaml',
      `id: users
title: People who log on in an hour
measures: {users: {dataset: authentication, aggregate: {distinct: user.name}}}
window: {rolling: 1h, every: 1h}
`,
    );
    write(
      'kpi.test.yaml',
      `datasets: {authentication: {kind: events}}
cases:
  - name: three in the first hour, two in the next
    now: 2026-03-02T12:00:00Z
    data:
      authentication:
        - {"@timestamp": 2026-03-02T10:00:00Z, user.name: ["user{n}", everyone], repeat: {times: 5, every: 20m}}
    expect: [{value: 3}, {end: 2026-03-02T11:00:00Z, value: 4}]
`,
    );
    expect((await run()).text).toContain('1 case passed');
  });
});

describe('a test that fails', () => {
  it('says what was expected and what came out, by file, line and column', async () => {
    write('ratio.yaml', RATIO);
    write(
      'ratio.test.yaml',
      RATIO_TEST.replace('value: 5, verdict: on-target', 'value: 4, verdict: at-risk'),
    );
    const { text, exitCode } = await run();
    expect(exitCode).toBe(1);
    expect(text).toBe(`ratio.test.yaml:4:5 failed failed-logons: five of a hundred fail
  ratio.test.yaml:11:9, window 2026-03-01T00:00:00Z to 2026-03-02T00:00:00Z
    value    expected 4        got 5
    verdict  expected at-risk  got on-target
    Measures: failed 5 (n 5), all 100 (n 100). Sample 100, complete, on-target.

0 cases passed, 1 failed, of 1 KPI in 1 file.`);
  });

  it('says so to programs', async () => {
    write('ratio.yaml', RATIO);
    write('ratio.test.yaml', RATIO_TEST.replace('user.domain: ADMIN}, value', 'user.domain: GONE}, value'));
    const { text, exitCode } = await run('json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(text)).toMatchObject({
      passed: 0,
      failed: 1,
      problems: [],
      cases: [
        {
          kpi: 'failed-logons',
          file: 'ratio.test.yaml',
          line: 4,
          passed: false,
          failures: [
            {
              line: 12,
              end: '2026-03-02T00:00:00Z',
              group: { 'user.domain': 'GONE' },
              differences: [{ what: 'result', expected: 'a result', got: 'no such group' }],
            },
          ],
        },
      ],
    });
  });

  it('says what the loop warned of', async () => {
    write('ratio.yaml', RATIO.replace('event.outcome: failure', 'event.outcom: failure'));
    write('ratio.test.yaml', RATIO_TEST);
    const { text } = await run();
    expect(text).toContain('  the loop warned: no event has a field "event.outcom". Did you mean');
  });
});

describe('a test that is no test', () => {
  const problems = [
    ['a key that is unknown', 'quality: complete', 'qualty: complete', '11:40 error unknown key `qualty`'],
    ['a word that is none', 'quality: complete', 'quality: fine', '11:49 error `quality` must be'],
    [
      'a dataset that is not there',
      'authentication:\n        -',
      'authentification:\n        -',
      '7:7 error there is no dataset "authentification"',
    ],
    [
      'a time that is none',
      'now: 2026-03-02T00:00:00Z',
      'now: yesterday',
      '5:10 error `now` is no point in time',
    ],
    [
      'steps that go back',
      'now: 2026-03-02T00:30:00Z',
      'now: 2026-03-01T00:30:00Z',
      '14:14 error this is not later',
    ],
    [
      'a row without its time',
      '{"@timestamp": 2026-03-01T02:00:00Z, ',
      '{',
      '9:11 error `event.ingested` is missing',
    ],
  ] as const;

  it.each(problems)('%s is shown where it stands', async (_, from, to, message) => {
    write('ratio.yaml', RATIO);
    write('ratio.test.yaml', RATIO_TEST.replace(from, to));
    const { text, exitCode } = await run();
    expect(text).toContain(`ratio.test.yaml:${message}`);
    expect(exitCode).toBe(1);
  });

  it('names a definition that is not there, or wrong', async () => {
    write('ratio.test.yaml', RATIO_TEST);
    expect((await run()).text).toContain('ratio.test.yaml:1:1 error there is no definition');
    write('ratio.yaml', RATIO.replace('100 * failed', '100 * faild'));
    expect((await run()).text).toContain('ratio.yaml:7:');
  });

  it('names the datasets that it lacks, and those of another kind', async () => {
    write('ratio.yaml', RATIO.replaceAll('dataset: authentication', 'dataset: logons'));
    write('ratio.test.yaml', RATIO_TEST);
    expect((await run()).text).toContain('1:1 error the KPI reads logons');
    write('ratio.yaml', RATIO.replaceAll('aggregate: count', 'cohort: opened, aggregate: count'));
    expect((await run()).text).toContain('a measure with a cohort needs records');
  });

  it('does not look like success where there is nothing to test', async () => {
    expect(await run()).toMatchObject({ exitCode: 2, text: expect.stringContaining('Nothing to test.') });
  });

  it('refuses a window that the KPI does not have', async () => {
    write('ratio.yaml', RATIO);
    write('ratio.test.yaml', RATIO_TEST.replace('- {value: 5', '- {end: 2026-03-01T23:59:00Z, value: 5'));
    expect((await run()).text).toContain(
      'expected 2026-03-01T23:59:00Z  got a window that ends at 2026-03-01T23:00:00Z',
    );
  });
});
