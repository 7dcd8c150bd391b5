/** The shipped KPIs: sound, explained, and each shown by its own tests to be right and to know when it is not. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { connectorTypes } from '../connectors/index.ts';
import { inline } from '../connectors/inline/index.ts';
import { runTests, type TestRun } from '../src/app/kpi-tests/run-tests.ts';
import { type Validation, validate } from '../src/app/validate/validate.ts';
import { loadTest } from '../src/config/kpi-tests.ts';
import { inMemory } from '../src/testing.ts';

const folder = join(import.meta.dirname, '../kpi-definitions');
let validation: Validation;
let run: TestRun;

beforeAll(async () => {
  validation = await validate({ files: [folder], connectorTypes, profile: 'iso27001' });
  run = await runTests({ paths: [folder], sourceType: inline, parts: inMemory });
});

const files = () => validation.definitions.map(({ file }) => file);
const testOf = (file: string) => file.replace(/\.yaml$/, '.test.yaml');

describe('the shipped KPIs', () => {
  it('lack nothing that clause 9.1 asks, but for an approval that only a site can give', () => {
    const others = validation.problems.filter(({ message }) => !message.includes('nobody has approved'));
    expect(others.map(({ file, line, message }) => `${file}:${line} ${message}`)).toEqual([]);
    expect(validation.definitions.length).toBeGreaterThanOrEqual(15);
  });

  it('say why they are measured, for what, by whom, and what to do', () => {
    for (const { definition } of validation.definitions) {
      const { id, informationNeed, requirement, roles, runbook, shownWith, nonconformity } = definition;
      expect(informationNeed, id).toMatch(/\?$/);
      expect([requirement, runbook, nonconformity].includes(null), id).toBe(false);
      expect(Object.keys(roles).sort(), id).toEqual([
        'analyst',
        'approver',
        'collector',
        'customer',
        'owner',
      ]);
      expect(shownWith.length, id).toBeGreaterThan(0);
    }
  });

  it('say how they deceive, and where each target comes from', () => {
    for (const file of files()) {
      const text = readFileSync(file, 'utf8');
      expect(text, file).toContain('Pitfalls: ');
      expect(text, file).toMatch(/targets:\n {2}# \w/);
      expect(text.split('\n')[0], file).toContain('$schema=../../docs/reference/definition.schema.json');
    }
  });
});

describe('the examples that measure them', () => {
  it.each(['files', 'elastic', 'splunk'])('%s.yaml has every dataset, and no mistake', async (name) => {
    const configPath = join(folder, '../examples/soc', `${name}.yaml`);
    const { problems, notConfigured } = await validate({ configPath, connectorTypes });
    expect(problems.map(({ line, message }) => `${line} ${message}`)).toEqual([]);
    expect(notConfigured).toEqual([]);
  });
});

describe('their tests', () => {
  it('all pass', () => {
    expect(run.problems).toEqual([]);
    const failed = run.outcomes.filter(({ failures }) => failures.length > 0);
    expect(failed.map(({ kpi, name, failures }) => ({ kpi, name, failures }))).toEqual([]);
  });

  it('show of each KPI a good, a bad and an unknown window', () => {
    for (const file of files()) {
      expect(existsSync(testOf(file)), file).toBe(true);
      const { test } = loadTest(testOf(file), inline);
      const steps = (test?.cases ?? []).flatMap((one) => one.steps);
      const verdicts = new Set(steps.flatMap(({ expect }) => expect.map(({ verdict }) => verdict)));
      expect([...verdicts], file).toEqual(expect.arrayContaining(['off-target', 'unknown']));
      expect(verdicts.has('on-target') || verdicts.has('at-risk'), file).toBe(true);
      expect(test?.cases.length, file).toBeGreaterThanOrEqual(4);
    }
  });
});
