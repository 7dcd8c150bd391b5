import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CONFIG, edited, filesType, KPI, RECORDS, validationFolder } from '../../../test/fakes/validation.ts';
import { runValidate, validate } from './validate.ts';

const folder = validationFolder();
afterAll(folder.remove);
const { problemsOf, run } = folder;

describe('definitions are checked against each other', () => {
  it('says where an id was taken', async () => {
    const problems = await problemsOf({ 'kpis/a.yaml': KPI, 'kpis/b.yaml': KPI });
    expect(problems).toEqual([
      `kpis/b.yaml:1:5 error the id "failed-logon-ratio" is taken by kpis/a.yaml:1:5`,
    ]);
  });

  it('knows companions that are there, even if they have errors of their own', async () => {
    const companion = edited(KPI, [['unit: percent', 'shownWith: [sla-attainment]']]);
    const broken = edited(RECORDS, [['100.0 * met', '100.0 * mat']]);
    expect(await problemsOf({ 'kpis/a.yaml': companion, 'kpis/b.yaml': broken })).toEqual([
      'kpis/b.yaml:7:18 error the formula names no measure: mat',
    ]);
  });

  it('lists a KPI whose dataset is not configured, without an error', async () => {
    const { text, exitCode } = await run({ 'kpis/a.yaml': KPI.replaceAll('authentication', 'proxy') });
    expect(text.split('\n')[0]).toBe('Not configured: failed-logon-ratio (no dataset proxy)');
    expect(exitCode).toBe(0);
  });

  it('checks only the definitions where no configuration is named', async () => {
    await run({ 'kpis/a.yaml': KPI });
    const { text, exitCode } = await runValidate({
      files: [join(folder.path, 'kpis')],
      connectorTypes: [],
      cwd: folder.path,
    });
    expect([text, exitCode]).toEqual(['0 errors, 0 warnings in 1 valid definition.', 0]);
  });

  it('lists what clause 9.1 a–f lacks, letter by letter', async () => {
    const bare = edited(KPI, [
      ['controls: ["A.8.5", "8.16"]\n', ''],
      [', collector: soc, analyst: soc', ''],
      ['minimumSample: {measure: all, atLeast: 50}\n', ''],
    ]);
    const problems = await problemsOf({ 'kpis/a.yaml': bare }, { profile: 'iso27001' });
    expect(problems.filter((problem) => problem.includes('9.1'))).toEqual([
      '1:1 warning 9.1 a: the process or control that is measured is not named',
      '1:1 warning 9.1 a: what needs to be known is not said',
      '1:1 warning 9.1 b: nobody has approved the method, so results of different times may not compare',
      '1:1 warning 9.1 b: nothing keeps a ratio of very few cases from being judged',
      '1:1 warning 9.1 e: nothing says when the results are analysed',
      '3:1 warning 9.1 d: nobody is named who monitors and measures',
      '3:1 warning 9.1 f: nobody is named who analyses and evaluates',
    ]);
  });
});

describe('Sigma rule files', () => {
  const rule =
    'title: Failed logon\nlogsource: {product: windows, service: security}\ndetection:\n  selection: {event.code: 4625}\n  condition: selection\n';
  const counting = edited(KPI, [['where: {event.outcome: failure}', 'where: {sigma: rules/logon.yml}']]);
  const holding = edited(CONFIG, [
    ['files: auth.ndjson', 'files: auth.ndjson, logsource: {product: windows, service: security}'],
  ]);

  it('are counted over a dataset that holds their log source', async () => {
    // The rule lies among the definitions of this folder, so it is read as one, too: keep rules elsewhere.
    expect(
      await problemsOf({
        'clause9.yaml': holding,
        'kpis/a.yaml': counting.replace('rules/', '../site/'),
        'site/logon.yml': rule,
      }),
    ).toEqual([]);
  });

  it('are refused over any other', async () => {
    expect(
      await problemsOf({ 'kpis/a.yaml': counting.replace('rules/', '../site/'), 'site/logon.yml': rule }),
    ).toEqual([
      "kpis/a.yaml:8:52 error the rule is about the log source {product: windows, service: security}, which `authentication` doesn't say it holds",
    ]);
  });

  it('show a mistake of their own with its place', async () => {
    const broken = rule.replace('condition: selection', 'condition: selektion');
    expect(
      await problemsOf({
        'clause9.yaml': holding,
        'kpis/a.yaml': counting.replace('rules/', '../site/'),
        'site/logon.yml': broken,
      }),
    ).toEqual([
      'kpis/a.yaml:8:52 error ../site/logon.yml:5:14: the condition names `selektion`, but there is no such selection',
    ]);
  });
});

describe('an overlay', () => {
  const overlay =
    'extends: failed-logon-ratio\ntargets:\n  - {from: 2026-01-01, onTarget: "<= 2"}\nunit: null\n';
  const both = {
    'clause9.yaml': edited(CONFIG, [['definitions: kpis', 'definitions: [kpis, site]']]),
    'kpis/a.yaml': KPI,
  };

  async function definitionsOf(contents: Readonly<Record<string, string>>) {
    await run(contents);
    const { definitions } = await validate({
      configPath: join(folder.path, 'clause9.yaml'),
      connectorTypes: [filesType],
    });
    return definitions.map(({ definition }) => definition);
  }

  it('takes the place of what it extends, says only what differs, and removes by null', async () => {
    const [definition, ...others] = await definitionsOf({ ...both, 'site/a.yaml': overlay });
    expect(others).toEqual([]);
    expect(definition).toMatchObject({
      id: 'failed-logon-ratio',
      title: 'Share of interactive logons that fail',
      unit: '',
    });
    expect(definition?.targets).toEqual([
      { from: '2026-01-01', until: null, onTarget: { op: '<=', limit: 2 }, atRisk: null, for: null },
    ]);
  });

  it('is a further KPI with an id of its own, built on what the site made of the other', async () => {
    const further =
      'extends: failed-logon-ratio\nid: failed-admin-logons\nmeasures: {failed: {where: {user.domain: ADMIN}}}\n';
    const definitions = await definitionsOf({ ...both, 'site/a.yaml': overlay, 'site/b.yaml': further });
    expect(definitions.map(({ id, unit }) => [id, unit])).toEqual([
      ['failed-logon-ratio', ''],
      ['failed-admin-logons', ''],
    ]);
    expect(definitions[1]?.measures.failed).toMatchObject({ where: { op: 'test', field: 'user.domain' } });
  });

  it('shows a mistake in the file that it was written in', async () => {
    const base = edited(KPI, [['* failed', '* faild']]);
    const wrong = `${overlay}window: {every: 90s}\ncontrols: ["9.9"]\n`;
    expect(await problemsOf({ ...both, 'kpis/a.yaml': base, 'site/a.yaml': wrong })).toEqual([
      'kpis/a.yaml:10:18 error the formula names no measure: faild',
      'site/a.yaml:5:9 error no slice divides a window of 24h every 90s',
      'site/a.yaml:6:12 error there is no control "9.9" in ISO/IEC 27002:2022',
    ]);
  });

  it('must extend something that is there', async () => {
    expect(
      await problemsOf({ ...both, 'site/a.yaml': overlay.replace('failed-logon', 'faild-logon') }),
    ).toEqual(['site/a.yaml:1:10 error there is no definition "faild-logon-ratio" to extend']);
  });

  it('must not lead in a circle', async () => {
    expect(
      await problemsOf({ 'kpis/a.yaml': 'id: a\nextends: b\n', 'kpis/b.yaml': 'id: b\nextends: a\n' }),
    ).toEqual([
      'kpis/a.yaml:2:10 error overlays extend each other in a circle: a → b → a',
      'kpis/b.yaml:2:10 error overlays extend each other in a circle: b → a → b',
    ]);
  });

  it('twice over the same one is a duplicate', async () => {
    const problems = await problemsOf({ ...both, 'site/a.yaml': overlay, 'site/b.yaml': overlay });
    expect(problems).toEqual([
      'site/b.yaml:1:10 error the id "failed-logon-ratio" is taken by site/a.yaml:1:10',
    ]);
  });
});

describe('files are read once, bounded, and refused with a reason', () => {
  it('of a ConfigMap mount each file counts once, behind its ..data link', async () => {
    await run({});
    const mount = join(folder.path, 'kpis');
    mkdirSync(join(mount, '..2026_01_01'));
    writeFileSync(join(mount, '..2026_01_01', 'a.yaml'), KPI);
    symlinkSync('..2026_01_01', join(mount, '..data'));
    symlinkSync(join('..data', 'a.yaml'), join(mount, 'a.yaml'));
    symlinkSync('.', join(mount, 'again'));
    const { problems, definitions } = await validate({ files: [mount], connectorTypes: [] });
    expect([problems, definitions.map(({ file }) => file)]).toEqual([[], [join(mount, 'a.yaml')]]);
  });

  it('leaves tests of definitions alone', async () => {
    expect(await problemsOf({ 'kpis/a.test.yaml': 'given: []\n' })).toEqual([]);
  });

  const bad: readonly (readonly [what: string, content: string | Uint8Array, problem: string])[] = [
    ['an empty one', '# nothing\n', '1:1 error the file is empty'],
    ['one that holds a list', '- id: a\n', '1:1 error a definition is a map of keys, such as `id: my-kpi`'],
    ['one that is not UTF-8', Uint8Array.of(0x69, 0x64, 0x3a, 0x20, 0xe9), '1:1 error the file is not UTF-8'],
    ['one of 2 MB', 'x'.repeat(2_000_000), '1:1 error the file has 2.0 MB, more than 1 MB'],
    ['one nested too deeply', '['.repeat(100_000), '1:773 error the text is nested too deeply'],
    [
      'one whose aliases explode',
      `a: &a [${'1,'.repeat(1000)}]\nb: &b [${'*a,'.repeat(1000)}]\n`,
      '1:1604 error the file holds more than 200000 values, aliases included',
    ],
  ];
  it.each(bad)('%s', async (_what, content, problem) => {
    const problems = await problemsOf({ 'kpis/a.yaml': content });
    expect(
      problems.map((one) => one.replace(/1:\d+ error the text is nested/, '1:773 error the text is nested')),
    ).toContain(problem);
  });

  it('a folder that is not there', async () => {
    expect(
      await problemsOf({
        'clause9.yaml': edited(CONFIG, [['definitions: kpis', 'definitions: [kpis, kpi]']]),
      }),
    ).toEqual(['1:21 error there are no definitions at kpi']);
  });
});

describe('the report', () => {
  const broken = { 'kpis/a.yaml': edited(KPI, [['unit:', 'unti:']]) };

  it('is text for people, each problem with what to do', async () => {
    expect(await run(broken)).toEqual({
      text: 'kpis/a.yaml:5:1 error unknown key `unti`\n  Did you mean `unit`?\n\n1 error, 0 warnings in 0 valid definitions.',
      exitCode: 1,
    });
  });

  it('is an annotation of a GitHub workflow', async () => {
    const { text } = await run(broken, { output: 'github' });
    expect(text).toBe(
      '::error file=kpis/a.yaml,line=5,col=1,title=clause9 unknown-key::unknown key `unti`%0ADid you mean `unit`?',
    );
  });

  it('is SARIF', async () => {
    const { text } = await run(broken, { output: 'sarif' });
    expect(JSON.parse(text)).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'clause9', rules: [{ id: 'unknown-key' }] } },
          results: [
            {
              ruleId: 'unknown-key',
              level: 'error',
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'kpis/a.yaml' },
                    region: { startLine: 5, startColumn: 1 },
                  },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('is coloured only when asked to', async () => {
    const { text } = await run(broken, { color: true });
    expect(text).toContain('\u001b[31merror\u001b[39m');
  });

  it('comes with 0 for warnings alone, and with 2 for a configuration that cannot be read', async () => {
    expect((await run({ 'kpis/a.yaml': edited(KPI, [[', analyst: soc', '']]) })).exitCode).toBe(0);
    expect((await run({ 'clause9.yaml': 'a: [' })).exitCode).toBe(2);
    expect((await run({}, { configPath: join(folder.path, 'none.yaml') })).exitCode).toBe(2);
    expect((await runValidate({ connectorTypes: [], cwd: '/' })).exitCode).toBe(2);
  });
});

describe('no text makes validation throw', () => {
  const pieces = fc.constantFrom(
    ...KPI.split(/(?<=[\n:,{}[\] ])/),
    ...CONFIG.split(/(?<=[\n:,{}[\] ])/),
    '\t',
    '&a ',
    '*a',
    '- ',
    '? ',
    '| ',
    '"',
    "'",
    '---\n',
    '!!x ',
    '<<',
    '__proto__: ',
    'null',
    '~',
    '[]',
    '{}',
    '.inf',
    '-0',
    '%',
    '\u0000',
  );
  const texts = fc.oneof(
    fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
    fc.tuple(fc.nat(), fc.nat({ max: 40 }), pieces).map(([at, cut, piece]) => {
      const start = at % KPI.length;
      return KPI.slice(0, start) + piece + KPI.slice(start + cut);
    }),
    fc.string({ unit: 'binary', maxLength: 200 }),
  );

  it('neither as a definition nor as the configuration', async () => {
    await fc.assert(
      fc.asyncProperty(texts, texts, async (definition, config) => {
        for (const contents of [
          { 'kpis/a.yaml': definition },
          { 'clause9.yaml': config, 'kpis/a.yaml': KPI },
        ]) {
          const { text, exitCode } = await run(contents);
          expect(text).not.toMatch(/fault of clause9|\n\s+at /);
          expect([0, 1, 2]).toContain(exitCode);
        }
      }),
      { numRuns: 150 },
    );
  });
});
